"""What `graph -o FILE` may replace, and what it never does."""

from __future__ import annotations

import os
import random
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from diskchain.cli import console, loop, output
from diskchain.cli.ending import Ending, Exit
from diskchain.cli.mermaid import mermaid
from diskchain.layout import dot_source
from diskchain.model.public import state_as_json
from diskchain.model.state import State
from tests.support.graphs import chain, state

SMALL = state([chain([("base", 1), ("top", 0.25)])])
SVG = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<svg width="1mm"><desc>Made by diskchain graph</desc></svg>'
PLAIN_SVG = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<svg width="1mm"><text>a</text></svg>'
QCOW2 = b"QFI\xfb\0\0\0\3" + bytes(4096)
NEW = b"digraph {}\n"


def chain_of(length: int) -> State:
    """A machine whose JSON is longer than what is looked at of other files."""
    return state([chain([(f"image{number}", 1) for number in range(length)])])


def content(folder: Path) -> dict[str, bytes]:
    """Each regular file in a folder, and what is in it."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def refused(path: Path, why: str) -> None:
    """Try to write there, and see that nothing in that folder has changed."""
    before = content(path.parent)
    with pytest.raises(Ending, match=why) as ended:
        output.write(path, NEW)
    assert ended.value.exit is Exit.REFUSED
    assert "another name" in str(ended.value) or "another file" in str(ended.value)
    assert "\n" not in str(ended.value)
    assert content(path.parent) == before


@pytest.mark.parametrize(
    "held",
    [
        QCOW2,
        random.Random(7).randbytes(5000),
        bytes(70000),
        b"x",
        b" <svg",
        b"<?xml version='1.0'?>\n<domain type='kvm'/>",
        b'{"nodes": []}',
        b"flowcharts",
        PLAIN_SVG,
        b"<svg/>",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"%PDF-1.4\n",
        b"digraph mine { a -> b }\n",
        b"digraph diskchain { a -> b }\n",
        b"flowchart LR\n  a --> b\n",
        b'{"machine": {"name": "my own"}, "nodes": [], "x": 1}',
        console.as_json({**state_as_json(SMALL), "remarks": []}).encode(),
        console.as_json({**state_as_json(SMALL), "nodes": [{"name": "mine"}]}).encode(),
        console.as_json({**state_as_json(SMALL), "machine": {"name": "mine"}}).encode(),
        console.as_json({**state_as_json(SMALL), "jobs": "none"}).encode(),
        console.as_json(state_as_json(SMALL)).encode()[:-1],
    ],
)
def test_what_is_not_ours_stays(tmp_path: Path, held: bytes) -> None:
    target = tmp_path / "g.svg"
    target.write_bytes(held)
    refused(target, "no output of diskchain graph")


@pytest.mark.parametrize("held", [QCOW2, SVG, None])
def test_a_link_is_never_followed(tmp_path: Path, held: bytes | None) -> None:
    if held is not None:
        (tmp_path / "vm.img").write_bytes(held)
    (tmp_path / "g.svg").symlink_to(tmp_path / "vm.img")
    refused(tmp_path / "g.svg", "symbolic link")
    assert (tmp_path / "g.svg").is_symlink()
    assert (tmp_path / "vm.img").exists() is (held is not None)


def test_folders_and_sockets_stay(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    refused(tmp_path / "folder", "folder")
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(tmp_path / "qmp"))
        refused(tmp_path / "qmp", "no regular file")


@pytest.mark.parametrize(
    "held",
    [
        b"",
        SVG,
        dot_source(SMALL, True).encode(),
        mermaid(SMALL, True).encode(),
        console.as_json(state_as_json(SMALL)).encode(),
        console.as_json(state_as_json(State())).encode(),
        console.as_json(state_as_json(chain_of(200))).encode(),
    ],
)
def test_former_outputs_are_replaced(tmp_path: Path, held: bytes) -> None:
    target = tmp_path / "g"
    target.write_bytes(held)
    target.chmod(0o640)
    output.write(target, NEW)
    assert content(tmp_path) == {"g": NEW}
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    output.write(tmp_path / "g.dot", NEW)
    assert content(tmp_path) == {"g.dot": NEW}
    assert (tmp_path / "g.dot").stat().st_nlink == 1
    with pytest.raises(Ending) as ended:
        output.write(tmp_path / "none" / "g.svg", NEW)
    assert ended.value.exit is Exit.PROBLEM


def _appears(path: Path) -> None:
    path.write_bytes(QCOW2)


def _is_moved_there(path: Path) -> None:
    (path.parent / "vm.img").write_bytes(QCOW2)
    (path.parent / "vm.img").replace(path)


@pytest.mark.parametrize("meddle", [_appears, _is_moved_there])
@pytest.mark.parametrize("held", [None, SVG])
def test_an_image_that_comes_while_we_write_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meddle: Callable[[Path], None], held: bytes | None
) -> None:
    target = tmp_path / "g.svg"
    if held is not None:
        target.write_bytes(held)
    flush = os.fsync

    def meanwhile(handle: int) -> None:
        flush(handle)
        meddle(target)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(Ending) as ended:
        output.write(target, NEW)
    assert ended.value.exit is Exit.REFUSED
    assert content(tmp_path) == {"g.svg": QCOW2}


def test_devices_that_keep_nothing_and_pipes_are_written_to(tmp_path: Path) -> None:
    output.write(Path(os.devnull), NEW)
    assert Path(os.devnull).is_char_device()
    reader, writer = os.pipe()
    output.write(Path(f"/dev/fd/{writer}"), NEW)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == NEW
    with pytest.raises(Ending, match="No space left on device") as ended:
        output.write(Path("/dev/full"), NEW)
    assert ended.value.exit is Exit.PROBLEM


def test_stdout_by_its_name_is_stdout(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.write(Path("/dev/stdout"), NEW)
    assert capfdbinary.readouterr().out == NEW


def test_a_pipe_by_its_name_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    refused(pipe, "named pipe")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    refused(pipe, "named pipe")
    assert os.read(reader, 1) == b""
    os.close(reader)
    (tmp_path / "link").symlink_to(pipe)
    refused(tmp_path / "link", "a pipe that nobody reads")


def test_a_pipe_that_its_reader_has_left_is_not_waited_for() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        output.write(Path(f"/dev/fd/{writer}"), NEW)
    os.close(writer)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_in_the_middle_leaves_nothing_behind(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "g.svg").write_bytes(SVG)
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(number))
    with pytest.raises(KeyboardInterrupt), loop.ends_as_ctrl_c():
        output.write(tmp_path / "g.svg", NEW)
    assert content(tmp_path) == {"g.svg": SVG}
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
