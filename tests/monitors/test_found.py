"""Machines are found by their command lines, which may say anything."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from diskchain.monitors.found import Found, _qmp_chardevs, found
from diskchain.monitors.peers import holders, unix_sockets
from diskchain.monitors.process import Process, ends_at_reset, guest_name, manager, read_process
from diskchain.monitors.qmp import QmpMonitor
from tests.monitors.conftest import Programs, Run

LIBVIRT = tuple(
    r"""/usr/bin/qemu-system-x86_64 -name guest=vm1,debug-threads=on -S
    -object {"qom-type":"secret","id":"masterKey0","format":"raw","file":"/var/lib/libvirt/qemu/domain-1-vm1/master-key.aes"}
    -chardev socket,id=charmonitor,fd=31,server=on,wait=off -mon chardev=charmonitor,id=monitor,mode=control""".split()
)
PROXMOX = tuple(
    """/usr/bin/kvm -id 100 -name web,debug-threads=on -no-shutdown
    -chardev socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off -mon chardev=qmp,mode=control""".split()
)


async def of(pid: int) -> list[Found]:
    return [one for one in await found() if one.pid == pid]


@pytest.mark.live
def test_qemu_with_several_monitors(folder: Path, programs: Programs, run: Run) -> None:
    process = programs.qemu(
        folder / "a", "-name", "guest=vm <b>1</b>,,x,debug-threads=on",
        "-chardev", f"socket,id=c1,path={folder}/b,,c,server=on,wait=off", "-mon", "chardev=c1,mode=control",
        "-chardev", f"socket,id=c2,path={folder}/hmp,server=on,wait=off", "-mon", "chardev=c2,mode=readline",
    )  # fmt: skip

    async def main() -> None:
        monitors = await of(process.pid)
        assert [(one.target, one.taken) for one in monitors] == [(f"{folder}/a", False), (f"{folder}/b,c", False)]
        assert {one.title for one in monitors} == {"vm <b>1</b>,x"}
        held = QmpMonitor(f"{folder}/b,c")
        await held.open()
        assert [(one.target, one.taken) for one in await of(process.pid)] == [
            (f"{folder}/a", False),
            (f"{folder}/b,c", True),
        ]
        assert [holder.pid for holder in holders(f"{folder}/b,c", None)] == [os.getpid()]
        assert held.process is not None
        assert held.process.guest == "vm <b>1</b>,x"
        assert held.process.same_files is True
        assert held.process.managed == ""
        await held.close()
        assert not any(one.taken for one in await of(process.pid))

    run(main())


@pytest.mark.live
def test_a_client_that_only_waits_does_not_take(folder: Path, programs: Programs, run: Run) -> None:
    process = programs.qemu(folder / "a")
    with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        first.connect(str(folder / "a"))

        async def main(taken: bool) -> None:
            assert [one.taken for one in await of(process.pid)] == [taken]

        run(main(taken=False))
        process.send_signal(signal.SIGCONT)
        assert first.recv(5)
        second.connect(str(folder / "a"))
        run(main(taken=True))


@pytest.mark.live
def test_a_storage_daemon_with_a_relative_socket(folder: Path, programs: Programs, run: Run) -> None:
    words = ("--chardev", "socket,path=q,id=c,server=on,wait=off", "--monitor", '{"chardev":"c"}')
    process = programs.start(folder / "q", "qemu-storage-daemon", *words, cwd=folder)

    async def main() -> None:
        (one,) = await of(process.pid)
        assert (one.target, one.title) == (f"{folder}/q", f"storage daemon pid {process.pid}")
        monitor = QmpMonitor(one.target)
        await monitor.open()
        assert [one.taken for one in await of(process.pid)] == [True]
        await monitor.close()

    run(main())


@pytest.mark.live
def test_tcp_and_no_monitor_at_all(folder: Path, programs: Programs, run: Run) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = programs.qemu(folder / "a", "-qmp", f"tcp::{port},server=on,wait=off")

    async def main() -> None:
        assert f"tcp:localhost:{port}" in [one.target for one in await of(process.pid) if not one.taken]
        monitor = QmpMonitor(f"tcp:127.0.0.1:{port}")
        await monitor.open()
        assert f"tcp:localhost:{port}" in [one.target for one in await of(process.pid) if one.taken]
        await monitor.close()
        (folder / "a").unlink()
        assert [one.target for one in await of(process.pid)] == [f"tcp:localhost:{port}"]

    run(main())


def test_who_manages() -> None:
    assert (manager(LIBVIRT), guest_name(LIBVIRT)) == ("libvirt", "vm1")
    assert (manager(PROXMOX), guest_name(PROXMOX)) == ("Proxmox VE", "web")
    own = ("qemu-system-x86_64", "-name", "x", "-qmp", "unix:/run/x,server=on")
    assert manager(own, "/run/x") == ""
    for path in (
        "/var/lib/libvirt/qemu/domain-1-vm1/monitor.sock",
        "/home/u/.config/libvirt/qemu/lib/domain-3-x/monitor.sock",
        "/run/libvirt/qemu/x",
    ):
        assert manager((), path) == "libvirt"
    assert manager((), "/var/run/qemu-server/100.qmp") == "Proxmox VE"
    assert manager((), "/home/u/libvirt/x.qmp") == ""


def test_who_ends_at_a_reset() -> None:
    """The last word holds, as QEMU reads it."""
    for words in ("-no-reboot", "--no-reboot", "-action reboot=shutdown,panic=pause", "-action=reboot=shutdown"):
        assert ends_at_reset(("qemu", *words.split(), "-m", "32"))
    for words in (
        "",
        "-no-shutdown",
        "-action panic=pause",
        "-no-reboot -action reboot=reset",
        "-action",
        "-name -no-reboots",
    ):
        assert not ends_at_reset(("qemu", *words.split()))


def test_monitors_on_command_lines() -> None:
    assert list(_qmp_chardevs(LIBVIRT)) == [
        {"backend": "socket", "id": "charmonitor", "fd": "31", "server": "on", "wait": "off"}
    ]
    assert [one["path"] for one in _qmp_chardevs(PROXMOX)] == ["/var/run/qemu-server/100.qmp"]


@pytest.mark.parametrize(
    "words",
    [
        ["-qmp"], ["-qmp", ""], ["-qmp", "stdio"], ["-qmp", "unix:/x"], ["-qmp", "unix:/x,server=off"],
        ["-qmp", "tcp:h:p,server"],
        ["-mon", ""], ["-mon", "chardev=none,mode=control"], ["-monitor", "unix:/x,server"], ["--monitor", '{"chardev":'],
        ["--monitor", "[" * 9999], ["--monitor", "{" * 9999], ["-chardev", "=,=,=", "-mon", ",,,"], ["-monitor", "stdio"],
    ],
)  # fmt: skip
def test_command_lines_that_tell_no_monitor(words: list[str]) -> None:
    assert list(_qmp_chardevs(("qemu-system-x86_64", *words))) == []


def test_a_process_that_only_calls_itself_so(folder: Path, programs: Programs, run: Run) -> None:
    liar = subprocess.Popen(
        ["qemu-system-x86_64", "-c", "import time; time.sleep(60)", "-qmp", f"unix:{folder}/a,server"],
        executable="/usr/bin/python3",
    )
    try:
        until = time.monotonic() + 5
        while (process := read_process(liar.pid)) is None or not process.is_qemu:
            assert time.monotonic() < until
            time.sleep(0.01)

        async def main() -> None:
            assert await of(liar.pid) == [], "there is no such socket"

        run(main())
    finally:
        liar.kill()
        liar.wait()


def test_processes_come_and_go() -> None:
    own = read_process(os.getpid())
    assert own is not None
    assert own.start_time > 0
    assert own.cwd == str(Path.cwd())
    assert own.same_files is True
    assert not own.is_qemu
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert read_process(gone.pid) is None
    assert read_process(-1) is None
    assert not Process(1, 1, "qemu-img").is_qemu
    assert Process(1, 1, "kvm", ("kvm", "-id")).is_qemu


def test_the_kernel_lists_sockets(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(folder / "ü"))
        server.listen()
        client.connect(str(folder / "ü"))
        accepted, _ = server.accept()
        with accepted:
            mine = [one for one in unix_sockets() if one.name == str(folder / "ü")]
            assert sorted(one.listening for one in mine) == [False, True]
            (peer,) = (one.peer for one in mine if not one.listening)
            assert peer == os.fstat(client.fileno()).st_ino
