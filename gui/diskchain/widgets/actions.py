"""What can be done, by key, button or menu: one list of actions, and menus made from the offers of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from diskchain.model.node import Kind
from diskchain.picture.words import one_line
from diskchain.widgets.dialogs.choosing import OfferChooser
from diskchain.widgets.grouping import Many, grouped
from diskchain.widgets.standing import why_not

if TYPE_CHECKING:
    from diskchain.model.state import State
    from diskchain.operations.operation import Offer
    from diskchain.session.session import Session


@dataclass(frozen=True)
class _Said:
    """An action's words and keys."""

    text: str
    keys: tuple[str, ...]


ACTIONS: Mapping[str, _Said] = {
    "connect": _Said("Connect to a machine…", ("Ctrl+N", "Ctrl+O")),
    "close": _Said("Hang up on this machine", ("Ctrl+W",)),
    "snapshot": _Said("Snapshot…", ("Ctrl+S",)),
    "commit": _Said("Commit…", ("Ctrl+D",)),
    "stream": _Said("Stream…", ("Ctrl+U",)),
    "mirror": _Said("Mirror…", ("Ctrl+Shift+M",)),
    "backup": _Said("Backup…", ("Ctrl+B",)),
    "export": _Said("Export…", ("Ctrl+E",)),
    "menu": _Said("What can be done with the selection", ("Ctrl+M",)),
    "look": _Said("Look again now", ("F5",)),
    "record": _Said("Record everything to a file", ("Ctrl+R",)),
    "chain": _Said("Chain", ("Ctrl+1",)),
    "full": _Said("Full graph", ("Ctrl+2",)),
    "find": _Said("Find a node", ("Ctrl+F",)),
    "zoom-in": _Said("Zoom in", ("Ctrl++", "Ctrl+=")),
    "zoom-out": _Said("Zoom out", ("Ctrl+-",)),
    "fit": _Said("Show everything", ("Ctrl+0",)),
    "scheme": _Said("Light or dark", ("Ctrl+L",)),
    "keys": _Said("Keys", ("F1",)),
    "full-screen": _Said("Full screen", ("F11",)),
    "cancel": _Said("Put back, or leave the preview", ("Esc",)),
    "quit": _Said("Quit", ("Ctrl+Q",)),
}
"""Name -> words and keys, in the order of the overview (F1)."""

CANVAS_KEYS = (
    ("Arrows", "along the chain"),
    ("Enter", "menu of the selected node"),
    ("C", "pick up, then arrows and Enter: drop"),
    ("Drag a node down its chain", "commit it there"),
    ("Drag a node up its chain", "stream it there"),
    ("Drag a disk's image into a well below it", "mirror it, or back it up"),
    ("Drag the ground", "move the picture"),
)


class Actions:
    """The actions of one window.

    :ivar by_name: name -> action. What each does is connected by `on`.
    """

    def __init__(self, window: QWidget) -> None:
        self.by_name: dict[str, QAction] = {}
        for name, said in ACTIONS.items():
            action = QAction(said.text, window)
            action.setObjectName(f"action-{name}")
            action.setShortcuts([QKeySequence(key) for key in said.keys])
            window.addAction(action)
            self.by_name[name] = action

    def on(self, name: str, act: Callable[[], object]) -> None:
        """Have an action do something."""
        self.by_name[name].triggered.connect(lambda _=False: act())


def offers_menu(
    parent: QWidget, offers: Iterable[Offer], chosen: Callable[[Offer], object], nothing: str = ""
) -> QMenu:
    """A menu of offers; what cannot be had is there too, with its reason. It deletes itself when closed.

    The first that can be had is lit, so that Enter does it. Of very many, the likely ones are there and a list of all.

    :param nothing: why there is no offer at all, if there is none (`why_nothing`).
    """
    menu = QMenu(parent)
    menu.setObjectName("offersMenu")
    menu.setToolTipsVisible(True)
    menu.aboutToHide.connect(menu.deleteLater)
    for number, offer in enumerate(grouped(offers)):
        action = _many(menu, parent, offer, chosen) if isinstance(offer, Many) else _one(menu, offer, chosen)
        action.setObjectName(f"offer{number + 1}")
    if menu.isEmpty():
        menu.addAction((nothing or "Nothing can be done here.").replace("&", "&&")).setEnabled(False)
    possible = next((action for action in menu.actions() if action.isEnabled()), None)
    if possible is not None:
        menu.setActiveAction(possible)
    return menu


def _one(menu: QMenu, offer: Offer, chosen: Callable[[Offer], object]) -> QAction:
    words = f"{offer.title}…" if not offer.reason else f"{offer.title}: {offer.reason}"
    action = menu.addAction(words.replace("&", "&&"))
    action.setEnabled(not offer.reason)
    action.setToolTip(offer.reason or offer.title)
    action.triggered.connect(lambda _=False: chosen(offer))
    return action


def _many(menu: QMenu, parent: QWidget, many: Many, chosen: Callable[[Offer], object]) -> QAction:
    action = menu.addAction(f"{many.title} ({len(many.offers)})…")
    action.triggered.connect(lambda _=False: OfferChooser(parent, many, chosen).show())
    return action


def why_nothing(session: Session, key: str) -> str:
    """Why nothing is offered for a node, where nothing is: one sentence."""
    state = session.state
    if session.link != "live" or state is None:
        return "The line to the machine is not open, so nothing can be done."
    if refused := why_not(session):
        return refused
    if key not in state.graph.nodes and any(key in (entry.path, entry.node) for entry in session.ledger.entries):
        return f"{one_line(state.naming.of(key))} is not open any more; its file stays as it is."
    return (
        _why_not_here(state, key)
        if key
        else "No disk here has an image below its top to commit into or to stream from."
    )


def _why_not_here(state: State, key: str) -> str:
    name, node = one_line(state.naming.of(key)), state.graph.nodes.get(key)
    if node is None:
        if state.job(key) is not None:
            return f"The job {name} can only be waited for in its present state."
        return f"{name} has no image in it, or is no longer there."
    if node.kind is Kind.FILTER:
        return f"{name} is a filter: choose the image below it. A job's filter goes when its job ends."
    if state.graph.is_leftover_child(key):
        return f"{name} is the file of an image: choose the image."
    return f"{name} has no image below it to commit into or to stream from. Choose an image above it."


def offers_for(session: Session, key: str) -> Iterator[Offer]:
    """What can be done with what is selected, one by one: a node, a disk (its active node), a job; empty key: the machine."""
    return session.operations.for_machine() if not key else iter(_offers_for_part(session, key))


def _offers_for_part(session: Session, key: str) -> tuple[Offer, ...]:
    state = session.state
    if state is None:
        return ()
    if (device := state.device(key)) is not None and key not in state.graph.nodes:
        active = state.active_of(device)
        return session.operations.for_node(active) if active else ()
    if state.job(key) is not None:
        return session.operations.for_job(key)
    return session.operations.for_node(key) if key in state.graph.nodes else session.operations.for_remembered(key)


def offers_named(session: Session, name: str, key: str) -> tuple[Offer, ...]:
    """The offers of one operation for what is selected, and for the whole machine; where nothing is selected, for every disk."""
    state = session.state
    if state is None:
        return ()
    found = [offer for offer in offers_for(session, key) if key and offer.operation.name == name]
    known = [offer.operation for offer in found]
    whole = [offer for offer in session.operations.for_machine() if offer.operation.name == name]
    found += [offer for offer in whole if offer.operation not in known]
    if not key:
        tops = [active for device in state.devices if (active := state.active_of(device)) is not None]
        more = [offer for top in dict.fromkeys(tops) for offer in session.operations.for_node(top)]
        found += [offer for offer in more if offer.operation.name == name and offer not in found]
    return tuple(found)
