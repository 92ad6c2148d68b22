"""Operations from the words of the command line: what is wrong is said, never taken for a default."""

from __future__ import annotations

import pytest

from diskchain.operations.catalog import UsageError, parse


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("snapshot", "disks"),
        ("snapshot", "dir"),
        ("snapshot", "name"),
        ("snapshot", "file.vda"),
        ("snapshot", "node.vda"),
        ("commit", "spoils"),
        ("commit", "speed"),
        ("stream", "base"),
        ("job", "speed"),
    ],
)
def test_an_empty_value_is_no_default(name: str, key: str) -> None:
    whole = {
        "snapshot": {},
        "commit": {"top": "a", "base": "b"},
        "stream": {"node": "a"},
        "job": {"do": "pause", "id": "j"},
    }
    with pytest.raises(UsageError, match=f"{key}= is empty: say what, or leave it out."):
        parse(name, {**whole[name], key: ""}, "/")
    parse(name, whole[name], "/")


def test_commas_alone_name_no_disk() -> None:
    with pytest.raises(UsageError, match="disks= is empty"):
        parse("snapshot", {"disks": ",,"}, "/")
