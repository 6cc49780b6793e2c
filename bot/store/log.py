"""The log of each conversation: a turn's events, written with its replies in one transaction, and read back.

Knows sequence numbers, fences and the conversation's standing; not what the events mean.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    bindparam,
    insert,
    select,
    update,
)

from bot.dialogue.events import Event
from bot.dialogue.wire import from_json
from bot.store.claims import Claim
from bot.store.engine import Database, check_id, in_parts
from bot.store.errors import NoSuchConversation, WrongChannel
from bot.store.schema import conversations as c
from bot.store.schema import events as e
from bot.store.schema import inbox as i
from bot.store.schema import new_conversation
from bot.store.turn import (
    Outgoing,
    Standing,
    Turn,
    record_turn,
    standing_columns,
    standing_values,
    write_events,
)


class Numbered(NamedTuple):
    """An event and its place in its conversation's log, counted from 1 without gaps."""

    seq: int
    event: Event


@dataclass(frozen=True, slots=True)
class Log:
    """The events of all conversations."""

    database: Database

    async def record(
        self,
        claim: Claim,
        *,
        events: Sequence[Event],
        after_seq: int,
        done: int | None,
        replies: Sequence[Outgoing] = (),
        standing: Standing | None = None,
        now: float,
        lease_seconds: float,
        release: bool = True,
    ) -> bool:
        """Write a turn: its events (numbered after `after_seq`), its replies, its message (`done`) answered.

        One commit. True when another message is waiting: the lease is then kept until `now + lease_seconds`;
        otherwise it is given back if `release`. `standing=None` leaves the standing as it is. Raises
        StaleClaim (epoch or owner changed, or the message is answered already), LogMoved (the log's last
        event is not `after_seq`), UnstorableValue; then nothing is written.
        """
        turn = Turn(tuple(events), after_seq, done, tuple(replies), standing, now, lease_seconds, release)
        return await self.database.write(partial(record_turn, claim, turn))

    async def append(
        self, conversation_id: str, events: Sequence[Event], *, now: float, standing: Standing | None = None
    ) -> int:
        """Write events at the log's end whoever holds the conversation (reviews, operators). The last seq.

        A turn under way then gets LogMoved. Raises NoSuchConversation, UnstorableValue.
        """
        return await self.database.write(partial(_append, conversation_id, tuple(events), standing, now))

    async def open(self, conversation_id: str, *, channel: str, sender: str, now: float) -> bool:
        """Make an empty conversation; False if it exists. Raises WrongChannel, UnusableId."""
        for name in (conversation_id, channel, sender):
            check_id(name)
        return await self.database.write(partial(_open, conversation_id, channel, sender, now))

    async def after(self, conversation_id: str, seq: int = 0, *, limit: int = 10_000) -> list[Numbered]:
        """The events after `seq`, oldest first, at most `limit`."""
        return await self.database.read(partial(_after, conversation_id, seq, limit))

    async def turn(self, inbox_id: int) -> list[Numbered]:
        """The events that answered a message (none while it is pending), to answer a redelivery with."""
        return await self.database.read(partial(_turn_of, inbox_id))

    async def lengths(self, conversation_ids: Sequence[str]) -> dict[str, int]:
        """The number of the last event of each of these conversations that exist."""
        found: dict[str, int] = {}
        for part in in_parts(conversation_ids):
            found |= await self.database.read(partial(_lengths, part))
        return found

    async def each(self, conversation_id: str, *, page: int = 500) -> AsyncIterator[Numbered]:
        """Every event of a conversation, oldest first, in constant memory."""
        seq = 0
        while rows := await self.after(conversation_id, seq, limit=page):
            for row in rows:
                yield row
            seq = rows[-1].seq


_EXTEND = {
    standing: update(c)
    .where(c.c.id == bindparam("conversation"))
    .values(
        last_seq=c.c.last_seq + bindparam("count"),
        updated_at=bindparam("now"),
        **(standing_columns() if standing else {}),
    )
    .returning(c.c.last_seq)
    for standing in (True, False)
}
_channel = select(c.c.channel).where(c.c.id == bindparam("conversation"))
_read_lengths = select(c.c.id, c.c.last_seq).where(c.c.id.in_(bindparam("ids", expanding=True)))
_read_after = (
    select(e.c.seq, e.c.body)
    .where(e.c.conversation_id == bindparam("conversation"), e.c.seq > bindparam("after_seq"))
    .order_by(e.c.seq)
    .limit(bindparam("limit"))
)
_read_turn = (
    select(e.c.seq, e.c.body)
    .join(i, i.c.conversation_id == e.c.conversation_id)
    .where(i.c.id == bindparam("inbox_id"), e.c.seq.between(i.c.first_seq, i.c.last_seq))
    .order_by(e.c.seq)
)


def _append(
    conversation_id: str,
    events: tuple[Event, ...],
    standing: Standing | None,
    now: float,
    connection: Connection,
) -> int:
    values = {"conversation": conversation_id, "count": len(events), "now": now}
    values.update(standing_values(standing))
    last_seq = connection.execute(_EXTEND[standing is not None], values).scalar_one_or_none()
    if last_seq is None:
        raise NoSuchConversation("there is no conversation of this id")
    write_events(connection, conversation_id, events, last_seq - len(events))
    return int(last_seq)


def _open(conversation_id: str, channel: str, sender: str, now: float, connection: Connection) -> bool:
    known = connection.execute(_channel, {"conversation": conversation_id}).scalar_one_or_none()
    if known is None:
        connection.execute(insert(c), new_conversation(conversation_id, channel, sender, now))
        return True
    if known != channel:
        raise WrongChannel("a conversation of this id exists on another channel; use another id")
    return False


def _after(conversation_id: str, seq: int, limit: int, connection: Connection) -> list[Numbered]:
    values = {"conversation": conversation_id, "after_seq": seq, "limit": limit}
    return [Numbered(number, from_json(body)) for number, body in connection.execute(_read_after, values)]


def _turn_of(inbox_id: int, connection: Connection) -> list[Numbered]:
    return [
        Numbered(number, from_json(body))
        for number, body in connection.execute(_read_turn, {"inbox_id": inbox_id})
    ]


def _lengths(conversation_ids: Sequence[str], connection: Connection) -> dict[str, int]:
    rows = connection.execute(_read_lengths, {"ids": conversation_ids})
    return {conversation_id: last_seq for conversation_id, last_seq in rows}
