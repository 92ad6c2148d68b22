"""Waiting until the guest has let go of a device that it was asked to let go of."""

from __future__ import annotations

from diskchain.operations.steps import Gone
from diskchain.qapi.event import Event
from diskchain.session.carriage import Carriage, Phase
from diskchain.session.patience import Patience
from diskchain.session.worked import Halt, Worked

_LOOKS = 10
"""Pauses between two looks whether a device is gone; an event tells that at once."""


class Unplugging:
    """The waiting of one operation for the guest."""

    def __init__(self, session: Worked, carriage: Carriage) -> None:
        self._session, self._carriage = session, carriage
        self._patience = Patience(carriage)
        self._unplugged: list[Event] = []

    def hear(self, event: Event) -> None:
        """Take in an event; for as long as the operation runs."""
        if event.name in ("DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR"):
            self._unplugged.append(event)
            self._carriage.wake.set()

    async def gone(self, step: Gone) -> None:
        """Wait until the guest has let go of a device. :raises Halt: the user gave up, or the guest will not."""
        carriage = self._carriage
        while True:
            self._unplugged.clear()
            if (await self._session.refresh()).device(step.device) is None:
                carriage.waits = ""
                return
            self._patience.tell(f"The guest was asked to let go of {step.device}, and has not done so yet.")
            for _ in range(_LOOKS):
                if carriage.stop or carriage.leaving:
                    text = f"{step.device} goes as soon as the guest lets go of it; its image stays open then."
                    raise Halt(text, outcome=Phase.LEFT if carriage.leaving else Phase.CANCELLED)
                await self._patience.pause()
                if self._refuses(step.device):
                    raise Halt(f"The guest does not let go of {step.device}.")
                if self._unplugged:
                    break

    def _refuses(self, device: str) -> bool:
        """Whether the guest said that it keeps a device."""
        told = (event for event in self._unplugged if event.name != "DEVICE_DELETED")
        return any(event.data.get("device") == device for event in told)
