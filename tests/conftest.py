"""For all tests: nothing of the user's own state is read or written."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True, scope="session")
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the whole run folders of its own for settings, journal and the like (XDG)."""
    folder = tmp_path_factory.mktemp("xdg")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(folder / name.lower()))
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Let no widget of a test live on into the next.

    Windows that nobody reaches any more stay on Qt's list until Python looks for garbage; the next style or style sheet of the
    application goes to them as well, and that ended the process now and then (a view whose viewport was gone already).
    """
    yield
    if isinstance(QApplication.instance(), QApplication) and QApplication.allWidgets():
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
