"""A level-triggered watch on the intake folders, run by the triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from etl.intake.claim import Claim, open_claims
from etl.intake.look import Look, complete, look


class IntakeTrigger(BaseEventTrigger):
    """Fire when a complete file arrives, and again for as long as anything waits.

    Airflow may drop an event, and a restart forgets what was announced. Neither loses a
    file: what waits is announced until it is landed, less and less often while it is the
    same. An event carries a count and no name.
    """

    def __init__(
        self,
        intake: str,
        poll_seconds: float = 1,
        remind_seconds: float = 15,
        remind_seconds_at_most: float = 120,
    ) -> None:
        """Take the folder, the time between two looks, and the times between two reminders."""
        super().__init__()
        self.intake = intake
        self.poll_seconds = poll_seconds
        self.remind_seconds = remind_seconds
        self.remind_seconds_at_most = remind_seconds_at_most

    def serialize(self) -> tuple[str, dict[str, str | float]]:
        """Return how the triggerer makes this trigger anew."""
        return "intake_watch.IntakeTrigger", {
            "intake": self.intake,
            "poll_seconds": self.poll_seconds,
            "remind_seconds": self.remind_seconds,
            "remind_seconds_at_most": self.remind_seconds_at_most,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the number of waiting files and open claims."""
        earlier: Look = {}
        announced: set[Path | Claim] = set()
        due, patience = monotonic(), self.remind_seconds
        while True:
            with suppress(OSError):  # a share that is away comes back; the watch stays
                later, claims = await asyncio.to_thread(self._look)
                waiting: set[Path | Claim] = {*complete(earlier, later), *claims}
                if waiting - announced:
                    due, patience = monotonic(), self.remind_seconds
                if waiting and monotonic() >= due:
                    yield TriggerEvent({"waiting": len(waiting)})
                    due = monotonic() + patience
                    patience = min(2 * patience, self.remind_seconds_at_most)
                earlier, announced = later, waiting
            await asyncio.sleep(self.poll_seconds)

    def _look(self) -> tuple[Look, list[Claim]]:
        folder = Path(self.intake)
        return look(folder), open_claims(folder)
