"""Names of the nodes that a plan only tries to add, to see that no such file exists yet."""

from __future__ import annotations

import re

_PROBE = re.compile(r"diskchain-[0-9]+-[0-9]+-[0-9a-z]*-probe")


def probe_name(serial: int, number: int, token: str) -> str:
    """The node-name of the probe for a plan's file of this number; there never is such a node for long.

    :param token: of this session alone: a refusal because another client's probe has the name would be taken for the one wanted.
    """
    return f"diskchain-{serial}-{number}-{token}-probe"


def is_probe(name: str) -> bool:
    """Whether a node-name is one that we give to probes."""
    return _PROBE.fullmatch(name) is not None
