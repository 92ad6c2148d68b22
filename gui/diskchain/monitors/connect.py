"""Open the socket of an address, and say in plain words why it could not be or why nobody speaks there."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import struct
from pathlib import Path

from diskchain.monitors.address import Address
from diskchain.monitors.monitor import Unreachable
from diskchain.monitors.peers import holders
from diskchain.monitors.process import Process

TCP_SECONDS = 5.0
"""For name and connection together."""
_LONGEST_SOCKET_NAME = 107
"""Bytes; `sun_path` has 108 with its closing zero (unix(7))."""
_CREDENTIALS = struct.Struct("3i")
_ONE_CLIENT = "A monitor serves one client at a time: close the other one, or give QEMU a second -qmp."


async def connected(address: Address) -> tuple[socket.socket, int | None]:
    """A connected, non-blocking socket, and the pid of the process that listens where the kernel tells it.

    :raises Unreachable: with its cause.
    """
    if address.kind == "tcp":
        return await _tcp(address), None
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        failed = _connect_unix(line, address.path)
    except BaseException:
        line.close()
        raise
    if failed:
        line.close()
        # EAGAIN: clients that wait fill QEMU's tiny backlog, so one is being served.
        raise await nothing_came(address, None) if failed == errno.EAGAIN else _unix_failure(address.path, failed)
    pid, _, _ = _CREDENTIALS.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return line, pid or None


async def nothing_came(address: Address, server: Process | None) -> Unreachable:
    """Why a server that took the connection says nothing: it serves another client (and who that is), or it is no QEMU."""
    if address.kind == "unix" and server is not None and not server.is_qemu:
        return Unreachable(
            f"{server} listens at {address.path} but says nothing. "
            "It is not QEMU itself: if it passes a monitor on, another client may hold that; else check the address.",
            "silent",
        )
    if server is not None and server.managed == "libvirt":
        return Unreachable(
            f"This monitor belongs to libvirt (domain {server.guest or 'unknown'}), which holds it as another client would. "
            f"Leave it to libvirt; to look on, give the domain a second -qmp.",
            "taken",
        )
    others = (
        await asyncio.to_thread(holders, address.path, server.pid if server else None) if address.kind == "unix" else ()
    )
    if others:
        who = ", ".join("this program itself" if other.pid == os.getpid() else str(other) for other in others)
    else:
        who = f"it is connected to {server}" if server is not None else "who it is cannot be told from here"
    return Unreachable(f"Another client holds this monitor: {who}. {_ONE_CLIENT}", "taken")


def not_qmp(target: str, failure: Exception) -> Unreachable:
    """Why the greeting failed: the server hung up, or spoke something else."""
    root: BaseException = getattr(failure, "exc", failure)
    if isinstance(root, (EOFError, OSError)):
        return Unreachable(
            f"{target} hung up before it said anything. Either QEMU just ended, or this is not a QMP monitor: check the address.",
            "not-qmp",
        )
    return Unreachable(
        f"{target} answers, but not as QMP does. Check the address: is it another kind of socket?", "not-qmp"
    )


def _connect_unix(line: socket.socket, path: str) -> int:
    """Connect at once; the error number, 0 where it went well. A path too long for a socket name goes by way of /proc."""
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_NAME:
        return line.connect_ex(path)
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        return error.errno or errno.EIO
    try:
        return line.connect_ex(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def _unix_failure(path: str, failed: int) -> Unreachable:
    if failed in {errno.ENOENT, errno.ENOTDIR}:
        return Unreachable(
            f"There is no socket {path}. QEMU removes its socket when it ends: check the path, and that QEMU runs.",
            "missing",
        )
    if failed in {errno.EACCES, errno.EPERM}:
        return Unreachable(
            f"You have no right to open {path}. Its owner decides: run as that user, or let QEMU make the socket for you.",
            "rights",
        )
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        mode = 0
    if mode and not stat.S_ISSOCK(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a file"
        return Unreachable(f"{path} is {what}, not a socket. Give the path that stands after -qmp unix: .", "not-qmp")
    if failed == errno.ECONNREFUSED:
        return Unreachable(
            f"Nothing listens at {path} any more. QEMU probably ended without removing it; start it again, then try again.",
            "refused",
        )
    if failed == errno.EPROTOTYPE:
        return Unreachable(f"{path} is another kind of socket, not a QMP monitor. Check the path.", "not-qmp")
    return Unreachable(f"{path} cannot be opened: {os.strerror(failed)}. Check the path.", "other")


async def _tcp(address: Address) -> socket.socket:
    """Try each number of the host in turn."""
    loop = asyncio.get_running_loop()
    failure: OSError | None = None
    try:
        async with asyncio.timeout(TCP_SECONDS):
            places = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            for family, kind, protocol, _, place in places:
                line = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
                try:
                    await loop.sock_connect(line, place)
                except BaseException as error:
                    line.close()
                    if not isinstance(error, OSError):
                        raise
                    failure = error
                else:
                    return line
    except TimeoutError:
        raise Unreachable(
            f"{address} did not answer within {TCP_SECONDS:.0f} s. Check the host and that no firewall drops it.",
            "silent",
        ) from None
    except socket.gaierror:
        raise Unreachable(f"The host name {address.host} is not known. Check its spelling.", "address") from None
    except UnicodeError:
        raise Unreachable(f"{address.host} can be no host name. Check its spelling.", "address") from None
    if isinstance(failure, ConnectionRefusedError):
        raise Unreachable(f"Nothing listens at {address}. Check the port, and that QEMU runs.", "refused")
    reason = os.strerror(failure.errno) if failure and failure.errno else "the host has no address"
    raise Unreachable(f"{address} cannot be reached: {reason}. Check the address.", "other")
