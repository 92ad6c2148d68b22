"""For the tests of dialogs: a sheet in sight."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.support.sheet import Seen


@pytest.fixture
def seen(qtbot: QtBot) -> Seen:
    return Seen(qtbot)
