"""Conversations for Rasa's interface: found under the names that clients know, read, and asked to change.

Knows the store and the way in, the inbox, by which every change goes: claimed, in order of arrival, on record
in one transaction with whatever else waits in the conversation. Knows no HTTP.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.contract import Turns, inbound
from bot.channels.rest import conversation_of
from bot.channels.socketio_sessions import conversation_of as page_of
from bot.dialogue.domain import Domain
from bot.dialogue.message import OUTSIDE
from bot.dialogue.outside import opening
from bot.rasa.refusals import failed, no_such_conversation
from bot.rasa.trackers import Tracker
from bot.store.log import Numbered
from bot.store.queue import Listed
from bot.store.store import Store

REST = "rest"  # the channel of a conversation that a program begins: its customer may come by REST


@dataclass(frozen=True, slots=True)
class Conversations:
    """`timeout`: seconds in which a change must be on record; after that it still will be, and the caller is
    told so.
    """

    turns: Turns
    store: Store
    clock: Callable[[], float]
    timeout: float = 30.0

    async def find(self, sender: str) -> Listed | None:
        """The conversation of this id: as it is, as the REST channel files a sender, or as the Socket.IO
        channel files a session.
        """
        for name in dict.fromkeys((sender, conversation_of(sender), page_of(sender))):
            if found := await self.store.queue.find(name):
                return found
        return None

    async def known(self, sender: str) -> Listed:
        """The conversation of this id. Raises Refusal."""
        found = await self.find(sender)
        if found is None:
            raise no_such_conversation()
        return found

    async def tracker(self, sender: str, domain: Domain) -> Tracker:
        """The conversation as it is; one that nobody has begun as it would begin, which is not kept."""
        found = await self.find(sender)
        if found is None or not found.last_seq:
            return Tracker(sender, tuple(opening(domain, sender, at=self.clock())))
        events = [item.event async for item in self.store.log.each(found.id)]
        return Tracker(sender, tuple(events))

    async def ask(
        self,
        sender: str,
        what: dict[str, Any],
        *,
        text: str = "",
        metadata: dict[str, Any] | None = None,
        output: str | None = None,
    ) -> tuple[list[Numbered], bool]:
        """Have `what` done (bot.dialogue.outside): the events that came of it, and whether the customer gets
        them by the conversation's own channel, which `output` may name. Raises Refusal, StoreError.
        """
        found = await self.find(sender)
        channel = found.channel if found else REST
        send = output in ("latest", channel)
        message = inbound(
            conversation_id=found.id if found else conversation_of(sender),
            channel=channel,
            sender=found.sender if found else sender,
            external_id=f"{OUTSIDE}:{uuid.uuid4().hex}",
            text=text,
            at=self.clock(),
        )
        asked = {**(metadata or {}), OUTSIDE: {**what, "send": send}}
        receipt = await self.turns.accept(replace(message, metadata=asked, trusted=True))
        events = await self.turns.answered(receipt, timeout=self.timeout)
        if events is None:
            raise failed(
                "The conversation was busy too long. What was asked is kept and will be done.", status=503
            )
        return events, send and channel != REST
