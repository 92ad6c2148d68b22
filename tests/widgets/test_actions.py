"""Menus of what can be done, and why where nothing can."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from diskchain.model.ledger import KEPT, LedgerEntry
from diskchain.model.node import Kind, Node
from diskchain.operations.attach import Attach
from diskchain.operations.catalog import offers_for_kept, offers_for_node
from diskchain.operations.operation import Offer
from diskchain.session.session import Session
from diskchain.widgets.actions import offers_menu, why_nothing
from tests.support.fake_session import FakeSession


@pytest.fixture
def session() -> FakeSession:
    made = FakeSession()
    alone = {
        "#block1": Node("#block1", "throttle", Kind.FILTER, None, None, None),
        "spare": Node("spare", "qcow2", Kind.FORMAT, "/images/spare.qcow2", 1 << 20, 1 << 20),
    }
    graph = replace(made.state.graph, nodes={**made.state.graph.nodes, **alone})
    made.state = replace(made.state, graph=graph)
    return made


def entries(qtbot: QtBot, session: FakeSession, key: str, offers: tuple[Offer, ...]) -> list[tuple[str, bool]]:
    window = QWidget()
    qtbot.addWidget(window)
    menu = offers_menu(window, offers, lambda _: None, why_nothing(cast("Session", session), key))
    return [(action.text(), action.isEnabled()) for action in menu.actions()]


@pytest.mark.parametrize(("key", "why"), [("spare", "has no image below it"), ("#block1", "is a filter")])
def test_a_card_with_no_possible_act_says_why(qtbot: QtBot, session: FakeSession, key: str, why: str) -> None:
    """As the buttons for commit and stream ask: whatever has an image can be exported."""
    offers = tuple(offer for offer in offers_for_node(session.state, key) if offer.operation.name == "commit")
    [(said, enabled)] = entries(qtbot, session, key, offers)
    assert said.startswith(key)
    assert why in said
    assert not enabled


def test_what_cannot_be_had_is_there_with_its_reason(qtbot: QtBot, session: FakeSession) -> None:
    offers = tuple(
        replace(offer, reason="A job holds it & its base.") for offer in offers_for_node(session.state, "overlay1")
    )
    found = entries(qtbot, session, "overlay1", offers)
    assert len(found) == len(offers) > 0
    assert all(said.endswith(": A job holds it && its base.") and not enabled for said, enabled in found)


def test_a_lost_line_and_a_machine_of_another_are_the_reason(qtbot: QtBot, session: FakeSession) -> None:
    session.read_only = "libvirt manages this machine."
    assert entries(qtbot, session, "overlay1", ()) == [("libvirt manages this machine.", False)]
    session.link = "lost"
    [(said, enabled)] = entries(qtbot, session, "overlay1", ())
    assert "not open" in said
    assert not enabled


def test_an_image_that_is_only_remembered_is_not_called_gone(qtbot: QtBot, session: FakeSession) -> None:
    session.ledger.note(LedgerEntry("/images/vda-17.qcow2", "vda-17", "invalid", "A commit took it in."))
    [(said, enabled)] = entries(qtbot, session, "vda-17", ())
    assert said == "vda-17 is not open any more; its file stays as it is."
    assert not enabled


def test_a_closed_image_of_a_kept_branch_can_be_opened_again(session: FakeSession) -> None:
    entry = LedgerEntry("/images/vda-17.qcow2", "vda-17", KEPT, "vda went back.", backing="/images/spare.qcow2")
    (offer,) = offers_for_kept(session.state, entry)
    assert (offer.title, offer.operation) == ("Open it again", Attach("/images/vda-17.qcow2", read_only=True))
    assert not offers_for_kept(session.state, replace(entry, path="/images/spare.qcow2")), "that one is open"
    assert not offers_for_kept(session.state, replace(entry, word="invalid"))
