"""Drives turns: one at a time per conversation, many conversations at once, each recorded before anybody
hears of it.

Knows claims, the cache of folded conversations and how a failed turn ends; not what a turn decides
(dialogue) or how a reply travels (channels). A turn whose claim went stale is thrown away: an agent or
another process had the word.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from bot.action_client import ActionClient
from bot.dialogue.conversation import Conversation, Holder, fold
from bot.dialogue.domain import Domain
from bot.dialogue.events import BotSaid, Event, Failed, HandedOver, Reason, UserSaid
from bot.dialogue.message import InboundMessage
from bot.dialogue.phrases import PHRASES
from bot.dialogue.ports import ActionCall, ActionError, ActionReply, Ports
from bot.dialogue.turn import turn
from bot.hub import Hub
from bot.inference import Inference
from bot.store.claims import Claim
from bot.store.errors import LogMoved, StaleClaim, StoreError
from bot.store.inbox import Pending, Receipt
from bot.store.log import Numbered
from bot.store.store import Store
from bot.store.turn import Outgoing, Standing

log = logging.getLogger(__name__)

CACHED = 2000
SWEEP = 1.0  # seconds between looks for messages whose turn nobody drives (a crash, another process)
TRIES = 3
EARLIER = 500  # events before the turn that an action server is sent


@dataclass(frozen=True, slots=True)
class Bot:
    """What a turn is driven with. Swapped as a whole when the project or the bundle changes."""

    domain: Domain
    inference: Inference
    actions: ActionClient | None


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
        self._hub = hub
        self._owner = owner
        self._lease = lease
        self._push = push
        self._observe = observe
        self._clock = clock
        self._room = asyncio.Semaphore(at_once)
        self._cache: OrderedDict[str, Conversation] = OrderedDict()
        self._waiting: dict[int, asyncio.Future[list[Numbered]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, message: InboundMessage) -> Receipt:
        """Commit the message, then drive its turn in the background. A redelivery starts no second turn."""
        receipt = await self._store.inbox.accept(
            message, owner=self._owner, now=self._clock(), lease_seconds=self._lease
        )
        if receipt.state == "pending":
            self._waiting.setdefault(receipt.inbox_id, asyncio.get_running_loop().create_future())
        if receipt.claim:
            only = Pending(receipt.inbox_id, message) if receipt.fresh and receipt.alone else None
            self._spawn(self._drive(receipt.claim, only))
        return receipt

    async def answered(self, receipt: Receipt, *, timeout: float) -> list[Numbered] | None:
        """The events that answered the message; None if there are none within `timeout` seconds."""
        future = self._waiting.get(receipt.inbox_id)
        if receipt.state == "done" or future is None:
            return await self._store.log.turn(receipt.inbox_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                return await asyncio.shield(future)
        return None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks for undriven messages while open; finishes the turns under way when closed."""
        sweeper = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeper.cancel()
            await asyncio.gather(sweeper, *self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sweep(self) -> None:
        while True:
            try:
                claims = await self._store.claims.waiting(
                    owner=self._owner, now=self._clock(), lease_seconds=self._lease, limit=32
                )
                for claim in claims:
                    self._spawn(self._drive(claim, None))
            except StoreError as error:
                log.warning("looking for waiting messages failed: %s", error.code)
            await asyncio.sleep(SWEEP)

    async def _drive(self, claim: Claim, first: Pending | None) -> None:
        """Answer the conversation's messages, oldest first, until none waits."""
        async with self._room:
            try:
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
            claim = Claim(claim.conversation_id, claim.epoch, claim.owner, before.seq)
            async with self._renewing(claim):
                events = await self._decide(before, pending.message)
            after = fold(before, events)
            try:
                more = await self._store.log.record(
                    claim,
                    events=events,
                    after_seq=before.seq,
                    done=pending.inbox_id,
                    replies=self._replies(pending.message, events),
                    standing=_standing(before, after, events),
                    now=self._clock(),
                    lease_seconds=self._lease,
                )
            except LogMoved:
                self._cache.pop(claim.conversation_id, None)
                if attempt + 1 == TRIES:
                    raise
                continue
            self._keep(after)
            self._observe(events, time.perf_counter() - began)
            self._tell(pending, before.seq, events)
            return Claim(claim.conversation_id, claim.epoch, claim.owner, after.seq), more
        raise AssertionError("the last attempt returns or raises")

    async def _decide(self, before: Conversation, message: InboundMessage) -> list[Event]:
        bot = self.bot
        ports = Ports(read=bot.inference.read, act=self._acting(bot, before), word=bot.inference.word)
        try:
            return [event async for event in turn(bot.domain, before, message, ports)]
        except (
            Exception
        ):  # the last line of defence: whatever broke, the customer gets a sentence and a person
            log.exception("a turn failed")
            return _apology(before, message, bot.domain)

    def _acting(
        self, bot: Bot, before: Conversation
    ) -> Callable[[ActionCall], Coroutine[Any, Any, ActionReply]]:
        async def act(call: ActionCall) -> ActionReply:
            if bot.actions is None:
                raise ActionError("no_action_server")
            earlier = await self._store.log.after(before.id, max(0, before.seq - EARLIER), limit=EARLIER)
            return await bot.actions.run(call, [item.event for item in earlier])

        return act

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

    def _tell(self, pending: Pending, seq: int, events: Sequence[Event]) -> None:
        future = self._waiting.pop(pending.inbox_id, None)
        if future and not future.done():
            future.set_result([Numbered(seq + place, event) for place, event in enumerate(events, start=1)])
        self._hub.ring(pending.message.conversation_id)

    def _replies(self, message: InboundMessage, events: Sequence[Event]) -> list[Outgoing]:
        if message.channel not in self._push:
            return []
        return [
            Outgoing(place, message.channel, message.sender, said_json(event))
            for place, event in enumerate(events)
            if isinstance(event, BotSaid)
        ]

    @asynccontextmanager
    async def _renewing(self, claim: Claim) -> AsyncIterator[None]:
        """Keeps the lease while a slow turn runs. A lost claim shows when the turn is recorded."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(self._lease / 3)
                with suppress(StoreError):
                    await self._store.claims.renew(claim, now=self._clock(), lease_seconds=self._lease)

        task = asyncio.create_task(renew())
        try:
            yield
        finally:
            task.cancel()


def said_json(said: BotSaid) -> dict[str, Any]:
    """A bot message as channels send it: only the parts it has."""
    parts = {
        "text": said.text,
        "buttons": [{"title": button.title, "payload": button.payload} for button in said.buttons],
        "image": said.image,
        "attachment": said.attachment,
        "custom": said.custom,
    }
    return {name: value for name, value in parts.items() if value}


def _standing(before: Conversation, after: Conversation, events: Sequence[Event]) -> Standing | None:
    """What lists show, where this turn changed it."""
    if before.holder is after.holder and before.language == after.language:
        return None
    handed = next((event for event in events if isinstance(event, HandedOver)), None)
    if after.holder is Holder.QUEUE and handed is None:
        return None
    return Standing(
        holder=after.holder.value,
        agent=after.agent,
        language=after.language,
        reason=handed.reason.value if handed else None,
        waiting_since=handed.at if handed else None,
    )


def _apology(before: Conversation, message: InboundMessage, domain: Domain) -> list[Event]:
    """The events of a turn that broke."""
    language = before.language or domain.languages[0]
    phrase = PHRASES["utter_action_failed"]
    return [
        UserSaid(at=message.at, text=message.text, message_id=message.external_id, channel=message.channel),
        Failed(at=message.at, part="turn", reason="internal"),
        BotSaid(at=message.at, text=phrase.get(language, phrase["en"]), response="utter_action_failed"),
        HandedOver(
            at=message.at, reason=Reason.MODEL_FAILED, packet={"intent": None, "slots": {}, "drafts": []}
        ),
    ]
