from __future__ import annotations

from pathlib import Path

import pytest

from diskchain.monitors.address import Address, parse, settled, short_name
from diskchain.monitors.monitor import Unreachable
from diskchain.monitors.open import monitor_for
from diskchain.monitors.qmp import QmpMonitor
from diskchain.monitors.replay import ReplayMonitor


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("/run/a.qmp", Address("unix", "/run/a.qmp")),
        ("unix:/run/a.qmp", Address("unix", "/run/a.qmp")),
        ("unix:rel/a b:c.qmp", Address("unix", "rel/a b:c.qmp")),
        ("a.qmp", Address("unix", "a.qmp")),
        ("./x:y", Address("unix", "./x:y")),
        ("unix:/run/a.qmp,server=on,wait=off", Address("unix", "/run/a.qmp")),
        ("unix:/run/a.qmp,server,nowait", Address("unix", "/run/a.qmp")),
        ("/run/a,b.qmp", Address("unix", "/run/a,b.qmp")),
        ("tcp:localhost:4444", Address("tcp", host="localhost", port=4444)),
        ("tcp:127.0.0.1:65535,server=on", Address("tcp", host="127.0.0.1", port=65535)),
        ("tcp:[::1]:4444", Address("tcp", host="::1", port=4444)),
        ("replay:a.jsonl", Address("replay", "a.jsonl")),
    ],
)
def test_forms(target: str, address: Address) -> None:
    assert parse(target) == address
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    "target",
    [
        "", "  ", "a\0b", "unix:", "replay:", "tcp:", "tcp:host", "tcp:host:0", "tcp:host:65536", "tcp:host:x", "tcp::1",
        "vsock:3:1", "http://host/x", "ssh://host/run/a.qmp", "libvirt:///system?domain=x", "qemu:///system?domain=x",
        "qemu+ssh://host/system?domain=x", "demo",
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_said_without_opening_anything(target: str) -> None:
    with pytest.raises(Unreachable) as caught:
        monitor_for(target)
    assert caught.value.cause == "address"
    assert str(caught.value).endswith((".", ")"))


def test_an_existing_file_is_a_path_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("vsock:3", "a.qmp,server=on"):
        (tmp_path / name).touch()
        assert parse(name) == Address("unix", name)


def test_the_factory_makes_the_right_kind() -> None:
    assert isinstance(monitor_for("/run/a.qmp"), QmpMonitor)
    assert isinstance(monitor_for("replay:a.jsonl"), ReplayMonitor)


def test_other_hosts_and_libvirt_are_named_as_what_they_are() -> None:
    with pytest.raises(Unreachable, match="not available in this version"):
        parse("ssh://user@host:22/run/a.qmp")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("unix:q.sock", "q.sock"),
        ("/run/vm1/q.sock", "q.sock"),
        ("unix:/run/vm1/q.sock", "q.sock"),
        ("tcp:localhost:4444", "tcp:localhost:4444"),
        ("replay:/tmp/seen.jsonl", "seen.jsonl"),
        ("odd:name.sock", "odd:name.sock"),
    ],
)
def test_a_machine_without_a_name_is_called_by_its_address(target: str, name: str) -> None:
    assert short_name(target) == name


def test_a_target_has_one_name_from_whichever_folder_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two machines `q1` in two folders are two; one that is named in two ways is one."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "a")
    whole = f"{tmp_path}/a/q1"
    assert {settled(name) for name in ("q1", "./q1", "unix:q1", "unix:q1,server=on,wait=off", whole)} == {whole}
    assert settled("../b/q1") == f"{tmp_path}/b/q1"
    assert settled("replay:run.jsonl") == settled(f"replay:{tmp_path}/a/run.jsonl") == f"replay:{tmp_path}/a/run.jsonl"
    assert settled("tcp:localhost:4444") == "tcp:localhost:4444"
    assert settled("unix:odd:name") == f"{tmp_path}/a/odd:name"
    assert [settled(name) for name in ("demo", "tcp:nowhere", "")] == ["demo", "tcp:nowhere", ""]
    monkeypatch.chdir(tmp_path / "b")
    assert settled("q1") == f"{tmp_path}/b/q1" != whole
