"""Exports on a real QEMU: what clients read, who may write, what is refused, and that nothing listens for nobody."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from diskchain.model.nbd import nbd_place
from diskchain.operations.preview import Preview
from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.chains import Style
from tests.support.devices import disk_words
from tests.support.failing import FAULTS, FailingMonitor
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.nbd import Nbd
from tests.support.qmp import QmpError
from tests.support.tools import QEMU_IMG, ToolError, restored, same, tool

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two"}
_SHARED = (
    "-device",
    "virtio-blk-pci,drive=free,id=vds,share-rw=on",
    "-blockdev",
    "driver=null-co,node-name=free,size=1048576",
)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for sockets is the test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def _done(machine: Machine, name: str, keys: Mapping[str, str]) -> Result:
    async def run(session: Session) -> tuple[Preview, Result]:
        return await done(session, name, keys)

    return with_session(machine, run)[1]


def _refused(machine: Machine, name: str, keys: Mapping[str, str]) -> str:
    """What a preview says against it."""

    async def run(session: Session) -> str:
        return " ".join(objection.text for objection in (await prepared(session, name, keys)).objections)

    return with_session(machine, run)


def _read(uri: str, folder: Path) -> bytes:
    tool(QEMU_IMG, "convert", "-O", "raw", uri, folder / "seen.raw")
    return (folder / "seen.raw").read_bytes()


def test_an_image_is_read_over_a_private_socket_that_goes_with_it(runtime: Path) -> None:
    with Machine(_CHAIN) as machine:
        shape, seen = machine.shape(), machine.contents("vda")
        result = _done(machine, "export", {"node": "two", "name": "look"})
        assert result.outcome is Phase.DONE, result
        assert result.as_predicted, result
        assert result.uri in result.text
        socket = Path(nbd_place(result.uri).socket)
        assert socket.parent == runtime / "diskchain"
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        same(_read(result.uri, machine.folder), seen, "the export")
        with pytest.raises(ToolError):
            tool("qemu-io", "-f", "raw", "-c", "write 0 512", result.uri)
        assert machine.shape() == shape
        assert _done(machine, "unexport", {"name": "look"}).as_predicted
        assert not socket.exists()
        machine.settled(vda=seen)


def test_what_we_export_is_known_to_the_next_session_and_others_is_not() -> None:
    with Machine(_CHAIN) as machine:
        uri = _done(machine, "export", {"node": "one"}).uri

        async def look(session: Session) -> list[tuple[str, str | None, str | None, bool | None]]:
            state = await session.refresh()
            return [(export.id, export.name, export.uri, export.writable) for export in state.exports]

        assert with_session(machine, look) == [("one", "one", uri, False)]
        machine.qmp("block-export-del", id="one")
        assert with_session(machine, look) == []
        machine.qmp("block-export-add", type="nbd", id="one", node_name="base", name="other")
        assert with_session(machine, look) == [("one", None, None, None)], "another client's of the same name"
        assert "left alone" in _refused(machine, "unexport", {"name": "one"})


def test_two_exports_share_one_server_which_stops_with_the_last() -> None:
    with Machine(_CHAIN) as machine:
        first = _done(machine, "export", {"node": "one"}).uri
        second = _done(machine, "export", {"node": "two", "name": "second"}).uri
        assert nbd_place(first).socket == nbd_place(second).socket
        elsewhere = _refused(machine, "export", {"node": "base", "listen": "/tmp/elsewhere.nbd"})
        assert f"listens at {nbd_place(first).socket} already" in elsewhere
        assert _done(machine, "unexport", {"name": "one"}).as_predicted
        assert "nbd-server-stop" not in machine.sent()
        _read(second, machine.folder)
        assert _done(machine, "unexport", {"name": "second"}).as_predicted
        assert machine.sent()[-1] == "nbd-server-stop"


def test_the_server_goes_on_for_an_export_that_others_added() -> None:
    with Machine(_CHAIN) as machine:
        uri = _done(machine, "export", {"node": "one"}).uri
        machine.qmp("block-export-add", type="nbd", id="theirs", node_name="two", name="theirs")
        assert _done(machine, "unexport", {"name": "one"}).as_predicted
        assert [export["id"] for export in machine.qmp("query-block-exports")] == ["theirs"]
        again = _done(machine, "export", {"node": "base"})
        assert again.as_predicted, again
        assert nbd_place(again.uri).socket == nbd_place(uri).socket
        _read(uri.replace("///one", "///theirs"), machine.folder)


def test_a_server_that_runs_for_nobody_is_not_ours_to_take() -> None:
    with Machine(_CHAIN) as machine:
        path = machine.folder / "theirs.nbd"
        machine.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(path)}})
        result = _done(machine, "export", {"node": "two"})
        assert result.outcome is Phase.REFUSED, result
        assert "somebody else" in result.text
        assert "already running" in result.detail
        assert path.exists()
        assert "nbd-server-stop" not in machine.sent()
        machine.qmp("block-export-add", type="nbd", id="theirs", node_name="two")
        assert "Another client runs the NBD server" in _refused(machine, "export", {"node": "one"})


def test_a_client_keeps_an_export_unless_it_is_cut_off() -> None:
    with Machine(_CHAIN) as machine:
        uri = _done(machine, "export", {"node": "two"}).uri
        place = nbd_place(uri)
        with ExitStack() as stack:
            stack.enter_context(Nbd(Path(place.socket), "two"))
            result = _done(machine, "unexport", {"name": "two"})
            assert result.outcome is Phase.REFUSED, result
            assert "force=yes" in result.text
            assert "in use" in result.detail
            assert machine.qmp("query-block-exports")
            forced = _done(machine, "unexport", {"name": "two", "force": "yes"})
            assert forced.outcome is Phase.DONE, forced
            assert forced.as_predicted, forced
        assert not machine.qmp("query-block-exports")
        assert not Path(place.socket).exists()


def test_a_socket_replaces_no_file() -> None:
    """QEMU itself removes what has the name of a socket that it is to make: even an image."""
    with Machine(_CHAIN) as machine:
        precious = machine.folder / "precious.raw"
        precious.write_text("the only copy")
        for path in (precious, machine.image("base")):
            before = path.read_bytes()
            assert "exists already" in _refused(machine, "export", {"node": "two", "listen": str(path)})
            assert path.read_bytes() == before

        async def appears(session: Session) -> Result:
            preview = await prepared(session, "export", {"node": "two", "listen": str(machine.folder / "late.raw")})
            (machine.folder / "late.raw").write_text("just come")
            return await session.carry_out(preview, confirmed=True).wait()

        assert with_session(machine, appears).outcome is Phase.REFUSED
        assert (machine.folder / "late.raw").read_text() == "just come"


def test_writing_is_for_nodes_that_nobody_else_writes_to() -> None:
    with Machine(_CHAIN, extra=_SHARED) as machine:
        assert "does not share" in _refused(machine, "export", {"node": "two", "writable": "yes"})
        assert "read-only" in _refused(machine, "export", {"node": "base", "writable": "yes"})
        with pytest.raises(QmpError, match="Permission conflict"):
            _qmp_export(machine, "two")
        uri = _done(machine, "export", {"node": "free", "writable": "yes"}).uri
        tool("qemu-io", "-f", "raw", "-c", "write -q 0 512", uri)
        _done(machine, "unexport", {"name": "free"})


def _qmp_export(machine: Machine, node: str) -> None:
    """What QEMU itself says to a writable export."""
    machine.qmp("nbd-server-start", addr={"type": "unix", "data": {"path": str(machine.folder / "try.nbd")}})
    try:
        machine.qmp("block-export-add", type="nbd", id="try", node_name=node, writable=True)
    finally:
        machine.qmp("nbd-server-stop")


def test_a_bitmap_is_shown_once_it_no_longer_records() -> None:
    with Machine(_CHAIN) as machine:
        machine.qmp("block-dirty-bitmap-add", node="two", name="daily", granularity=65536)
        machine.write("vda", 0x77, 65536, 65536)
        keys = {"node": "two", "bitmap": "daily"}
        assert "still records" in _refused(machine, "export", keys)
        assert "has a bitmap nosuch" in _refused(machine, "export", keys | {"bitmap": "nosuch"})
        machine.qmp("block-dirty-bitmap-disable", node="two", name="daily")
        place = nbd_place(_done(machine, "export", keys).uri)
        options = f"driver=nbd,server.type=unix,server.path={place.socket},export=two"
        told = tool(
            QEMU_IMG, "map", "--output=json", "--image-opts", f"{options},x-dirty-bitmap=qemu:dirty-bitmap:daily"
        )
        assert [line for line in told.splitlines() if '"data": false' in line and '"start": 65536' in line], told
        assert "in use by a job or another export" in _refused(machine, "export", keys | {"name": "again"})


def test_tcp_is_for_whom_it_was_asked_for() -> None:
    with Machine(_CHAIN) as machine:
        port = _free_port()

        async def run(session: Session) -> tuple[Preview, Result]:
            return await done(session, "export", {"node": "two", "listen": f"127.0.0.1:{port}"})

        preview, result = with_session(machine, run)
        assert result.uri == f"nbd://127.0.0.1:{port}/two"
        assert any("can read all of two" in warning for warning in preview.warnings)
        assert not preview.draft.confirm
        same(_read(result.uri, machine.folder), _read(result.uri, machine.folder), "the export")
        _done(machine, "unexport", {"name": "two"})
        everybody = with_session(
            machine, lambda session: prepared(session, "export", {"node": "two", "listen": f"[::]:{port}"})
        )
        assert any("whole network" in sentence for sentence in everybody.draft.confirm)
        assert everybody.draft.uri == f"nbd://[::1]:{port}/two"
        assert "Say which address" in _refused(machine, "export", {"node": "two", "listen": f":{port}"})
        assert "port from 1" in _refused(machine, "export", {"node": "two", "listen": "localhost:0"})


def _free_port() -> int:
    told = subprocess.run(
        ["python3", "-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(told.stdout)


def test_an_export_follows_the_disk_to_the_overlay() -> None:
    with Machine(_CHAIN) as machine:
        uri = _done(machine, "export", {"node": "two"}).uri
        assert _done(machine, "snapshot", {"disks": "vda"}).outcome is Phase.DONE
        machine.write("vda", 0x55, 0, 4096)
        assert _read(uri, machine.folder)[:4096] == b"\x55" * 4096
        assert _done(machine, "unexport", {"name": "two"}).as_predicted


def test_without_a_folder_that_qemu_gets_at_the_place_must_be_said() -> None:
    if os.geteuid() != 0:
        return
    with Machine(_CHAIN, user=65534) as machine:
        assert "say listen=" in _refused(machine, "export", {"node": "two"})
        result = _done(machine, "export", {"node": "two", "listen": str(machine.folder / "look.nbd")})
        assert result.outcome is Phase.DONE, result


def test_an_export_in_a_storage_daemon_may_be_written() -> None:
    with Machine({"vdx": "base"}, Style.DAEMON) as machine:
        result = _done(machine, "export", {"node": "base", "writable": "yes"})
        assert result.as_predicted, result
        tool("qemu-io", "-f", "raw", "-c", "write -q -P 7 0 512", result.uri)
        assert "already: say another name=" in _refused(machine, "export", {"node": "base", "name": "base"})
        assert _done(machine, "unexport", {"name": "base"}).as_predicted
        machine.quit()
        assert restored(machine.image("base"))[:512] == b"\x07" * 512


def test_the_depth_of_each_piece_can_be_asked_for() -> None:
    with Machine(_CHAIN) as machine:
        place = nbd_place(_done(machine, "export", {"node": "two"}).uri)
        assert "qemu:allocation-depth" in tool("qemu-nbd", "--list", "-k", place.socket)


def test_credentials_of_tls_are_used() -> None:
    with Machine(_CHAIN) as machine:
        (machine.folder / "keys.psk").write_text("reader:00112233445566778899aabbccddeeff")
        creds = {"qom_type": "tls-creds-psk", "id": "creds", "dir": str(machine.folder), "endpoint": "server"}
        machine.qmp("object-add", **creds)
        port, seen = _free_port(), machine.contents("vda")
        keys = {"node": "two", "listen": f"127.0.0.1:{port}", "tls": "creds"}
        preview = with_session(machine, lambda session: prepared(session, "export", keys))
        assert not [warning for warning in preview.warnings if "password" in warning]
        result = _done(machine, "export", keys)
        assert result.uri == f"nbds://127.0.0.1:{port}/two"
        with pytest.raises(ToolError):
            _read(f"nbd://127.0.0.1:{port}/two", machine.folder)
        client = f"tls-creds-psk,id=c,endpoint=client,dir={machine.folder},username=reader"
        image = f"driver=nbd,server.type=inet,server.host=127.0.0.1,server.port={port},export=two,tls-creds=c"
        out = machine.folder / "seen.raw"
        tool(QEMU_IMG, "convert", "--object", client, "--image-opts", image, "-O", "raw", out)
        same(out.read_bytes(), seen, "the export")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("step", "command"), [(0, "block-export-del"), (1, "nbd-server-stop")])
def test_a_step_of_the_end_that_fails(step: int, command: str, fault: str) -> None:
    """The export stays known where it stays, and is gone where it went; a server that stays is told."""
    with Machine(_CHAIN) as machine:
        assert _done(machine, "export", {"node": "two"}).as_predicted

        async def run(session: Session) -> Result:
            await session.open()
            try:
                return await session.carry_out(await prepared(session, "unexport", {"name": "two"}), True).wait()
            finally:
                await session.close()

        monitor = FailingMonitor(str(machine.target), step, fault)
        session = Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), False)
        result = asyncio.run(run(session))
        if fault == "refused" and not step:
            assert result.outcome is Phase.REFUSED, result
        elif fault == "refused":
            assert result.outcome is Phase.DONE, result
            assert command in " ".join(result.notes)
        else:
            assert result.outcome in (Phase.LOST, Phase.UNKNOWN), result
        assert bool(machine.qmp("query-block-exports")) is not bool(step)
        if not step:
            assert _done(machine, "unexport", {"name": "two"}).as_predicted


def test_the_address_stands_at_the_end_of_a_line() -> None:
    with Machine(_CHAIN) as machine:
        words = [sys.executable, "-m", "diskchain", "run", str(machine.target), "export", "node=two", "--yes"]
        told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        [line] = [line for line in told.splitlines() if "done. Its address: " in line]
        assert nbd_place(line.partition("address: ")[2]).export == "two"


def test_a_server_of_ours_whose_exports_others_took_away_is_ours_still() -> None:
    with Machine(_CHAIN) as machine:
        first = _done(machine, "export", {"node": "two"}).uri
        machine.qmp("block-export-del", id="two")
        second = _done(machine, "export", {"node": "one"})
        assert second.as_predicted, second
        assert nbd_place(second.uri).socket == nbd_place(first).socket
        assert machine.sent().count("nbd-server-start") == 1
        assert _done(machine, "unexport", {"name": "one"}).as_predicted
        assert not Path(nbd_place(first).socket).exists()


def test_a_server_that_was_started_before_a_crash_is_known_afterwards() -> None:
    with Machine(_CHAIN) as machine:
        monitor = FailingMonitor(str(machine.target), 2, "lost")  # after the probe and the server

        async def run(session: Session) -> Result:
            await session.open()
            try:
                return await session.carry_out(await prepared(session, "export", {"node": "two"}), True).wait()
            finally:
                await session.close()

        session = Session(str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), False)
        assert asyncio.run(run(session)).outcome is Phase.LOST
        assert not machine.qmp("query-block-exports")
        assert _done(machine, "export", {"node": "two"}).as_predicted
        assert machine.sent().count("nbd-server-start") == 1
        assert _done(machine, "unexport", {"name": "two"}).as_predicted


_THREADED = {
    "virtio-blk": ("virtio-blk-pci,drive=top,id=disk,iothread=io0",),
    "scsi": ("virtio-scsi-pci,id=own,iothread=io0", "scsi-hd,drive=top,id=disk,bus=own.0"),
    "virtio-blk without one": ("virtio-blk-pci,drive=top,id=disk",),
}


@pytest.mark.parametrize("devices", _THREADED.values(), ids=_THREADED.keys())
def test_a_disk_in_a_thread_of_its_own_is_only_exported_where_readers_may_leave(
    devices: tuple[str, ...], tmp_path: Path
) -> None:
    """QEMU 7.2 ends when a reader of such an export leaves (tried); newer ones do not."""
    words = disk_words(tmp_path, devices[-1])
    more = tuple(word for device in devices[:-1] for word in ("-device", device))
    with Machine(_CHAIN, extra=(*words[:-2], *more, *words[-2:])) as machine:

        async def version(session: Session) -> tuple[int, ...]:
            return session.state.machine.version if session.state is not None else ()

        threaded = any("iothread" in device for device in devices)
        if threaded and with_session(machine, version) < (9, 0):
            for node in ("top", "bottom"):
                assert "iothread" in _refused(machine, "export", {"node": node})
            assert not _refused(machine, "export", {"node": "two"}), "another disk"
        else:
            result = _done(machine, "export", {"node": "top"})
            for _ in range(3):
                _read(result.uri, machine.folder)
        assert machine.qmp("query-status")["status"] == "running"
