"""What an image's header cannot say, or would say to everybody: pieces of files, and encryption."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.session import Session
from tests.support.live_session import prepared, with_session
from tests.support.machine import Machine
from tests.support.tools import MIB, QEMU_IMG, make_image, tool

pytestmark = pytest.mark.live


def _disk(node: str) -> tuple[str, ...]:
    return ("-device", f"virtio-blk-pci,drive={node},id=vdp")


def _previews(machine: Machine, *wanted: tuple[str, Mapping[str, str]]) -> list[Preview]:
    async def work(session: Session) -> list[Preview]:
        return [await prepared(session, name, keys) for name, keys in wanted]

    return with_session(machine, work)


def _against(preview: Preview) -> str:
    return " ".join(each.text for each in preview.objections)


def test_a_piece_of_a_file_gets_no_overlay(tmp_path: Path) -> None:
    whole = tmp_path / "whole.img"
    make_image(whole, "raw", 17 * MIB)
    piece = f"driver=raw,node-name=piece,offset={MIB},size={8 * MIB},file.driver=file,file.filename={whole}"
    with Machine(extra=("-blockdev", piece, *_disk("piece"))) as machine:
        alone, others = _previews(machine, ("snapshot", {"disks": "vdp"}), ("snapshot", {"disks": "vda"}))
    assert "piece is only a piece of its file" in _against(alone)
    assert others.allowed


def test_an_image_in_a_piece_of_a_file_is_no_base_either(tmp_path: Path) -> None:
    base, mid, top = (tmp_path / name for name in ("base.img", "mid.qcow2", "top.qcow2"))
    make_image(base, "raw", 10 * MIB)
    for path in (mid, top):
        make_image(path, "qcow2", 8 * MIB)
    words = [
        f"driver=raw,node-name=piece,read-only=on,offset={MIB},size={8 * MIB},file.driver=file,file.filename={base}",
        f"driver=qcow2,node-name=mid,read-only=on,file.driver=file,file.filename={mid},backing=piece",
        f"driver=qcow2,node-name=top,file.driver=file,file.filename={top},backing=mid",
    ]
    with Machine(extra=(*(word for each in words for word in ("-blockdev", each)), *_disk("top"))) as machine:
        commit, stream, whole = _previews(
            machine,
            ("commit", {"top": "mid", "base": "piece"}),
            ("stream", {"node": "top", "base": "piece"}),
            ("stream", {"node": "top"}),
        )
    for preview in (commit, stream):
        assert "piece is only a piece of its file" in _against(preview)
    assert whole.allowed, "nothing has to be said of what is left below"


def test_data_that_leave_encryption_ask_once_more(tmp_path: Path) -> None:
    base, top = tmp_path / "base.qcow2", tmp_path / "top.qcow2"
    make_image(base, "qcow2", 8 * MIB)
    luks = "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"
    tool(QEMU_IMG, "create", "-q", "--object", "secret,id=s,data=abc", "-f", "qcow2", "-o", luks, top, 8 * MIB)
    words = [
        f"driver=qcow2,node-name=base,read-only=on,file.driver=file,file.filename={base}",
        f"driver=qcow2,node-name=top,encrypt.format=luks,encrypt.key-secret=s,file.driver=file,file.filename={top},backing=base",
    ]
    blockdevs = (word for each in words for word in ("-blockdev", each))
    with Machine(extra=("-object", "secret,id=s,data=abc", *blockdevs, *_disk("top"))) as machine:
        snapshot, commit, stream = _previews(
            machine,
            ("snapshot", {"disks": "vdp"}),
            ("commit", {"top": "top", "base": "base"}),
            ("stream", {"node": "top"}),
        )
    assert "lies in plain in" in " ".join(snapshot.draft.confirm)
    assert "top is encrypted and base is not" in " ".join(commit.draft.confirm)
    assert "encrypted" not in " ".join(stream.draft.confirm), "into an encrypted image"
