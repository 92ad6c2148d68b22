"""Names, files and places that nobody wishes for, on a real QEMU: refused in a sentence or done right, nothing overwritten."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diskchain.operations.catalog import parse
from diskchain.operations.operation import Drag
from diskchain.session.carriage import Phase, Result
from diskchain.session.journal import Journal
from diskchain.session.session import Session
from tests.support.live_session import done, prepared, with_session
from tests.support.machine import Machine
from tests.support.meddling import MeddlingMonitor
from tests.support.tools import MIB, header, make_image

pytestmark = pytest.mark.live

_TWO = {"vda": "base <- top", "vdb": "data:raw"}
_ODD = (
    'quote"s\'.qcow2', "line\nbreak.qcow2", "<b>bold&amp;.qcow2", "} -> x [label=y]; {.qcow2", "ünïcödé 名前.qcow2",
    "we:ird.qcow2", "a,b,,c.qcow2", "json:{}.qcow2", "-rf.qcow2", "%s$HOME`id`.qcow2", "back\\slash.qcow2", " .qcow2",
    "#hash?query.qcow2", "x" * 249 + ".qcow2",
)  # fmt: skip
"""File names that some parser between us and the disk might trip over."""


# Odd names


@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_odd_file_names_work_in_every_operation(relative: bool) -> None:
    with Machine({"vda": "base <- top"}, relative=relative) as machine:
        odd = machine.folder / 'fol"der,\n<i>: é'
        odd.mkdir()

        async def run(session: Session) -> None:
            for number, name in enumerate(_ODD):
                folder = machine.folder if number % 2 else odd
                _, result = await done(session, "snapshot", {"file.vda": str(folder / name), "node.vda": f"n{number}"})
                assert result.as_predicted, (name, result)
            _, result = await done(session, "stream", {"node": f"n{len(_ODD) - 1}", "base": "n5"})
            assert result.as_predicted, result
            for number in (4, 2):
                _, result = await done(session, "commit", {"top": f"n{number}", "base": f"n{number - 2}"})
                assert result.as_predicted, result
            state = await session.refresh()
            assert {str(odd / _ODD[0]), str(machine.folder / _ODD[5])} <= {n.file for n in state.graph.nodes.values()}

        seen = machine.contents("vda")
        with_session(machine, run)
        below = str(header(machine.folder / _ODD[-1])["backing-filename"])
        assert below.startswith("./" if relative else "/")
        assert below.endswith("we:ird.qcow2")
        machine.settled(vda=seen)


@pytest.mark.parametrize("name", ["\udcff.qcow2", "nul\0.qcow2", "x" * 256, "", ".", "..", "nosuch/x.qcow2"])
def test_impossible_file_names_are_refused_in_a_sentence(name: str) -> None:
    with Machine({"vda": "base"}) as machine:

        async def run(session: Session) -> None:
            preview = await prepared(session, "snapshot", {"file.vda": f"{machine.folder}/{name}"})
            assert not preview.allowed
            assert all(objection.text.endswith(".") for objection in preview.objections)
            result = await session.carry_out(preview).wait()
            assert (result.outcome, result.sent) == (Phase.REFUSED, False)

        with_session(machine, run)
        assert machine.sent() == []


def test_the_longest_node_names() -> None:
    base, top = "b" * 31, "t" * 31
    with Machine({"vda": f"{base} <- {top}"}) as machine:

        async def run(session: Session) -> None:
            preview, result = await done(session, "snapshot", {"disks": "vda", "name": "n" * 100})
            assert result.as_predicted, result
            assert all(len(node) <= 31 for node in result.nodes)
            assert len(Path(preview.draft.created[0]).name.encode()) <= 255
            _, result = await done(session, "commit", {"top": top, "base": base})
            assert result.as_predicted, result

        seen = machine.contents("vda")
        with_session(machine, run)
        machine.settled(vda=seen)


def test_an_image_whose_name_is_no_utf8_is_not_named_in_a_header() -> None:
    """QEMU tells such a name with other characters; written into a header it would lead nowhere."""
    with tempfile.TemporaryDirectory(prefix="dc-") as name:
        base, one, top = (f"{name}/{image}.qcow2" for image in ("\udcff", "one", "top"))
        make_image(Path(base), "qcow2", MIB)
        make_image(Path(one), "qcow2", 0, base, "qcow2")
        make_image(Path(top), "qcow2", 0, one, "qcow2")
        drive = ("-drive", f"if=none,id=odd,format=qcow2,file={top}", "-device", "virtio-blk-pci,drive=odd,id=vdo")
        with Machine({"vda": "base"}, extra=drive) as machine:

            async def run(session: Session) -> None:
                state = await session.refresh()
                chain = state.graph.chain(next(d.root or "" for d in state.devices if d.name == "vdo"))
                assert len(chain) == 3
                for operation, keys in (
                    ("commit", {"top": chain[1], "base": chain[2]}),
                    ("stream", {"node": chain[0], "base": chain[2]}),
                ):
                    preview = await prepared(session, operation, keys)
                    assert any("is not known" in objection.text for objection in preview.objections)
                preview = await prepared(session, "stream", {"node": chain[1]})
                assert ["real name" in objection.text for objection in preview.objections] == [True]
                _, result = await done(session, "snapshot", {"disks": "vdo"})
                assert result.as_predicted, result

            with_session(machine, run)
            assert not {"block-commit", "block-stream"} & set(machine.sent())
            machine.settled(vdo=machine.contents("vdo"))


# Something is there already


def _file(path: Path) -> None:
    path.write_bytes(b"precious data")


def _folder(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    target = path.with_name(f"{path.name}.precious")
    target.write_bytes(b"precious data")
    path.symlink_to(target)


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("made-elsewhere"))


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


_THERE = (_file, _folder, _link, _dangling, _fifo, _socket)
_Place = Callable[[Path], None]


def _all_of(folder: Path) -> dict[str, object]:
    """What is in a folder but for the journal, so that any change of it shows."""
    found: dict[str, object] = {}
    for path in sorted(each for each in folder.iterdir() if each.name != "journal"):
        told = path.lstat()
        found[path.name] = (told.st_mode, told.st_ino, told.st_size, path.is_file() and path.read_bytes())
    return found


@pytest.mark.parametrize("relative", [False, True], ids=["by QEMU", "by qemu-img"])
@pytest.mark.parametrize("place", _THERE, ids=lambda place: place.__name__[1:])
def test_nothing_is_ever_replaced(place: _Place, relative: bool) -> None:
    """Something of the new file's name is there before the preview, appears after it, and appears after the last probe."""
    with Machine({"vda": "base <- top"}, relative=relative) as machine, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shape = machine.shape()

        def monitored(late: Path) -> Session:
            last = {"blockdev-add": lambda: place(late)}
            monitor = MeddlingMonitor(str(machine.target), after=last)
            return Session(
                str(machine.target), lambda _: monitor, Journal(machine.folder / "journal.qmp"), reconnect=False
            )

        async def run() -> None:
            before, between, late = (folder / f"{when}.qcow2" for when in ("before", "between", "late"))
            session = monitored(late)
            await session.open()
            try:
                place(before)
                preview = await session.prepare(parse("snapshot", {"file.vda": str(before)}, "/"))
                assert not preview.allowed
                for path, at_once in ((between, True), (late, False)):
                    preview = await session.prepare(parse("snapshot", {"file.vda": str(path)}, "/"))
                    assert preview.allowed, preview.objections
                    if at_once:
                        place(path)
                    there = _all_of(folder)
                    async with asyncio.timeout(20):
                        result = await session.carry_out(preview).wait()
                    assert result.outcome is Phase.REFUSED, result
                    made = {"late.qcow2", "late.qcow2.precious"} if not at_once else set()
                    assert {k: v for k, v in _all_of(folder).items() if k not in made} == there
                    assert "exists already" in result.text
                if place in (_file, _link):
                    assert late.read_bytes() == b"precious data"
                assert not (folder / "made-elsewhere").exists()
            finally:
                await session.close()

        asyncio.run(run())
        assert machine.shape() == shape
        assert "transaction" not in machine.sent()


# No room, no rights


@pytest.fixture
def small() -> Iterator[Path]:
    """A file system of 24 MiB."""
    with tempfile.TemporaryDirectory(prefix="dc-small-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", name], check=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def _full(folder: Path, but: int) -> Path:
    """Fill a file system up, but for some bytes; gives the file that fills it."""
    free = os.statvfs(folder)
    filler = folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - but)
    return filler


@pytest.mark.parametrize("relative", [False, True], ids=["by QEMU", "by qemu-img"])
@pytest.mark.parametrize("room", [0, 64 << 10])
def test_a_snapshot_without_room_leaves_nothing(small: Path, room: int, relative: bool) -> None:
    with Machine(_TWO, relative=relative) as machine:
        seen, shape, files = machine.contents("vda"), machine.shape(), machine.files()
        _full(small, room)
        there = _all_of(small)

        async def run(session: Session) -> Result:
            return (await done(session, "snapshot", {"file.vdb": f"{small}/new.qcow2"}))[1]

        result = with_session(machine, run)
        assert result.outcome is Phase.REFUSED, result
        assert "Nothing was changed" in result.text
        assert (machine.shape(), machine.files(), _all_of(small)) == (shape, files, there)
        machine.settled(vda=seen)


@pytest.mark.parametrize("keys", [{"top": "mid", "base": "base"}, {"top": "top", "base": "base", "finish": "pivot"}],
                         ids=["middle", "active"])  # fmt: skip
def test_a_commit_without_room_keeps_every_byte(
    small: Path, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small))
    with Machine({"vda": "base <- mid <- top"}) as machine:
        monkeypatch.undo()
        seen, shape = machine.contents("vda"), machine.shape()
        filler = _full(small, MIB)

        async def run(session: Session) -> Result:
            preview, result = await done(session, "commit", keys)
            assert preview.free is not None
            assert any("free" in warning for warning in preview.warnings)
            marks = {Path(entry.path).name: entry.word for entry in session.ledger.entries}
            between = {"mid.qcow2"} if keys["top"] == "top" else set()
            assert marks == dict.fromkeys({"base.qcow2", *between}, "changed")
            return result

        result = with_session(machine, run)
        assert result.outcome is Phase.FAILED, result
        assert "No space left" in result.text + result.detail
        assert "does not go back to what it was" in result.text
        assert machine.shape() == shape
        filler.unlink()
        machine.settled(vda=seen)


def test_a_folder_that_qemu_may_not_enter() -> None:
    with Machine(_TWO, user=65534) as machine, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o700)
        seen, shape = machine.contents("vda"), machine.shape()

        async def run(session: Session) -> None:
            preview = await prepared(session, "snapshot", {"dir": name})
            result = await session.carry_out(preview).wait()
            assert result.outcome is Phase.REFUSED, result
            assert "ermission denied" in result.detail
            assert _all_of(folder) == {}
            assert machine.shape() == shape
            _, result = await done(session, "snapshot", {})
            assert result.as_predicted, result

        with_session(machine, run)
        assert (machine.file(machine.root("vda")).stat().st_uid) == 65534
        machine.settled(vda=seen)


def test_a_folder_that_only_we_may_write_to() -> None:
    """We hold the name for QEMU there, and what it makes of it is QEMU's."""
    with Machine(_TWO, user=65534) as machine, tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        seen = machine.contents("vda")

        async def run(session: Session) -> None:
            _, result = await done(session, "snapshot", {"dir": name})
            assert result.as_predicted, result

        with_session(machine, run)
        assert {Path(name, file).stat().st_uid for file in _all_of(Path(name))} == {65534}
        machine.settled(vda=seen)


def test_a_file_made_for_another_user_is_that_users() -> None:
    """A header that only `qemu-img` can write: the file is made by us and belongs to QEMU's user."""
    with Machine({"vda": "base <- top"}, user=65534, relative=True) as machine:
        seen = machine.contents("vda")

        async def run(session: Session) -> Result:
            return (await done(session, "snapshot", {}))[1]

        result = with_session(machine, run)
        assert result.as_predicted, result
        assert Path(result.files[0]).stat().st_uid == 65534
        assert header(Path(result.files[0]))["backing-filename"] == "top.qcow2"
        machine.settled(vda=seen)


# Much of it


def test_a_chain_of_two_hundred(capsys: pytest.CaptureFixture[str]) -> None:
    with Machine({"vda": "base"}) as machine:
        for number in range(199):
            below, node, file = machine.root("vda") if not number else f"n{number - 1}", f"n{number}", machine.folder
            machine.qmp(
                "blockdev-snapshot-sync", node_name=below, snapshot_file=f"{file}/{node}", snapshot_node_name=node
            )

        async def run(session: Session) -> tuple[float, float]:
            times = []
            for _ in range(3):
                start = time.monotonic()
                state = await session.refresh()
                times.append(time.monotonic() - start)
            assert len(state.graph.chain("n198")) == 200
            start = time.monotonic()
            assert session.operations.for_node("n198")
            assert session.operations.for_drag(Drag("n198", "base"))[0].reason == ""
            offering = time.monotonic() - start
            _, result = await done(session, "commit", {"top": "n190", "base": "n150"})
            assert result.as_predicted, result.differences
            return min(times), offering

        look, offering = with_session(machine, run)
        with capsys.disabled():
            print(f"\nchain of 200: a whole look {look * 1e3:.0f} ms, all offers of its top {offering * 1e3:.0f} ms")
        assert look < 2, "nearly all of it is QEMU's own time"
        assert offering < 1
        assert len(machine.chain("vda")) == 160
