"""Taking away what is left over at the end of a plan, unless somebody else has come to need it."""

from __future__ import annotations

from diskchain.monitors.monitor import Refused
from diskchain.operations.steps import Send
from diskchain.session.carriage import Carriage
from diskchain.session.worked import Worked


class Tidying:
    """The tidy steps of one operation. `notes`: sentences on what stays are added there."""

    def __init__(self, session: Worked, carriage: Carriage, notes: list[str]) -> None:
        self._session, self._carriage, self._notes = session, carriage, notes
        self._gone: frozenset[str] = frozenset()

    async def tidy(self, step: Send) -> None:
        """Take away what is left over, unless somebody else has come to need it."""
        if step.command.name == "blockdev-del":
            await self._close(step)
        elif step.command.name == "nbd-server-stop":
            others = [e.id for e in (await self._session.refresh()).exports if e.type == "nbd" and not e.shutting_down]
            if others:
                self._notes.append(f"The NBD server goes on: {', '.join(others)} was added meanwhile.")
            else:
                await self._try(step)
        else:
            await self._try(step)

    async def _close(self, step: Send) -> None:
        """Close a node that left the chain, if it is still there and nobody has anything to do with it."""
        name = str(step.command.arguments.get("node-name"))
        if name in self._gone:
            return
        state = await self._session.refresh()
        if name not in state.graph.nodes:
            # Nodes that QEMU closes by itself go all at once: a look for each takes seconds on a long chain.
            self._gone = frozenset(self._carriage.preview.draft.closes) - state.graph.nodes.keys()
            return
        holders = [edge.parent for edge in state.graph.parents(name)]
        holders += [export.id for export in state.exports_on({name})] + [job.id for job in state.jobs_on({name})]
        holders += [device.name for device in state.devices if device.root == name]
        if holders or state.graph.nodes[name].named_bitmaps:
            self._notes.append(f"{name} stays open: {', '.join(holders) or 'a bitmap'} still needs it.")
            return
        await self._try(step)

    async def _try(self, step: Send) -> None:
        """Send what may be refused without harm; a refusal is told. What concerns a node that is gone by now is not sent."""
        node = step.command.arguments.get("node")
        if isinstance(node, str) and node not in (await self._session.refresh()).graph.nodes:
            return
        try:
            await self._session.execute(step.command)
        except Refused as error:
            self._notes.append(f"{step.command.name}: {error.text}.")
