"""Going back, planned: which disk an image belongs to, what speaks against it, and the order of the steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from diskchain.model.node import Edge, Node
from diskchain.model.root import Device
from diskchain.model.state import State
from diskchain.operations import catalog
from diskchain.operations.preview import Preview, prepare
from diskchain.operations.revert import Revert
from diskchain.operations.scripts import script
from diskchain.operations.steps import Guest, Make, Send
from tests.support.states import (
    MIB,
    NOTHING_ELSE,
    chain_of,
    machine,
    path,
    with_bitmap,
    with_export,
    with_filter,
    with_job,
)

_FOUR = {"vda": "base <- one <- two <- three"}


def _planned(state: State, *to: str, keep: bool = True) -> Preview:
    return prepare(Revert(to, keep=keep), state, NOTHING_ELSE)


def _against(state: State, *to: str) -> str:
    return " ".join(objection.text for objection in _planned(state, *to).objections)


def _with_branch(state: State, name: str, below: str) -> State:
    """The state with an open image that nothing is attached to."""
    branch = replace(state.graph.nodes[below], name=name, file=path(name), read_only=False, header_backing=path(below))
    return replace(state, graph=state.graph.with_nodes([branch], [Edge(name, below, "backing")]))


def _with(state: State, node: Node) -> State:
    return replace(state, graph=state.graph.with_nodes([node]))


def _changed(name: str, change: Callable[[Node], Node]) -> Callable[[State], State]:
    return lambda state: _with(state, change(state.graph.nodes[name]))


def test_nothing_is_stopped_before_all_is_made_and_all_is_exchanged_before_the_reset() -> None:
    steps = _planned(machine(_FOUR | {"vdb": "data <- over"}), "one", "data").draft.steps
    told = [step.command.name if isinstance(step, Send) else type(step).__name__ for step in steps]
    new, hold = ["Make", "blockdev-add"], "blockdev-add"
    exchange = ["Guest", "qom-set"]
    closing = ["blockdev-del", "blockdev-del"]
    probes = ["blockdev-add", "blockdev-add"]
    assert told == [
        *probes, *new, *new, hold, hold, "stop", *exchange, *exchange, "system_reset", *closing, "Guest", "cont",
    ]  # fmt: skip
    final = [step for step in steps if isinstance(step, Send) and step.final]
    assert [step.command.name for step in final] == ["system_reset"]
    for step in steps[: steps.index(final[0])]:
        back = isinstance(step, Make | Guest) or (isinstance(step, Send) and (step.probe or step.undo))
        assert back, f"{step} could not be taken back"


def test_the_plan_can_be_read_in_every_dialect() -> None:
    told = script(_planned(machine(_FOUR), "one"), "QMP").splitlines()
    assert "# go on only while query-status says that the guest does not run" in told
    assert told.index("# wait for RESET") < told.index('{"execute": "cont"}')


def test_a_guest_that_stands_still_is_neither_stopped_nor_started() -> None:
    state = machine(_FOUR)
    for status in ("paused", "prelaunch", "io-error", "guest-panicked"):
        preview = _planned(replace(state, machine=replace(state.machine, status=status)), "one")
        assert preview.allowed, preview.objections
        assert not {"stop", "cont"} & {command.name for command in preview.commands}
        assert preview.after.machine.status == "prelaunch"


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        (lambda state: state, ("nobody",), "There is no node nobody here."),
        (lambda state: state, ("three",), "three is what vda writes to: there is nothing to go back to."),
        (lambda state: state, ("one", "two"), "vda cannot go back to 2 images at once"),
        (lambda state: state, ("one-file",), "one-file is the file of an image"),
        (lambda state: with_filter(state, "one"), ("throttle-over-one",), "is a filter"),
        (lambda state: with_job(state, "base"), ("one",), "backup job theirs"),
        (lambda state: with_job(state, "three"), ("one",), "backup job theirs"),
        (lambda state: with_filter(state, "three"), ("one",), "The filter throttle-over-three"),
        (_changed("three", lambda node: replace(node, read_only=True)), ("one",), "vda is read-only"),
        (_changed("one", lambda node: replace(node, file=None)), ("one",), "The file of one is not known"),
        (_changed("one", lambda node: replace(node, file="/dev/fdset/3")), ("one",), "as an open file"),
        (_changed("one", lambda node: replace(node, virtual_size=None)), ("one",), "The size of one is not known"),
        (_changed("three", lambda node: replace(node, file=None)), ("one",), "say dir=FOLDER"),
        (lambda state: _with_branch(state, "high", "three"), ("high",), "high lies above three, which vda writes to"),
        (
            lambda state: replace(state, machine=replace(state.machine, commands=frozenset({"query-status", "qom-set"}))),
            ("one",),
            "it takes 6.1 or newer. Shut the guest down",
        ),
        (
            lambda state: replace(state, machine=replace(state.machine, commands=frozenset({"query-block"}))),
            ("one",),
            "A storage daemon has no guest",
        ),
        (
            lambda state: replace(state, devices=(*state.devices, Device("twin", "twin", "scsi-hd", "three"))),
            ("one",),
            "one belongs to vda and twin",
        ),
        (
            lambda state: replace(state, devices=(replace(state.devices[0], qdev=""),)),
            ("one",),
            "no device of the guest",
        ),
        (
            lambda state: replace(
                _with(state, replace(state.graph.nodes["one"], virtual_size=MIB)),
                devices=(replace(state.devices[0], model="ide-hd"),),
            ),
            ("one",),
            "model ide-hd learns that only when QEMU starts anew",
        ),
    ],
)  # fmt: skip
def test_what_speaks_against_it_is_said(change: Callable[[State], State], to: tuple[str, ...], says: str) -> None:
    assert says in _against(change(machine(_FOUR)), *to)


def test_an_image_of_two_disks_is_nothing_to_go_back_to_but_one_of_theirs_is() -> None:
    state = machine({"vda": "base <- one <- a", "vdb": "base <- one <- b <- c"})
    assert "one belongs to vda and vdb: name an image that only one disk has." in _against(state, "one")
    preview = _planned(state, "b")
    assert preview.allowed, preview.objections
    assert chain_of(preview.after, "vda") == ["base", "one", "a"]
    assert preview.draft.kept == (path("c"),)


def test_the_tip_of_a_branch_is_found_by_the_image_it_shares_also_where_that_is_open_twice() -> None:
    state = _with_branch(machine(_FOUR), "tip", "one")
    preview = _planned(state, "tip")
    assert preview.allowed, preview.objections
    assert chain_of(preview.after, "vda")[:3] == ["base", "one", "tip"]
    assert preview.draft.rejoined == (path("tip"), path("one"), path("base"))
    again = replace(state.graph.nodes["one"], name="one-again")
    twice = replace(state, graph=state.graph.with_nodes([again]).rewired("tip", "backing", "one-again"))
    preview = _planned(twice, "tip")
    assert preview.allowed, preview.objections
    assert chain_of(preview.after, "vda")[:2] == ["one-again", "tip"]


def test_what_the_ledger_marks_is_refused_as_deep_as_it_lies() -> None:
    around = replace(NOTHING_ELSE, spoilt={path("base"): "It was changed by a commit that was not finished."})
    preview = prepare(Revert(("two",)), machine(_FOUR), around)
    assert "base no longer holds what it held: It was changed" in preview.objections[0].text


def test_a_qemu_that_ends_at_a_reset_is_refused() -> None:
    preview = prepare(Revert(("two",)), machine(_FOUR), replace(NOTHING_ELSE, ends="It ends there."))
    assert preview.objections[0].text.startswith("It ends there. Shut the guest down")


def test_what_is_lost_wants_one_more_yes() -> None:
    state = with_export(with_bitmap(machine(_FOUR | {"vdb": "data"}), "three"), "three")
    preview = _planned(state, "one", keep=False)
    said = " ".join(preview.draft.confirm)
    for words in ("has in memory", "as after a power cut", "three and two", "bitmap daily on three stays"):
        assert words in said
    warned = " ".join(preview.warnings)
    assert "vdb stays as it is" in warned
    assert "The export shown stays with the branch" in warned
    assert preview.draft.closes == (), "a bitmap or an export would be lost"
    assert _planned(machine(_FOUR), "one", keep=False).draft.closes == ("three", "two")


def test_it_is_offered_for_images_below_and_for_all_disks_at_once() -> None:
    state = _with_branch(machine(_FOUR | {"vdb": "data <- over"}), "tip", "base")
    for name in ("base", "one", "two", "tip", "data"):
        assert Revert((name,)) in [
            offer.operation for offer in catalog.offers_for_node(state, name) if not offer.reason
        ]
    for name in ("three", "over", "one-file"):
        assert "revert" not in [offer.operation.name for offer in catalog.offers_for_node(state, name)]
    assert Revert(("data", "two")) in [offer.operation for offer in catalog.offers_for_machine(state)]
    assert "revert" not in [offer.operation.name for offer in catalog.offers_for_machine(machine(_FOUR))]
