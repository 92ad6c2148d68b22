"""Operations from the words of the command line: what is wrong is said, never taken for a default."""

from __future__ import annotations

import pytest

from diskchain.operations.catalog import parse
from diskchain.operations.commit import Commit
from diskchain.operations.keys import UsageError


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


@pytest.mark.parametrize("value", [",", ",,", "vda,", ",vda", "vda,,vdb"])
def test_a_disk_without_a_name_is_not_passed_over(value: str) -> None:
    """As where a script says `disks=vda,$SECOND`, and SECOND is empty."""
    with pytest.raises(UsageError, match=r"^disks= is empty between its commas: say what, or leave it out\.$"):
        parse("snapshot", {"disks": value}, "/")


@pytest.mark.parametrize("value", [",", "/a,", ",/a", "/a,,,"])
def test_a_path_without_a_name_is_not_passed_over(value: str) -> None:
    with pytest.raises(UsageError, match=r"^spoils= is empty between"):
        parse("commit", {"top": "a", "base": "b", "spoils": value}, "/")
    whole = parse("commit", {"top": "a", "base": "b", "spoils": "/a,,b,c"}, "/d")
    assert isinstance(whole, Commit)
    assert whole.spoils == ("/a,b", "/d/c")


@pytest.mark.parametrize(
    ("name", "keys", "says"),
    [
        ("mirror", {"disk": "vda"}, "target= is missing: say the path of a new file, or an NBD URI."),
        ("mirror", {"target": "/a"}, "disk= is missing."),
        ("mirror", {"disk": "vda", "target": "/a", "sync": "half"}, "sync=half is not known: say full, top or none."),
        ("backup", {"disk": "vda"}, "target= is missing: say the path of a new file, or with disks= a folder."),
        ("backup", {"target": "/a"}, "Say either disk= or disks=."),
        ("backup", {"target": "/a", "disk": "a", "disks": "a,b"}, "Say either disk= or disks=."),
        (
            "backup",
            {"disk": "a", "target": "/a", "sync": "incremental"},
            "bitmap= is missing: sync=incremental copies what a bitmap marks.",
        ),
        (
            "backup",
            {"disk": "a", "target": "/a", "parent": "/b"},
            "parent= belongs to sync=incremental and sync=bitmap only.",
        ),
        ("commit", {"top": "a", "base": "b", "finish": "copy"}, "finish=copy is not known: say ask or pivot."),
        ("stream", {"node": "a", "close": "maybe"}, "close=maybe is neither yes nor no."),
        ("revert", {}, "to= is missing."),
        ("revert", {"to": "a,"}, "to= is empty between its commas: say what, or leave it out."),
        ("revert", {"to": "a", "keep": "perhaps"}, "keep=perhaps is neither yes nor no."),
    ],
)
def test_what_is_wrong_is_said(name: str, keys: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(name, keys, "/")
    assert str(caught.value) == says
