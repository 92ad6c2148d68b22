"""What we say in qmp-shell's words, qmp-shell reads as the very same command."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from diskchain.operations.dialects import qmp_json, qmp_shell
from diskchain.qapi.command import Command, command
from tests.support.shell import as_read


def test_a_command() -> None:
    said = command("block-commit", device="l3", top_node="l2", speed=1 << 20, auto_dismiss=False)
    assert qmp_shell(said) == "block-commit device=l3 top-node=l2 speed=1048576 auto-dismiss=false"
    assert as_read(qmp_shell(said) or "") == said.as_json()
    assert qmp_json(said).startswith('{"execute": "block-commit"')


def test_a_transaction() -> None:
    actions = [{"type": "blockdev-snapshot", "data": {"node": "a", "overlay": "b"}}] * 2
    said = command("transaction", actions=actions)
    assert (qmp_shell(said) or "").splitlines()[1] == "blockdev-snapshot node=a overlay=b"
    assert as_read(qmp_shell(said) or "") == said.as_json()


def test_what_it_cannot_say() -> None:
    for path in ("/a b", "12", "TRUE", "[1", "1_0"):
        assert qmp_shell(command("blockdev-add", filename=path)) is None


_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=6),
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.text("ab.-", min_size=1), inner, max_size=2),
    max_leaves=4,
)


@given(some.dictionaries(some.text("abc-", min_size=1, max_size=4), _values, min_size=1, max_size=3))
def test_it_never_says_something_else(arguments: dict[str, object]) -> None:
    said = Command("do-it", arguments)
    line = qmp_shell(said)
    assert line is None or as_read(line) == said.as_json()
