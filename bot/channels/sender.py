"""Sends what the outbox holds: each conversation in order, many at once, tried again until sent or given up.

Knows when to try again; not how a platform is spoken to (the channels) or what is due (the store). A bell
wakes it at once; otherwise it looks again after a while, for replies that another process left behind.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from bot.channels.contract import Platform, SendFailed
from bot.hub import Hub
from bot.store.errors import StoreError
from bot.store.outbox import Delivery, Outbox

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reply is tried. Times are seconds; the wait doubles from `first` up to `most`, less some
    jitter.
    """

    first: float = 1.0
    most: float = 300.0
    attempts: int = 20
    longest_wish: float = 3600.0  # how long a platform may ask us to wait

    def wait(self, attempt: int, *, wish: float | None, chance: float) -> float:
        """Seconds before the next attempt; `chance` is drawn from 0..1."""
        if wish is not None:
            return min(wish, self.longest_wish) + chance
        return min(self.most, self.first * 2.0 ** (attempt - 1)) * (0.5 + chance / 2)


@dataclass(slots=True)
class Sender:
    """`run` until cancelled. `lease`: seconds within which one attempt must end."""

    outbox: Outbox
    platforms: Mapping[str, Platform]
    hub: Hub
    owner: str
    patience: Patience = Patience()
    at_once: int = 16
    lease: float = 60.0
    look_again: float = 5.0
    grace: float = 10.0
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _wake_at: float = 0.0

    async def run(self) -> None:
        """Send for ever. When cancelled, attempts under way get `grace` seconds to end, so that none is
        repeated.
        """
        with self.hub.watching() as bell:
            try:
                while True:
                    bell.clear()
                    if not await self._start_due(bell):
                        await self._rest(bell)
            finally:
                await self._finish()

    async def _start_due(self, bell: asyncio.Event) -> bool:
        """Start what is due as far as there is room; whether anything was."""
        room = self.at_once - len(self._under_way)
        if room <= 0:
            return False
        now = self.clock()
        try:
            due = await self.outbox.due(owner=self.owner, now=now, lease_seconds=self.lease, limit=room)
        except StoreError as error:
            log.warning("the outbox could not be read: %s", error.code)
            return False
        for delivery in due:
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            task.add_done_callback(lambda _: bell.set())
        return bool(due)

    async def _rest(self, bell: asyncio.Event) -> None:
        """Until a bell, the next known retry, or the next look of its own accord."""
        now = self.clock()
        known = self._wake_at - now if self._wake_at > now else self.look_again
        with suppress(TimeoutError):
            async with asyncio.timeout(min(known, self.look_again)):
                await bell.wait()

    async def _deliver(self, delivery: Delivery) -> None:
        """One attempt, and its outcome on record."""
        try:
            failure, provider_id = await self._attempt(delivery)
            if failure is None:
                await self.outbox.sent(delivery, provider_id=provider_id)
            elif failure.permanent or delivery.attempt >= self.patience.attempts:
                log.warning("reply %d on %s is given up: %s", delivery.id, delivery.channel, failure.error)
                await self.outbox.give_up(delivery, error=failure.error)
            else:
                wait = self.patience.wait(delivery.attempt, wish=failure.retry_after, chance=self.chance())
                next_at = self.clock() + wait
                self._wake_at = min(next_at, self._wake_at) if self._wake_at > self.clock() else next_at
                await self.outbox.retry(delivery, next_at=next_at, error=failure.error)
        except StoreError as error:
            # The lease runs out and the reply is tried again: better twice than never.
            log.error("what became of reply %d could not be kept: %s", delivery.id, error.code)

    async def _attempt(self, delivery: Delivery) -> tuple[SendFailed | None, str | None]:
        platform = self.platforms.get(delivery.channel)
        if platform is None:
            return SendFailed("channel_closed"), None
        try:
            async with asyncio.timeout(self.lease * 0.8):
                return None, await platform.send(delivery)
        except SendFailed as failure:
            return failure, None
        except TimeoutError:
            return SendFailed("timeout"), None
        except Exception as error:  # a reply that breaks its channel must not stop the others
            log.error("reply %d broke its channel: %s", delivery.id, type(error).__name__)
            return SendFailed("channel_failed"), None

    async def _finish(self) -> None:
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=self.grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
