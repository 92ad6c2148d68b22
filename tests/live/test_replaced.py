"""A name that leads to another file than QEMU has open: QEMU would open that one to write. Nothing is sent, nothing is spoilt."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from diskchain.operations.preview import Preview
from diskchain.session.session import Session
from tests.support.live_session import prepared, with_session
from tests.support.machine import Machine

pytestmark = pytest.mark.live

_CHAIN = {"vda": "base <- one <- two <- three"}


def _linked(path: Path, other: Path) -> None:
    path.rename(path.with_suffix(".old"))
    path.symlink_to(other)


def _copied(path: Path, other: Path) -> None:
    path.rename(path.with_suffix(".old"))
    shutil.copy(path.with_suffix(".old"), path)


def _moved(path: Path, other: Path) -> None:
    path.rename(path.with_suffix(".old"))


@pytest.mark.parametrize("change", [_linked, _copied, _moved])
@pytest.mark.parametrize(
    ("name", "keys", "image"),
    [
        ("commit", {"top": "two", "base": "base"}, "base"),
        ("commit", {"top": "two", "base": "base"}, "three"),
        ("commit", {"top": "three", "base": "one", "finish": "pivot"}, "two"),
        ("stream", {"node": "two"}, "two"),
        ("stream", {"node": "three", "base": "base"}, "base"),
        ("snapshot", {}, "three"),
    ],
)
def test_a_file_that_took_the_name_is_left_alone(
    name: str, keys: Mapping[str, str], image: str, change: Callable[[Path, Path], None]
) -> None:
    with Machine(_CHAIN) as machine:
        precious = machine.folder / "precious.img"
        shutil.copy(machine.image("one"), precious)
        before = precious.read_bytes()
        change(machine.image(image), precious)

        async def look(session: Session) -> Preview:
            return await prepared(session, name, keys)

        preview = with_session(machine, look)
        assert any(str(machine.image(image)) in objection.text for objection in preview.objections), preview.objections
        assert not machine.sent()
        assert precious.read_bytes() == before
