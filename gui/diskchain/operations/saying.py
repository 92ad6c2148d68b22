"""Has all that an operation says call nodes as people do; commands and keys keep the true node-names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from diskchain.operations.operation import Objection, Offer
from diskchain.operations.steps import Choose, Send, Step

if TYPE_CHECKING:
    from diskchain.operations.preview import Draft

Say = Callable[[str], str]


def said_draft(draft: Draft, say: Say) -> Draft:
    """A draft with its sentences exchanged, those of its steps too."""
    return replace(
        draft,
        title=say(draft.title),
        verb=say(draft.verb),
        objections=tuple(said_objection(objection, say) for objection in draft.objections),
        warnings=tuple(map(say, draft.warnings)),
        steps=tuple(_step(step, say) for step in draft.steps),
        stop=say(draft.stop),
        guest=say(draft.guest),
        confirm=tuple(map(say, draft.confirm)),
        facts=tuple((label, say(value)) for label, value in draft.facts),
    )


def said_objection(objection: Objection, say: Say) -> Objection:
    """An objection with its sentence exchanged; the key that lifts it stays."""
    return replace(objection, text=say(objection.text))


def said_offer(offer: Offer, say: Say) -> Offer:
    """An offer with its words exchanged."""
    return replace(offer, title=say(offer.title), reason=say(offer.reason), note=say(offer.note))


def _step(step: Step, say: Say) -> Step:
    if isinstance(step, Send):
        return replace(
            step,
            refusal=say(step.refusal),
            leaves=say(step.leaves),
            perhaps=say(step.perhaps),
            rewrites=say(step.rewrites),
        )
    if isinstance(step, Choose):
        branches = tuple(
            replace(branch, label=say(branch.label), meaning=say(branch.meaning)) for branch in step.branches
        )
        return replace(step, question=say(step.question), branches=branches)
    return step
