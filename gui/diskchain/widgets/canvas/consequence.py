"""What a drop would do, in the words of a drag's hint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from diskchain.model import words
from diskchain.operations.dialects import qmp_shell

if TYPE_CHECKING:
    from diskchain.operations.operation import Offer, Operation
    from diskchain.operations.preview import Preview

_NAMED = 3
_STEERING = ("job-id=", "auto-", "filter-node-name=")


@dataclass(frozen=True, slots=True)
class Hint:
    """The bubble beside a dragged card.

    :ivar title: one sentence. `text`: what it means. `code`: the main command; all may be empty but the title.
    :ivar tone: of its outline: `green` where a drop does it, `amber` where it cannot, `line` on the ground.
    """

    title: str
    text: str = ""
    code: str = ""
    tone: str = "green"


ON_GROUND = Hint("Drop it where it is lit.", "Dropped on the ground, or with Esc, nothing happens.", tone="line")


def hint_of(offers: tuple[Offer, ...], foresee: Callable[[Operation], Preview | None], second: bool = False) -> Hint:
    """The hint for what a target offers. `foresee`: plans an operation without asking anybody; None: it cannot now.

    :param second: Shift is held and the second choice is meant.
    """
    legal = [offer for offer in offers if not offer.reason]
    if not offers:
        return ON_GROUND
    if not legal:
        return Hint(f"Not here: {_lower(offers[0].title)}", offers[0].reason, tone="amber")
    offer = legal[1] if second and len(legal) > 1 else legal[0]
    preview = foresee(offer.operation)
    parts = [offer.note] if offer.note else []
    if preview is not None:
        parts += _moved(preview)
    if len(legal) > 1:
        other = legal[0] if second else legal[1]
        parts.append(f"{'Without' if second else 'With'} Shift: {_lower(other.title)}.")
    code = _short(qmp_shell(preview.act) or "") if preview is not None and preview.act else ""
    return Hint(f"Drop to {_lower(offer.title)}", " ".join(parts), code)


def _moved(preview: Preview) -> list[str]:
    """How much would move, and what becomes of files."""
    draft = preview.draft
    moves = [f"Moves about {words.size(draft.moves)}."] if draft.moves else []
    return [
        *moves,
        *_files(draft.changed, "changes", "change"),
        *_files(draft.invalid, "becomes invalid", "become invalid"),
    ]


def no_hint(source: str, target: str) -> Hint:
    """The hint over a node that no gesture with the card in hand means."""
    return Hint(
        f"Not here: {target}",
        f"{source} and {target} are not in one chain, so neither can go into the other.",
        tone="amber",
    )


def chosen(offers: tuple[Offer, ...], second: bool) -> Offer | None:
    """The offer that a drop takes; None: it cannot be dropped here."""
    legal = [offer for offer in offers if not offer.reason]
    if not legal:
        return None
    return legal[1] if second and len(legal) > 1 else legal[0]


def _files(paths: tuple[str, ...], one: str, many: str) -> list[str]:
    names = [PurePath(path).name for path in paths]
    if not names:
        return []
    if len(names) > _NAMED:
        return [f"{len(names)} files {many}."]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return [f"{listed} {one if len(names) == 1 else many}."]


def _short(code: str) -> str:
    """The command without what only steers the job; the preview shows all of it."""
    kept = [word for word in code.split(" ") if not word.startswith(_STEERING)]
    return " ".join(kept)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
