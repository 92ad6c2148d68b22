"""When a recording was begun, which moment of it is told, and that it is not recorded again."""

from __future__ import annotations

from pathlib import Path

import pytest

from diskchain.model.state import Recorded
from diskchain.monitors.recording import CannotRecord, Recorder
from diskchain.monitors.replay import ReplayMonitor
from tests.monitors.conftest import Run
from tests.monitors.test_recording import HEADER, written


def test_a_recording_is_not_recorded_again(folder: Path, run: Run) -> None:
    async def main() -> None:
        with pytest.raises(CannotRecord, match="copy its file"):
            await Recorder(folder / "r", ReplayMonitor("replay:x")).start()

    run(main())
    assert not (folder / "r").exists()


@pytest.mark.parametrize(
    ("told", "clock", "began"),
    [
        ({"began": 1000.5}, 2000, 1000.5),
        ({}, 2000, 1997.5),
        ({"began": 10**400}, 2000, 1997.5),
        ({"began": "now"}, 10**400, None),
        ({"began": True}, -1, None),
    ],
)
def test_when_a_recording_was_begun(
    told: dict[str, object], clock: int, began: float | None, folder: Path, run: Run
) -> None:
    event = {"event": "STOP", "timestamp": {"seconds": clock, "microseconds": 0}}
    replay = written(folder / "r", {**HEADER, **told}, {"t": 2.5, "recv": event}, {"t": 4, "recv": event})

    async def main() -> None:
        await replay.open()
        assert replay.moment == Recorded(began, 4.0, last=True)
        await replay.seek(3)
        assert replay.moment == Recorded(began, 3.0, last=False)

    run(main())
