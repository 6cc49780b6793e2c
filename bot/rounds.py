"""Goes its rounds through the store: takes up the timers that are due, finds the messages that nobody drives,
hears what other processes recorded.

Knows when to look and how much to take on; not how a turn is driven (manager).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import place_of
from bot.lookout import Lookout
from bot.store.claims import Claim
from bot.store.errors import StoreError, StoreUnavailable
from bot.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between looks
AT_MOST = 32  # conversations taken up in one look
TOO_LATE = 24 * 3600.0  # seconds after which a reminder that nobody took up is of no use any more


@dataclass(frozen=True, slots=True)
class Rounds:
    """`room` says how many more conversations could be driven now, `drive` begins with one."""

    store: Store
    lookout: Lookout
    owner: str
    lease: float
    clock: Callable[[], float]
    room: Callable[[], int]
    drive: Callable[[Claim], None]

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("looking for waiting messages failed: %s", error.code)
            except Exception as error:  # a look that breaks must not be the last
                log.error("looking for waiting messages failed: %s", place_of(error))
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """One round. Raises StoreError."""
        room = min(self.room(), AT_MOST)
        if room > 0:
            await self._take_up_timers(room)
            claims = await self.store.claims.waiting(
                owner=self.owner, now=self.clock(), lease_seconds=self.lease, limit=room
            )
            for claim in claims:
                self.drive(claim)
        await self.lookout.look()

    async def _take_up_timers(self, room: int) -> None:
        for timer in await self.store.timers.due(now=self.clock(), limit=room):
            try:
                await self.store.timers.take_up(timer, now=self.clock(), too_late=TOO_LATE)
            except StoreUnavailable:
                raise
            except Exception as error:  # one that cannot be taken up must not hold up the others
                log.error("a timer could not be taken up: %s", place_of(error))
