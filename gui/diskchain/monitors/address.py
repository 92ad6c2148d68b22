"""Where a machine is: the targets of the command line and the connect dialog, read into a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from diskchain.model.paths import joined
from diskchain.monitors.monitor import Unreachable

Kind = Literal["unix", "tcp", "replay"]

_FORMS = "A target is PATH, unix:PATH, tcp:HOST:PORT, or replay:FILE."
_LATER = re.compile(r"ssh://|(libvirt|qemu)(\+[a-z]+)?:///?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_TCP = re.compile(r"(\[(?P<six>[^\[\]]+)\]|(?P<host>[^\[\]:/,]+)):(?P<port>[0-9]{1,5})")
_QEMU_OPTIONS = re.compile(
    r"(,(server|wait|nowait|nodelay|reconnect(-ms)?|ipv4|ipv6|to|pretty|abstract|tight)(=[^,]*)?)+$"
)
"""What follows the address in a `-qmp` argument; people paste it whole."""


@dataclass(frozen=True, slots=True)
class Address:
    """A target, understood.

    :ivar kind: what it is. `path`: of the socket or the recording, as written (it may be relative); empty for tcp.
    :ivar host: a name or number; `port`: 1 to 65535. Only for tcp.
    """

    kind: Kind
    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.kind == "tcp":
            return f"tcp:[{self.host}]:{self.port}" if ":" in self.host else f"tcp:{self.host}:{self.port}"
        return f"{self.kind}:{self.path}"


def parse(target: str) -> Address:
    """Read a target. Nothing is opened; only for a doubtful name it is looked whether such a file exists.

    Options that QEMU's own `-qmp` argument has after the address (`,server=on,wait=off`) are let go.

    :raises Unreachable: with cause `address`, in plain words, when it is none of the forms that this version can open.
    """
    if not target.strip() or "\0" in target:
        raise Unreachable(f"No machine can have the address {target!r}. {_FORMS}", "address")
    if target.startswith("unix:"):
        return Address("unix", _path(target, target.removeprefix("unix:")))
    if target.startswith("replay:"):
        return Address("replay", _path(target, target.removeprefix("replay:")))
    if target.startswith("tcp:"):
        return _tcp(target)
    if _LATER.match(target):
        raise Unreachable(
            f"Machines on other hosts and machines of libvirt are not available in this version, so {target} cannot be "
            f"opened. Give QEMU a second -qmp on this computer and open that socket. {_FORMS}",
            "address",
        )
    if target == "demo":
        raise Unreachable(
            "demo is a machine that the application starts itself; no line can be opened to it.", "address"
        )
    if _SCHEME.match(target) and not _exists(target):
        raise Unreachable(
            f"{target} is no address that is known here. {_FORMS} (A path with a colon: unix:PATH.)", "address"
        )
    return Address("unix", _path(target, target))


def settled(target: str) -> str:
    """The one name of a target, from whichever folder it is opened: a socket's whole path; `replay:` and that of a recording.

    What is no target stays as it is: to open it says why.
    """
    try:
        address = parse(target)
        path = (
            address.path if address.path.startswith("/") or not address.path else joined(str(Path.cwd()), address.path)
        )
    except (Unreachable, OSError):
        return target
    return path if address.kind == "unix" else f"replay:{path}" if path else str(address)


def _path(target: str, path: str) -> str:
    if not path:
        raise Unreachable(f"{target} names no file. {_FORMS}", "address")
    if _exists(path):
        return path
    path = _QEMU_OPTIONS.sub("", path)
    return str(Path(path).expanduser()) if path.startswith("~/") else path


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:
        return False  # Too long, or in a folder that is not ours to look into.


def _tcp(target: str) -> Address:
    found = _TCP.fullmatch(_QEMU_OPTIONS.sub("", target.removeprefix("tcp:")))
    port = int(found["port"]) if found else 0
    if found is None or not 0 < port < 65536:
        raise Unreachable(
            f"{target} is no TCP address. Write tcp:HOST:PORT, for instance tcp:localhost:4444.", "address"
        )
    return Address("tcp", host=found["six"] or found["host"], port=port)


def short_name(target: str) -> str:
    """What a machine is called whose QEMU has no name: the last part of its address, without the word for its kind."""
    kind, _, rest = target.partition(":")
    return Path(rest if kind in ("unix", "replay") else target).name
