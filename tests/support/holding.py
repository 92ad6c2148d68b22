"""Another QEMU program that has an image open, with its locks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.support.tools import DAEMON


def holder(path: Path) -> subprocess.Popen[bytes]:
    """Start one that only reads a qcow2 image. It has it once `held` tells so; whoever starts it ends it."""
    node: dict[str, object] = {"driver": "qcow2", "node-name": "held", "read-only": True, "backing": None}
    node |= {"file": {"driver": "file", "filename": str(path), "read-only": True}}
    export: dict[str, object] = {"type": "vhost-user-blk", "id": "export", "node-name": "held"}
    export |= {"addr": {"type": "unix", "path": str(path.with_suffix(".nbd"))}}
    words = [DAEMON, "--blockdev", json.dumps(node), "--export", json.dumps(export)]
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *words])


def held(path: Path) -> bool:
    """Whether the other program has the image open."""
    return path.with_suffix(".nbd").exists()
