"""What outlives the application: jobs that are ours, images that are no longer what they were."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from diskchain.model.backup import Since
from diskchain.model.ledger import Ledger, LedgerEntry
from diskchain.model.root import Export
from diskchain.operations.cutoff import CutOff
from diskchain.qapi.command import command
from diskchain.session.journal import Journal
from diskchain.session.marks import Marks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.jsonl"


def entry(path: Path | str, word: str = "invalid", machine: str = "here") -> LedgerEntry:
    return LedgerEntry(str(path), "node", word, "It was changed.", "/base.qcow2", "vda", machine)


def test_jobs_are_known_for_the_very_same_qemu_only(path: Path) -> None:
    journal = Journal(path)
    journal.started((7, 1000), "diskchain-1", "commit", {"top": "a"})
    journal.started((7, 1000), "diskchain-2", "stream", {})
    assert Journal(path).jobs_of((7, 1000)) == {"diskchain-1", "diskchain-2"}
    assert Journal(path).jobs_of((7, 1001)) == frozenset(), "another process with the same number"
    assert Journal(path).jobs_of((8, 1000)) == frozenset()


def test_what_is_worked_on_is_known_to_all_instances(path: Path) -> None:
    qemu, other = (7, 1000), (7, 1001)
    first, second = Journal(path), Journal(path)
    before = time.time()
    first.works("a", qemu, {"one", "two"})
    first.works("b", other, {"elsewhere"})
    assert second.touched(qemu, before) == {"one", "two"}, "it goes on"
    second.works("c", qemu, {"three"})
    first.rests("a")
    assert second.touched(qemu, before) == {"one", "two", "three"}, "it went on then"
    assert second.touched(qemu, time.time()) == {"three"}


def test_what_a_dead_instance_worked_on_does_not_count(path: Path) -> None:
    code = "import sys, pathlib; from diskchain.session.journal import Journal\n"
    code += "Journal(pathlib.Path(sys.argv[1])).works('a', (7, 1000), ['one'])"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert len(path.read_text().splitlines()) == 1
    assert Journal(path).touched((7, 1000), 0) == set()


@pytest.mark.parametrize(
    "line",
    [
        {"work": 1, "names": "x", "qemu": [7, 1000]},
        {"work": "a", "names": ["x"], "qemu": 7},
        {"work": "a", "names": ["x"], "qemu": [7, 1000], "by": "me"},
        {"work": "a", "names": ["x"], "qemu": [7, 1000], "by": ["me", None]},
        {"rests": {}, "at": None},
    ],
)
def test_lines_that_nobody_wrote_count_for_nothing(line: object, path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(line) + "\n")
    assert Journal(path).touched((7, 1000), 0) == set()


def test_images_are_remembered_until_dismissed(path: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.qcow2", tmp_path / "b.qcow2"
    for image in (first, second):
        image.write_bytes(b"x")
    journal = Journal(path)
    journal.note(entry(first, "changed"))
    journal.note(entry(second))
    journal.note(entry(first, "invalid"))
    assert Journal(path).images() == (entry(second), entry(first, "invalid")), "the latest word counts"
    journal.dismiss(str(second))
    assert Journal(path).images() == (entry(first),)
    journal.dismiss("/never/heard/of")
    journal.note(entry(second))
    assert len(Journal(path).images()) == 2


def test_another_file_under_an_old_name_is_not_marked(path: Path, tmp_path: Path) -> None:
    image = tmp_path / "a.qcow2"
    image.write_bytes(b"x")
    Journal(path).note(entry(image))
    image.rename(tmp_path / "moved")
    assert Journal(path).images() == ()
    image.write_bytes(b"new")
    assert Journal(path).images() == ()
    (tmp_path / "moved").replace(image)
    assert len(Journal(path).images()) == 1


def test_a_file_that_was_written_since_is_not_surely_the_same(path: Path, tmp_path: Path) -> None:
    """A file system gives a removed file's inode to the next one."""
    image = tmp_path / "a.qcow2"
    image.write_bytes(b"x")
    Journal(path).note(entry(image))
    assert Journal(path).marks() == ((entry(image), True),)
    os.utime(image, ns=(0, 12345))
    assert Journal(path).marks() == ((entry(image), False),)
    Journal(path).note(entry("/not/seen"))
    assert Journal(path).marks()[1] == (entry("/not/seen"), False)


def test_an_image_that_is_not_seen_from_here_stays_marked(path: Path) -> None:
    Journal(path).note(entry("/on/another/host.qcow2"))
    assert len(Journal(path).images()) == 1


def test_it_is_private(path: Path) -> None:
    Journal(path).note(entry("/x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "broken",
    [b"{", b"\xff\xfe\n", b"[1, 2]\n", b"3\n", b'{"image": 3}\n', b'{"job": 5, "qemu": "x"}\n', b"\0\0\0\n", b"\n\n",
     b'{"image": {"path": null, "backing": 7}}\n', b'{"dismissed": {}}\n', b"[" * 5000 + b"\n"],
)  # fmt: skip
def test_a_broken_line_is_harmless(path: Path, broken: bytes) -> None:
    """Also one without its end, as a crash or a full disk leaves it: what is written after it is not lost with it."""
    journal = Journal(path)
    journal.note(entry("/a"))
    with path.open("ab") as file:
        file.write(broken)
    journal.note(entry("/b"))
    journal.started((1, 2), "diskchain-1", "commit", {})
    assert {image.path for image in Journal(path).images()} >= {"/a", "/b"}
    assert Journal(path).jobs_of((1, 2)) == {"diskchain-1"}


def test_no_journal_at_all(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").images() == ()
    assert Journal(tmp_path / "none").jobs_of((1, 2)) == frozenset()
    folder = Journal(tmp_path)
    assert folder.images() == ()


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal")
    journal.note(entry("/x"))
    assert "could not be written" in journal.trouble


def test_a_mark_that_could_not_be_written_stays_while_others_are_read(path: Path, tmp_path: Path) -> None:
    """The disk was full for a moment: the mark is known here alone, and is not lost with the next look at the journal."""
    marks, other = Marks("here", Journal(path)), Journal(path)

    async def work() -> None:
        path.parent.write_text("")
        await marks.remember([entry("/x")], ())
        path.parent.unlink()
        other.note(entry("/y", machine="elsewhere"))
        other.note(replace(entry("/z", machine="by another monitor"), qemu=(7, 1000)))
        await marks.read((7, 1000))
        assert [each.path for each in marks.ledger.entries] == ["/z", "/x"]
        assert "/x" in marks.unwritten()
        await marks.dismiss("/x")
        other.dismiss("/z")
        await marks.read((7, 1000))
        assert marks.ledger.entries == ()
        assert marks.unwritten() == {}

    asyncio.run(work())


def test_odd_names_go_round(path: Path) -> None:
    names = ['/a"b\n<i>.qcow2', "/ünïcödé 名前", "/\udcff", "/tab\there", "/" + "x" * 4000]
    for name in names:
        Journal(path).note(entry(name))
    assert [image.path for image in Journal(path).images()] == names
    assert path.read_bytes().isascii()


_APPEND = """
import sys
from pathlib import Path
from diskchain.model.root import Export
from diskchain.operations.cutoff import CutOff
from diskchain.qapi.command import command
from diskchain.session.journal import Journal
journal = Journal(Path(sys.argv[1]))
for number in range(200):
    journal.started((int(sys.argv[2]), number), f"diskchain-{number}", "commit", {"top": "x" * 500})
"""


def test_several_instances_write_at_once(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", _APPEND, str(path), str(number)], stderr=subprocess.PIPE)
        for number in range(3)
    ]

    def note() -> None:
        for number in range(100):
            Journal(path).note(entry(f"/{number}"))

    threads = [threading.Thread(target=note) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        _, said = writer.communicate(timeout=30)
        assert writer.returncode == 0, said
    lines = [json.loads(line) for line in path.read_bytes().splitlines() if line]
    assert len(lines) == 3 * 200 + 2 * 100
    assert Journal(path).jobs_of((2, 199)) == {"diskchain-199"}


def test_a_long_history_is_not_read_whole(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'{"job": "diskchain-1", "qemu": [1, 2]}\n' * 300_000)
    Journal(path).started((3, 4), "diskchain-9", "commit", {})
    assert Journal(path).jobs_of((3, 4)) == {"diskchain-9"}


def test_a_ledger() -> None:
    ledger = Ledger()
    for name in ("/a", "/b", "/a"):
        ledger.note(entry(name, "changed" if ledger.entries else "invalid"))
    assert [(image.path, image.word) for image in ledger.entries] == [("/b", "changed"), ("/a", "changed")]
    assert ledger.spoilt() == {"/a": "It was changed.", "/b": "It was changed."}
    ledger.dismiss("/a")
    ledger.dismiss("/never")
    assert [image.path for image in ledger.entries] == ["/b"]


_QEMU = (7, 1000)
_BACK = (command("qom-set", path="/p", property="drive", value="three"), command("cont"))


def test_a_plan_is_cut_off_once_nobody_works_at_it(path: Path) -> None:
    journal = Journal(path)
    journal.owes(_QEMU, CutOff("p1", "Go back to one", _BACK[:1]))
    journal.owes(_QEMU, CutOff("p1", "Go back to one", _BACK, ("/new.qcow2",)))
    assert Journal(path).cut_off(_QEMU) == (), "we are at it"
    journal.cut("p1")
    assert Journal(path).cut_off(_QEMU) == (CutOff("p1", "Go back to one", _BACK, ("/new.qcow2",)),)
    assert Journal(path).cut_off((7, 1001)) == (), "another QEMU"
    journal.settle("p1")
    assert Journal(path).cut_off(_QEMU) == ()


def test_a_plan_of_a_process_that_ended_is_cut_off(path: Path) -> None:
    words = "import sys; from pathlib import Path; from diskchain.session.journal import Journal; "
    words += "from diskchain.operations.cutoff import CutOff; "
    words += "Journal(Path(sys.argv[1])).owes((7, 1000), CutOff('p1', 'Go back', ()))"
    subprocess.run([sys.executable, "-c", words, str(path)], check=True)
    assert [cut.plan for cut in Journal(path).cut_off(_QEMU)] == ["p1"]


def test_no_secret_is_written_down_to_take_a_plan_back(path: Path) -> None:
    journal = Journal(path)
    secret = command("object-add", qom_type="secret", id="s", data="hidden")
    journal.owes(_QEMU, CutOff("p1", "x", (secret, *_BACK), scratch=(("/s.qcow2", 1, 2),)))
    journal.cut("p1")
    assert "hidden" not in path.read_text()
    assert journal.cut_off(_QEMU)[0].back == _BACK
    assert journal.cut_off(_QEMU)[0].scratch == (("/s.qcow2", 1, 2),)


@pytest.mark.parametrize(
    "told", [{"back": 1, "made": 2, "by": 3}, {"back": [1, {"execute": 2}], "by": [1]}, {"title": None}]
)
def test_a_plan_that_was_written_by_a_stranger_is_read_all_the_same(path: Path, told: dict[str, object]) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"plan": "p", "qemu": [7, 1000], **told}) + "\n")
    assert [cut.plan for cut in Journal(path).cut_off(_QEMU)] == ["p"]


def test_exports_are_known_until_they_are_gone(path: Path) -> None:
    journal = Journal(path)
    look = Export("look", "nbd", "top", "look", "nbd+unix:///look?socket=/s", writable=False, listen="/s")
    other = Export("other", "nbd", "base", "other", "nbd://h:1/other", writable=True, listen="h:1")
    for export in (look, other):
        journal.exported((7, 1000), export)
    assert Journal(path).exports_of((7, 1000)) == {"look": look, "other": other}
    assert Journal(path).exports_of((7, 1001)) == {}, "another process with the same number"
    journal.unexported((7, 1000), "look")
    assert Journal(path).exports_of((7, 1000)) == {"other": other}
    assert Journal(path).server_of((7, 1000)) == "h:1"
    assert Journal(path).server_of((7, 1001)) == ""
    journal.unserved((7, 1000))
    assert Journal(path).server_of((7, 1000)) == ""


def test_what_a_bitmap_counts_from_is_what_was_noted_last_of_the_same_file(tmp_path: Path) -> None:
    journal, image = Journal(tmp_path / "journal.jsonl"), tmp_path / "top.qcow2"
    image.write_bytes(b"")
    assert journal.counts(str(image), "daily", Since("a", "/b/a.qcow2"))
    assert journal.counts(str(image), "weekly", Since("w", "/b/w.qcow2", open=True))
    assert journal.counts(str(image), "daily", Since("b", "/b/b.qcow2"))
    assert journal.bitmaps() == {
        (str(image), "daily"): Since("b", "/b/b.qcow2"),
        (str(image), "weekly"): Since("w", "/b/w.qcow2", open=True),
    }
    image.rename(tmp_path / "away.qcow2")
    image.write_bytes(b"")
    assert journal.bitmaps() == {}, "another file has the name"


def test_where_a_count_cannot_be_noted_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not Journal(tmp_path / "file" / "journal.jsonl").counts("/a", "daily", Since())
