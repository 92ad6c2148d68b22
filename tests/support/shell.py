"""The real qmp-shell, as a reader of lines."""

from __future__ import annotations

from qemu.qmp.qmp_shell import QMPShell


class _Shell(QMPShell):
    """Reads lines without a QEMU."""

    def __init__(self) -> None:
        self._transmode = False
        self._actions = []

    def __del__(self) -> None:
        """There is no line to close."""


def as_read(lines: str) -> object:
    """What the real qmp-shell would send for these lines."""
    shell = _Shell()
    built: object = None
    for line in lines.splitlines():
        built = shell._build_cmd(line)
    return built
