"""What the inspector says, with units."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from diskchain.model.job import Job
from diskchain.model.ledger import LedgerEntry
from diskchain.model.node import Edge
from diskchain.model.state import State
from diskchain.operations.asking import Asked
from diskchain.widgets.panels.facts import Badge, Facts, facts_of, facts_of_edge, facts_of_entry, facts_of_machine
from diskchain.widgets.panels.inspector import Inspector
from tests.support.qt_parts import part, press, words
from tests.support.states import machine, with_bitmap, with_export, with_filter, with_internal_snapshot

CHAIN = machine({"vda": "base <- mid <- top"})


def told(facts: Facts | None) -> dict[str, str]:
    assert facts is not None
    return {fact.label: fact.value for fact in facts.facts}


def of(state: State, name: str) -> dict[str, str]:
    return told(facts_of(state, None, name))


def test_a_node_is_told_with_units() -> None:
    facts = of(CHAIN, "mid")
    assert facts["File"] == "/images/mid.qcow2"
    assert facts["Backing"] == "base (qcow2)"
    assert facts["Virtual size"] == "8 MiB"
    assert facts["On disk"] == "1 MiB · 12 %"
    assert facts["Held by"].startswith("top as backing")


def test_what_is_not_known_is_never_told_as_empty() -> None:
    graph = CHAIN.graph.with_nodes([replace(CHAIN.graph.nodes["mid"], allocated=None, virtual_size=None, file=None)])
    facts = of(replace(CHAIN, graph=graph), "mid")
    assert (facts["File"], facts["Virtual size"], facts["On disk"], facts["Cache"]) == ("not known",) * 4


def test_bitmaps_snapshots_exports_and_filters_are_told() -> None:
    state = with_export(with_internal_snapshot(with_bitmap(CHAIN, "top"), "top"), "top")
    facts = of(state, "top")
    assert "recording" in facts["Bitmap daily"]
    assert facts["Internal snapshots"] == "before"
    assert facts["Export"] == "nbd"
    assert "throttle-over-base as" in " ".join(of(with_filter(CHAIN, "base"), "base").values()) + " as"


def test_devices_jobs_edges_machine_and_marked_images_are_told() -> None:
    assert of(CHAIN, "vda")["Chain"] == "3 images"
    job = Job("diskchain-3", "commit", "running", 2 << 20, 8 << 20, 1 << 20, nodes=(("top", "mid"),))
    facts = of(replace(CHAIN, jobs=(job,)), "diskchain-3")
    assert facts["Progress"] == "2 MiB of 8 MiB · 25 %"
    assert facts["Limit"] == "1 MiB/s"
    assert told(facts_of_edge(Edge("top", "mid", "backing", ("write",), ())))["Parent may"] == "write"
    assert told(facts_of_machine(CHAIN))["Nodes"] == "6"
    entry = LedgerEntry("/images/mid.qcow2", "mid", "invalid", "It was committed.", "/images/base.qcow2", "vda")
    assert told(facts_of_entry(entry))["Why"] == "It was committed."


@pytest.mark.parametrize(("word", "tone"), [("changed", "amber"), ("invalid", "red")])
def test_what_the_ledger_says_of_an_open_image_is_told(word: str, tone: str) -> None:
    entry = LedgerEntry("/images/mid.qcow2", "mid", word, "A commit that was not finished wrote to it.")
    facts = facts_of(CHAIN, None, "mid", (entry,))
    assert told(facts)[word.capitalize()] == entry.why
    assert facts is not None
    assert Badge(word.upper(), tone) in facts.badges
    assert word.capitalize() not in told(facts_of(CHAIN, None, "top", (entry,)))


def test_while_a_commit_is_at_work_it_alone_tells_of_what_changes() -> None:
    job = Job("diskchain-1", "commit", "running", nodes=(("main node", "mid"), ("top", "mid"), ("base", "base")))
    entry = LedgerEntry("/images/base.qcow2", "base", "changed", "A commit wrote to it.")
    working = replace(CHAIN, jobs=(job,))
    for lost in (False, True):
        assert ("Changed" in told(facts_of(working, None, "base", (entry,), lost))) == lost


def test_a_kept_branch_that_is_open_is_told() -> None:
    state = machine({"vda": "base <- top", "old": "base <- old"})
    state = replace(state, devices=state.devices[:1])
    entry = LedgerEntry("/images/old.qcow2", "old", "kept", "vda went back to base.")
    assert told(facts_of(state, None, "old", (entry,)))["Kept"] == "vda went back to base."
    again = LedgerEntry("/images/top.qcow2", "top", "kept", "vda went back to base.")
    assert "Kept" not in told(facts_of(state, None, "top", (again,))), "the disk stands on it again"


def test_nothing_by_that_name_gives_nothing() -> None:
    assert facts_of(CHAIN, None, "nobody") is None


def test_how_the_same_is_asked_elsewhere_is_one_click_away(qtbot: QtBot) -> None:
    panel = Inspector()
    qtbot.addWidget(panel)
    panel.resize(300, 900)
    panel.show()
    asked = (Asked("QMP", '{"execute": "query-jobs"}'), Asked("virsh", "virsh blockjob web vda --info"))
    panel.show_facts(facts_of(CHAIN, None, "top"), asked=asked)
    assert "virsh blockjob" not in words(panel)
    press(panel, "inspectorElsewhere")
    assert "virsh blockjob web vda --info" in words(panel)
    press(panel, "elsewhereCopy-virsh")
    assert QGuiApplication.clipboard().text() == "virsh blockjob web vda --info"
    assert part(panel, QPushButton, "elsewhereCopy-virsh").text() == "Copied"
    panel.show_facts(None)
    assert "The same elsewhere" not in words(panel)
