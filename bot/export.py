"""Streams the log as one redacted record a customer's message, with what the bot made of it and what a person
said it meant.

Knows events and the store; nothing is written here, and nothing that names a person leaves.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.dialogue.events import BotSaid, Decided, Event, HandedOver, Reviewed, UserSaid
from bot.dialogue.text import normalise
from bot.redaction import redact
from bot.store.queue import Listed
from bot.store.store import Store

PSEUDONYM = 16  # bytes: two people never share one, and it cannot be turned back without the secret

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names for people and conversations that stay the same from export to export and mean nothing outside.

    A keyed hash (RFC 2104): who has no secret cannot try telephone numbers until one fits.
    """

    key: bytes

    @classmethod
    def under(cls, secret: str) -> Pseudonyms:
        """Those of a server, by its secret."""
        return cls(hmac.digest(secret.encode(), b"frontdesk: pseudonyms of the export", "sha256"))

    def of(self, kind: str, *parts: str) -> str:
        """The pseudonym of one thing of a kind."""
        message = "\0".join((kind, *parts)).encode()
        return hmac.digest(self.key, message, hashlib.sha256).hex()[: 2 * PSEUDONYM]


@dataclass(slots=True)
class Export:
    """One pass over the log. Counts as it goes. `since` is seconds since the epoch."""

    store: Store
    pseudonyms: Pseudonyms
    since: float = 0.0
    reviewed_only: bool = True
    conversations: int = 0
    messages: int = 0

    async def records(self) -> AsyncIterator[Record]:
        """Every record, conversation after conversation, oldest message first.

        Each conversation is read twice, for its reviews and then for its messages, so that memory holds its
        reviews and one record, however long it is.
        """
        async for conversation in self.store.queue.each():
            if conversation.updated_at < self.since:
                continue
            reviews = await self._reviews(conversation.id)
            if self.reviewed_only and not reviews:
                continue
            before = self.messages
            async for record in self._messages(conversation, reviews):
                self.messages += 1
                yield record
            self.conversations += self.messages > before

    async def _reviews(self, conversation_id: str) -> dict[str, Reviewed]:
        """The latest review of each message that has one."""
        return {
            item.event.message_id: item.event
            async for item in self.store.log.each(conversation_id)
            if isinstance(item.event, Reviewed)
        }

    async def _messages(self, conversation: Listed, reviews: dict[str, Reviewed]) -> AsyncIterator[Record]:
        record: Record | None = None
        async for seq, event in self.store.log.each(conversation.id):
            if not isinstance(event, UserSaid):
                if record is not None:
                    _complete(record, event)
                continue
            if record is not None:
                yield record
            review = reviews.get(event.message_id)
            wanted = event.at >= self.since and (review is not None or not self.reviewed_only)
            wanted = wanted and not event.external  # no customer said it
            record = self._record(conversation, seq, event, review) if wanted else None
        if record is not None:
            yield record

    def _record(self, conversation: Listed, seq: int, said: UserSaid, review: Reviewed | None) -> Record:
        reading, name = said.reading, self.pseudonyms.of
        return {
            "conversation": name("conversation", conversation.id),
            "contact": name("contact", conversation.channel, conversation.sender),
            "seq": seq,
            "channel": said.channel,
            "at": datetime.fromtimestamp(said.at, UTC).isoformat(),
            "text": redact(normalise(said.text)),
            "language": reading.language if reading else conversation.standing.language,
            "intent_read": reading.intent if reading else None,
            "confidence": round(reading.confidence, 4) if reading and reading.intent else None,
            "bundle": reading.bundle or None if reading else None,
            "decided": None,
            "answer_id": None,
            "handed_over": None,
            "reviewed": review and {"intent": review.intent, "by": name("agent", review.agent)},
        }


def _complete(record: Record, event: Event) -> None:
    """Adds what followed the message; the first of a kind is its own."""
    match event:
        case Decided(row=row) if record["decided"] is None:
            record["decided"] = row
        case BotSaid(answer_id=str(answer_id)) if record["answer_id"] is None:
            record["answer_id"] = answer_id
        case HandedOver(reason=reason) if record["handed_over"] is None:
            record["handed_over"] = reason.value
