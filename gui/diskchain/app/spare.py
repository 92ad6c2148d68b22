"""What PySide does at every import, and need not."""

from __future__ import annotations

import sys


def spare_imports() -> None:
    """Keep PySide from reading the source of every module that is imported after it, for a naming mode that we do not use.

    It does so to find out whether the module speaks of PySide (`feature_imported` in shibokensupport/feature.py of 6.11); for our
    some hundred modules that is an eighth of the time until the first graph.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if feature is not None and hasattr(feature, "feature_imported"):
        vars(feature)["feature_imported"] = _ignore


def _ignore(_: object) -> None:
    """What PySide calls after an import from now on."""
