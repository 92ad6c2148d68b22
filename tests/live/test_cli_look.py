"""`diskchain graph`, `watch`, `record` and `found` on a real QEMU."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.chains import Style
from tests.support.machine import Machine
from tests.support.terminal import DISKCHAIN, OnTerminal, environment, ran

pytestmark = pytest.mark.live


@pytest.mark.parametrize("style", list(Style))
def test_graph_of_every_kind_of_machine(style: Style, tmp_path: Path) -> None:
    with Machine(style=style) as machine:
        told = json.loads(ran(tmp_path, "graph", machine.target, "-f", "json", "--full").stdout)
        assert {(e["parent"], e["child"], e["role"]) for e in told["edges"]} == machine.edges()
        devices = {device["name"]: device["root"] for device in told["devices"]}
        assert devices == ({} if style is Style.DAEMON else {disk: machine.root(disk) for disk in ("vda", "vdb")})
        assert machine.sent() == []


def test_the_bitmaps_of_jobs_are_left_out(tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine:
        machine.qmp("block-dirty-bitmap-add", node="top", name="daily")
        machine.qmp("block-commit", device="top", job_id="x", speed=1024)
        machine.until(lambda: machine.qmp("query-jobs")[0]["status"] == "running", "it does not run")
        told = json.loads(ran(tmp_path, "graph", machine.target, "-f", "json").stdout)
        assert [bitmap["name"] for node in told["nodes"] for bitmap in node["bitmaps"]] == ["daily"]
        machine.qmp("block-job-cancel", device="x", force=True)


def test_graph_leaves_the_monitor_free(tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine:
        for _ in range(3):
            done = ran(tmp_path, "graph", machine.target, "-o", tmp_path / "g.mmd")
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert "base.qcow2" in (tmp_path / "g.mmd").read_text()


def test_a_reader_who_has_enough(tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine:
        watch = subprocess.Popen(
            [*DISKCHAIN, "watch", str(machine.target)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
        )
        assert watch.stdout is not None
        assert watch.stderr is not None
        with watch, watch.stderr:
            assert b"chain base <- top" in watch.stdout.readline()
            watch.stdout.close()
            machine.qmp("blockdev-add", driver="null-co", node_name="stranger", size=512)
            assert watch.wait(20) == 0
            assert watch.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_until_interrupted(number: signal.Signals, tmp_path: Path) -> None:
    with Machine({"vda": "base <- mid <- top"}) as machine, OnTerminal(tmp_path, "watch", machine.target) as watch:
        watch.until(r"chain base <- mid <- top   \(vda\)")
        machine.qmp("block-stream", device="top", base_node="base", job_id="by-another")
        watch.until(r"chain base <- top   \(vda\)")
        watch.until("job by-another: completed")
        watch.interrupt(number)
        assert watch.end() == 0, watch.told


def test_watch_of_a_machine_that_ends(tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine, OnTerminal(tmp_path, "watch", machine.target, "--json") as watch:
        watch.until('"added"')
        machine.quit()
        assert watch.end() == 4, watch.told
        lines = [json.loads(line) for line in watch.told.splitlines() if line.startswith("{")]
        assert any(line.get("event", {}).get("event") == "SHUTDOWN" for line in lines)


def test_a_recording_replays_and_is_never_changed(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Machine() as machine:
        with OnTerminal(tmp_path, "record", machine.target, path) as record:
            record.until("Recording")
            record.interrupt()
            assert record.end() == 0, record.told
        live = json.loads(ran(tmp_path, "graph", machine.target, "-f", "json", "--full").stdout)
        again = ran(tmp_path, "record", machine.target, path)
        assert again.returncode == 5, again.stderr
        assert "exists already" in again.stderr
    assert path.stat().st_mode & 0o077 == 0
    replay = f"replay:{path}"
    told = json.loads(ran(tmp_path, "graph", replay, "-f", "json", "--full", "--at", "0").stdout)
    assert told["machine"]["name"] == "test"
    assert [told[part] for part in ("nodes", "edges", "devices")] == [
        live[part] for part in ("nodes", "edges", "devices")
    ]
    before = path.read_bytes()
    refused = ran(tmp_path, "run", replay, "snapshot", "--yes")
    assert refused.returncode == 5, refused.stderr
    assert "recording" in refused.stderr
    watched = ran(tmp_path, "watch", replay)
    assert watched.returncode == 0
    assert "The recording has ended. Shown is its last moment, " in watched.stderr
    again = ran(tmp_path, "record", replay, tmp_path / "again.jsonl")
    assert again.returncode == 5, again.stderr
    assert "This is a recording already" in again.stderr
    assert not (tmp_path / "again.jsonl").exists()
    assert path.read_bytes() == before


def test_names_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine:
        odd = machine.folder / "ü\x1b[2J\n.raw"
        odd.write_bytes(bytes(512))
        machine.qmp("blockdev-add", driver="file", node_name="odd", filename=str(odd))
        for words in (["graph", "-f", "mermaid"], ["graph", "-f", "json"], ["run", "snapshot", "--dry-run"]):
            words.insert(1, str(machine.target))
            done = subprocess.run(
                [*DISKCHAIN, *words],
                capture_output=True,
                env={**environment(tmp_path), "PYTHONIOENCODING": "ascii"},
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, b"")
            assert b"\x1b" not in done.stdout


def test_found_tells_what_can_be_opened(tmp_path: Path) -> None:
    with Machine({"vda": "base <- top"}) as machine:
        told = json.loads(ran(tmp_path, "found", "--json").stdout)["machines"]
        mine = {one["target"]: one["taken"] for one in told if one["pid"] == machine.process.pid}
        assert mine == {str(machine.target): False, str(machine.folder / "eyes.qmp"): True}
        assert str(machine.target) in ran(tmp_path, "found").stdout
