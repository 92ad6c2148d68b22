"""Offers are looked for one by one, and are those of what is selected now."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from diskchain.operations import catalog
from diskchain.widgets.on_offer import OnOffer
from tests.operations.table import FOUR
from tests.support.states import machine

if TYPE_CHECKING:
    from diskchain.model.state import State
    from diskchain.session.session import Session


def _session(state: State) -> Session:
    operations = SimpleNamespace(
        for_machine=lambda: catalog.offers_for_machine(state),
        for_node=lambda name: catalog.offers_for_node(state, name),
    )
    return cast("Session", SimpleNamespace(state=state, link="live", read_only="", operations=operations))


def _ready() -> OnOffer:
    offers = OnOffer()
    offers.ready = True
    return offers


def test_turn_by_turn_finds_the_same() -> None:
    state = machine(FOUR)
    session, offers = _session(state), _ready()
    at_once = offers.now(session, "")
    turns = 0
    while not offers.go_on(session, ""):
        turns += 1
    assert turns == len(at_once)
    assert offers.before(session, "") == at_once == tuple(catalog.offers_for_machine(state))


def test_a_change_begins_anew_and_another_selection_ends_it() -> None:
    session, offers = _session(machine(FOUR)), _ready()
    whole = offers.now(session, "")
    offers.go_on(session, "")
    offers.begin_anew()
    while not offers.go_on(session, ""):
        pass
    assert offers.before(session, "") == whole, "none twice"
    assert offers.go_on(session, "three"), "that is not what was looked for"
    of_node = offers.before(session, "three")
    assert of_node
    assert of_node != whole


def test_nothing_is_offered_before_the_first_graph_or_on_a_lost_line() -> None:
    session, offers = _session(machine(FOUR)), OnOffer()
    assert offers.now(session, "") == ()
    offers.ready = True
    assert offers.now(session, "")
    vars(session)["link"] = "lost"
    assert offers.go_on(session, "")
    assert offers.before(session, "") == ()
