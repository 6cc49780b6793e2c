"""Drives turns: one at a time per conversation, many conversations at once, each recorded before anybody
hears of it.

Knows claims, the cache of folded conversations and how a failed turn ends; not what a turn decides
(dialogue), how a reply travels (channels) or what besides new messages is to be driven (rounds). A turn whose
claim went stale is thrown away: an agent or another process had the word.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from bot.bot import Bot
from bot.dialogue.conversation import Conversation
from bot.dialogue.events import Event, Returned
from bot.dialogue.fold import fold
from bot.dialogue.message import InboundMessage
from bot.dialogue.outside import is_sent, respond
from bot.dialogue.taking_up import take_up
from bot.errors import place_of
from bot.hub import Hub
from bot.lookout import Lookout
from bot.outcome import apology, replies, standing
from bot.rounds import Rounds
from bot.store.claims import Claim
from bot.store.errors import Contended, LogMoved, StaleClaim, StoreError, StoreUnavailable
from bot.store.inbox import Pending, Receipt
from bot.store.log import Numbered
from bot.store.queue import Listed
from bot.store.store import Store

log = logging.getLogger(__name__)

CACHED = 2000
TRIES = 3


class Manager:
    """`push` names the channels whose replies go out through the outbox; others read the log themselves."""

    def __init__(
        self,
        store: Store,
        bot: Bot,
        hub: Hub,
        *,
        owner: str,
        lease: float,
        at_once: int,
        push: frozenset[str] = frozenset(),
        observe: Callable[[Sequence[Event], float], None] = lambda events, seconds: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.bot = bot
        self._store = store
        self._owner = owner
        self._lease = lease
        self._push = push
        self._observe = observe
        self._clock = clock
        self._room = asyncio.Semaphore(at_once)
        self._lookout = Lookout(store, hub)
        self._rounds = Rounds(
            store,
            self._lookout,
            owner,
            lease,
            clock,
            room=lambda: at_once - len(self._tasks),
            drive=lambda claim: self._spawn(self._drive(claim, clock(), None)),
        )
        self._cache: OrderedDict[str, Conversation] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, message: InboundMessage) -> Receipt:
        """Commit the message, then drive its turn in the background. A redelivery starts no second turn."""
        now = self._clock()
        receipt = await self._store.inbox.accept(
            message, owner=self._owner, now=now, lease_seconds=self._lease
        )
        if receipt.state == "pending":
            self._lookout.expect(receipt.inbox_id)
        if receipt.claim:
            only = Pending(receipt.inbox_id, message) if receipt.fresh and receipt.alone else None
            self._spawn(self._drive(receipt.claim, now, only))
        return receipt

    async def answered(self, receipt: Receipt, *, timeout: float) -> list[Numbered] | None:
        """The events that answered the message, whichever process drove its turn; None if there are none
        within `timeout` seconds.
        """
        if receipt.state == "done":
            return await self._store.log.turn(receipt.inbox_id)
        return await self._lookout.answer(receipt.inbox_id, timeout=timeout)

    async def taking_up(self, found: Listed, returned: Returned) -> list[Event]:
        """The events of a conversation's return to the bot. Nothing is recorded: the caller does it in
        one.
        """
        bot, claim = self.bot, Claim(found.id, found.epoch, self._owner, found.last_seq)
        before = await self._load(claim, whole=True)
        ports = bot.ports(self._store.log, before)
        try:
            return await take_up(
                bot.domain, before, returned, ports, channel=found.channel, sender=found.sender
            )
        except Exception as error:  # the return itself must not fail with the question
            log.error("an open question could not be asked again: %s", place_of(error))
            return [returned]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks again and again while open; finishes the turns under way when closed."""
        looking = asyncio.create_task(self._rounds.run())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, *self._tasks, return_exceptions=True)

    async def look(self) -> None:
        """Go one round now. Raises StoreError."""
        await self._rounds.look()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drive(self, claim: Claim, since: float, first: Pending | None) -> None:
        """Answer the messages of the conversation claimed at `since`, oldest first, until none waits."""
        async with self._room:
            try:
                # Whoever waited long for room may have lost the claim, and must not begin a turn then.
                if self._clock() - since > self._lease / 3:
                    await self._renew(claim)
                pending, more = first or await self._store.inbox.next_message(claim), True
                while more and pending:
                    claim, more = await self._answer(claim, pending)
                    pending = await self._store.inbox.next_message(claim) if more else None
                if more:
                    await self._store.claims.release(claim)
            except LogMoved:
                await self._let_go(claim)
            except StaleClaim:
                self._cache.pop(claim.conversation_id, None)
            except StoreError as error:
                log.error("a turn could not be recorded: %s; it will be tried again", error.code)
                await self._let_go(claim)
            except Exception as error:  # the conversation must not wait for its lease to run out
                log.error("a turn could not be driven: %s; it will be tried again", place_of(error))
                await self._let_go(claim)

    async def _let_go(self, claim: Claim) -> None:
        """Let somebody else try at once, as far as the store can be told."""
        self._cache.pop(claim.conversation_id, None)
        with suppress(StoreError):
            await self._store.claims.release(claim)

    async def _answer(self, claim: Claim, pending: Pending) -> tuple[Claim, bool]:
        """One turn: load, decide, record, tell. The claim afterwards, and whether another message waits."""
        began = time.perf_counter()
        for attempt in range(TRIES):
            before = await self._load(claim, whole=attempt > 0)
            claim = replace(claim, last_seq=before.seq)
            async with self._renewing(claim):
                events = await self._decide(before, pending.message)
            try:
                events, after, more = await self._record(claim, before, pending, events)
            except LogMoved:
                self._cache.pop(claim.conversation_id, None)
                if attempt + 1 == TRIES:
                    raise
                continue
            self._keep(after)
            self._observe(events, time.perf_counter() - began)
            items = [Numbered(before.seq + place, event) for place, event in enumerate(events, start=1)]
            self._lookout.tell(claim.conversation_id, pending.inbox_id, items)
            return replace(claim, last_seq=after.seq), more
        raise AssertionError("the last attempt returns or raises")

    async def _decide(self, before: Conversation, message: InboundMessage) -> list[Event]:
        bot, ports = self.bot, self.bot.ports(self._store.log, before)
        try:
            return [event async for event in respond(bot.domain, before, message, ports)]
        except Exception as error:  # whatever broke, the customer gets a sentence and a person
            log.error("a turn failed: %s", place_of(error))
            return apology(before, message, bot.domain, reason="internal")

    async def _record(
        self, claim: Claim, before: Conversation, pending: Pending, events: list[Event]
    ) -> tuple[list[Event], Conversation, bool]:
        """The events that went on record, the conversation after them, and whether another message waits."""
        try:
            return events, *await self._write(claim, before, pending, events)
        except (StaleClaim, StoreUnavailable, Contended):
            raise
        except Exception as error:  # no later attempt can write this, and its actions must not run again
            log.error("a turn cannot be kept: %s", place_of(error))
            events = apology(before, pending.message, self.bot.domain, reason="unstorable")
            return events, *await self._write(claim, before, pending, events)

    async def _write(
        self, claim: Claim, before: Conversation, pending: Pending, events: Sequence[Event]
    ) -> tuple[Conversation, bool]:
        after = fold(before, events)
        message = pending.message
        pushed = message.channel in self._push and is_sent(message)
        more = await self._store.log.record(
            claim,
            events=events,
            after_seq=before.seq,
            done=pending.inbox_id,
            replies=replies(message.channel, message.sender, events) if pushed else (),
            standing=standing(before, after, events),
            now=self._clock(),
            lease_seconds=self._lease,
        )
        return after, more

    async def _load(self, claim: Claim, *, whole: bool) -> Conversation:
        """The fold of the log as the claim found it (`whole`: as it is now), from the cache as far as that
        goes.
        """
        known = self._cache.get(claim.conversation_id) or Conversation(claim.conversation_id)
        if known.seq > claim.last_seq:
            known = Conversation(claim.conversation_id)
        while whole or known.seq < claim.last_seq:
            page = await self._store.log.after(claim.conversation_id, known.seq)
            if not page:
                break
            known = fold(known, (item.event for item in page))
        return known

    def _keep(self, conversation: Conversation) -> None:
        self._cache[conversation.id] = conversation
        self._cache.move_to_end(conversation.id)
        while len(self._cache) > CACHED:
            self._cache.popitem(last=False)

    @asynccontextmanager
    async def _renewing(self, claim: Claim) -> AsyncIterator[None]:
        """Keeps the lease while a slow turn runs. A lost claim shows when the turn is recorded."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(self._lease / 3)
                with suppress(StoreError):
                    await self._renew(claim)

        task = asyncio.create_task(renew())
        try:
            yield
        finally:
            task.cancel()

    async def _renew(self, claim: Claim) -> None:
        await self._store.claims.renew(claim, now=self._clock(), lease_seconds=self._lease)
