"""Unexport: take back an export of ours; the server that we started stops with the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from diskchain.model.root import Export
from diskchain.model.state import State
from diskchain.operations.keys import Keys, without_defaults
from diskchain.operations.operation import Concerns, Objection, Offer
from diskchain.operations.preview import Draft
from diskchain.operations.steps import Send, Step
from diskchain.operations.surroundings import Surroundings
from diskchain.qapi.command import command


@dataclass(frozen=True)
class Unexport:
    """Offer something no longer.

    :ivar export: the export's name (`name=`). `force`: clients that use it are cut off.
    """

    export: str
    force: bool = False

    name: ClassVar[str] = "unexport"
    known: ClassVar[tuple[str, ...]] = ("name", "force")

    @classmethod
    def read(cls, keys: Keys) -> Unexport:
        """From the words of the command line. :raises UsageError: one is missing, or is not understood."""
        return cls(keys.needed("name"), keys.yes("force"))

    def keys(self) -> Mapping[str, str]:
        """The keys as the command line writes them."""
        return without_defaults({"name": self.export, "force": "yes" if self.force else "no"}, force="no")

    def offer(self, state: State) -> Offer:
        """This as an offer, with its reason against it where there is one."""
        first = next(self._objections(state), None)
        return Offer(self, "Unexport", f"End the export {self.export}", first.text if first else "")

    def concerns(self, state: State) -> Concerns:
        """Nothing beside the state."""
        return Concerns()

    def draft(self, state: State, surroundings: Surroundings) -> Draft:
        """Judge, plan and predict."""
        draft = Draft(
            title=f"End the export {self.export}", verb=f"End {self.export}", objections=tuple(self._objections(state))
        )
        export = self._found(state)
        if draft.objections or export is None:
            return draft
        rest = tuple(other for other in state.exports if other is not export)
        last = not any(other.type == "nbd" for other in rest)
        return replace(
            draft,
            steps=tuple(self._steps(export, last)),
            confirm=(f"Clients that read or write {export.id} now are cut off.",) if self.force else (),
            facts=(
                ("Was to be found at", export.uri or "not known"),
                ("The NBD server", "stops: this is its last export" if last else "goes on for the other exports"),
            ),
            stop="nothing",
            about=(export.node,),
            after=replace(state, exports=rest),
        )

    def _found(self, state: State) -> Export | None:
        return next((export for export in state.exports if export.id == self.export), None)

    def _objections(self, state: State) -> Iterator[Objection]:
        export = self._found(state)
        if export is None:
            yield Objection(f"There is no export {self.export} here.")
        elif not export.listen:
            yield Objection(f"The export {self.export} was made by another client: it is left alone.")

    def _steps(self, export: Export, last: bool) -> Iterator[Step]:
        """Take it back; where nobody else is served, stop the server, which removes its socket."""
        away = "" if self.force else " A client may have it open: once all have left it can go, or say force=yes."
        yield Send(
            command("block-export-del", id=export.id, mode="hard" if self.force else None),
            refusal=f"The export {export.id} stays.{away}",
        )
        if last:
            yield Send(command("nbd-server-stop"), tidy=True)
