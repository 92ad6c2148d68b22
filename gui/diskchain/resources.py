"""Where the files that are not code are: icons, lessons, the sandbox guest, recordings.

In a checkout they are in `resources/` beside `gui/`; an installed application has them in `share/diskchain/resources` of its
prefix (a wheel's data files; a distribution's package too); a frozen one beside the program.
"""

from __future__ import annotations

import sys
from pathlib import Path


def folder() -> Path:
    """The folder `resources/`.

    :raises FileNotFoundError: where none is found; its text names every place that was looked at.
    """
    here = Path(__file__).resolve()
    places = [
        here.parents[2] / "resources",
        Path(sys.prefix) / "share" / "diskchain" / "resources",
        Path(sys.executable).parent / "resources",
        # pip install --user, and a distribution's package run by /usr/bin/python3 with the prefix /usr/local first
        *(parent / "share" / "diskchain" / "resources" for parent in here.parents),
    ]
    for place in places:
        # A folder of that name alone could be anybody's: ours holds the icons.
        if (place / "icons").is_dir():
            return place
    raise FileNotFoundError(
        "The application's resources are missing. Nothing was started. Install it again; looked in "
        + ", ".join(str(place) for place in places)
    )


def resource(*parts: str) -> Path:
    """The path of one resource, e.g. `resource("guest", "guest.rom")`.

    :raises FileNotFoundError: where the folder or the resource is missing.
    """
    path = folder().joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing. Nothing was started. Install the application again.")
    return path
