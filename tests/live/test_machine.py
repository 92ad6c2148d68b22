"""The test machine itself: what it claims of bytes and shapes must hold before anything is measured with it."""

from __future__ import annotations

import pytest

from tests.support.chains import Style
from tests.support.machine import Machine

pytestmark = pytest.mark.live


@pytest.mark.parametrize("style", list(Style))
def test_it_is_what_it_says(style: Style) -> None:
    with Machine(style=style) as machine:
        assert machine.chain("vda") == [machine.node(f"vda-{layer}") for layer in (3, 2, 1, 0)]
        assert [machine.file(node) for node in machine.chain("vdb")] == [machine.image("vdb-1"), machine.image("vdb-0")]
        assert len(machine.contents("vda")) == machine.size
        assert machine.sent() == []


@pytest.mark.parametrize("style", list(Style))
def test_what_the_guest_wrote_is_in_the_files(style: Style) -> None:
    with Machine(style=style) as machine:
        with machine.writing("vda") as guest:
            machine.until(lambda: guest.written > 5, "the guest does not write")
        machine.settled(vda=guest.model)


def test_a_lost_byte_is_noticed() -> None:
    with Machine({"vda": "base <- top"}) as machine:
        seen = bytearray(machine.contents("vda"))
        seen[4096] ^= 1
        with pytest.raises(AssertionError, match="other bytes from 4096"):
            machine.settled(vda=seen)
