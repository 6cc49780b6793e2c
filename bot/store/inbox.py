"""Messages on their way in: kept once before the platform is told so, answered once, in order of arrival.

Knows duplicates, order and which events answered what; not how a message is understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, func, insert, literal_column, select, update

from bot.dialogue.message import InboundMessage
from bot.store.claims import Claim
from bot.store.engine import Database, check_id, in_parts
from bot.store.errors import Contended, WrongChannel
from bot.store.schema import conversations as c
from bot.store.schema import inbox as i
from bot.store.schema import new_conversation

State = Literal["pending", "done"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The message is on disk. `fresh` is False for a redelivery, which changes nothing.

    `alone`: it is the conversation's only unanswered message, so that no other comes first.

    `claim` is given when nobody held the conversation and it has unanswered messages: whoever gets it must
    drive them (also on a redelivery whose first delivery died before its turn). `first_seq..last_seq` are the
    events that answered a `done` message.
    """

    inbox_id: int
    conversation_id: str
    fresh: bool
    claim: Claim | None
    alone: bool = False
    state: State = "pending"
    first_seq: int | None = None
    last_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """An unanswered message with the id that `Log.record(done=…)` wants."""

    inbox_id: int
    message: InboundMessage


@dataclass(frozen=True, slots=True)
class Inbox:
    """The messages customers sent."""

    database: Database

    async def accept(
        self, message: InboundMessage, *, owner: str, now: float, lease_seconds: float
    ) -> Receipt:
        """Keep the message, open its conversation if it is new, and claim it if it is free: one commit.

        Raises WrongChannel, UnusableId, UnstorableValue (metadata), StoreUnavailable.
        """
        for name in (message.conversation_id, message.channel, message.sender, message.external_id):
            check_id(name)
        return await self.database.write(partial(_accept, message, owner, now, lease_seconds))

    async def next_message(self, claim: Claim) -> Pending | None:
        """The oldest unanswered message of the claimed conversation, or None."""
        return await self.database.read(partial(_next_message, claim.conversation_id))

    async def unanswered(self, inbox_ids: Sequence[int]) -> set[int]:
        """Those of these messages that still wait for their turn."""
        found: set[int] = set()
        for part in in_parts(inbox_ids):
            found |= await self.database.read(partial(_unanswered, part))
        return found


def keep_message(connection: Connection, message: InboundMessage) -> int | None:
    """Put the message in the inbox of a conversation whose row is locked: its inbox id, or None for one that
    came before. Counting it is the caller's.
    """
    where = {"channel": message.channel, "external_id": message.external_id}
    if connection.execute(_known, where).one_or_none() is not None:
        return None
    return int(connection.execute(_keep, _row(message)).scalar_one())


_known = select(i.c.id, i.c.conversation_id, i.c.state, i.c.first_seq, i.c.last_seq).where(
    i.c.channel == bindparam("channel"), i.c.external_id == bindparam("external_id")
)
_locked = (
    select(c.c.channel, c.c.epoch, c.c.lease_until, c.c.lease_owner, c.c.pending, c.c.last_seq)
    .where(c.c.id == bindparam("conversation"))
    .with_for_update()
)
_open = insert(c)
_arrive = (
    update(c)
    .where(c.c.id == bindparam("conversation"))
    .values(
        pending=c.c.pending + bindparam("arrived"),
        pending_since=func.coalesce(c.c.pending_since, bindparam("now")),
        updated_at=bindparam("now"),
        epoch=bindparam("epoch"),
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
    )
)
_keep = insert(i).returning(i.c.id)
_next = (
    select(i)
    .where(i.c.conversation_id == bindparam("conversation"), i.c.state == literal_column("'pending'"))
    .order_by(i.c.id)
    .limit(literal_column("1"))
)
_still_pending = select(i.c.id).where(
    i.c.id.in_(bindparam("ids", expanding=True)), i.c.state == literal_column("'pending'")
)


def _accept(
    message: InboundMessage, owner: str, now: float, lease_seconds: float, connection: Connection
) -> Receipt:
    # The conversation's row is locked first: that makes the order of inbox ids the order of arrival.
    standing = connection.execute(_locked, {"conversation": message.conversation_id}).one_or_none()
    known = connection.execute(
        _known, {"channel": message.channel, "external_id": message.external_id}
    ).one_or_none()
    until = now + lease_seconds
    if known is not None:
        return _redelivered(connection, message, known, standing, owner, now, until)
    claim: Claim | None
    if standing is None:
        claim = _opened(connection, message, owner, now, until)
    elif standing.channel != message.channel:
        raise WrongChannel("a conversation of this id exists on another channel; use another id")
    else:
        claim = _arrived(connection, message.conversation_id, standing, owner, now, until, count=1)
    inbox_id = connection.execute(_keep, _row(message)).scalar_one()
    alone = standing is None or standing.pending == 0
    return Receipt(inbox_id, message.conversation_id, True, claim, alone)


def _redelivered(
    connection: Connection,
    message: InboundMessage,
    known: Any,
    standing: Any,
    owner: str,
    now: float,
    until: float,
) -> Receipt:
    if known.conversation_id != message.conversation_id:
        standing = connection.execute(_locked, {"conversation": known.conversation_id}).one()
    if standing is None:
        raise Contended("the conversation was opened a moment ago; try again")
    claim = _arrived(connection, known.conversation_id, standing, owner, now, until, count=0)
    alone = known.state == "pending" and standing.pending == 1
    return Receipt(known.id, known.conversation_id, False, claim, alone, *known[2:])


def _opened(connection: Connection, message: InboundMessage, owner: str, now: float, until: float) -> Claim:
    row = new_conversation(message.conversation_id, message.channel, message.sender, now)
    row.update(epoch=1, lease_owner=owner, lease_until=until, pending=1, pending_since=now)
    connection.execute(_open, row)
    return Claim(message.conversation_id, 1, owner, 0)


def _arrived(
    connection: Connection,
    conversation_id: str,
    standing: Any,
    owner: str,
    now: float,
    until: float,
    *,
    count: int,
) -> Claim | None:
    """Count what arrived (nothing, on a redelivery) and claim the conversation if it is free and has work."""
    free = standing.lease_until <= now and standing.pending + count > 0
    if not free and not count:
        return None
    epoch = standing.epoch + 1 if free else standing.epoch
    connection.execute(
        _arrive,
        {
            "conversation": conversation_id,
            "arrived": count,
            "now": now,
            "epoch": epoch,
            "owner": owner if free else standing.lease_owner,
            "until": until if free else standing.lease_until,
        },
    )
    return Claim(conversation_id, epoch, owner, standing.last_seq) if free else None


def _row(message: InboundMessage) -> dict[str, Any]:
    return {
        "channel": message.channel,
        "external_id": message.external_id,
        "conversation_id": message.conversation_id,
        "sender": message.sender,
        "text": message.text,
        "metadata": message.metadata,
        "at": message.at,
        "seed": message.seed,
        "trusted": message.trusted,
        "state": "pending",
    }


def _next_message(conversation_id: str, connection: Connection) -> Pending | None:
    row = connection.execute(_next, {"conversation": conversation_id}).one_or_none()
    if row is None:
        return None
    message = InboundMessage(
        conversation_id=row.conversation_id,
        channel=row.channel,
        sender=row.sender,
        external_id=row.external_id,
        text=row.text,
        at=row.at,
        seed=row.seed,
        trusted=row.trusted,
        metadata=row.metadata,
    )
    return Pending(row.id, message)


def _unanswered(inbox_ids: Sequence[int], connection: Connection) -> set[int]:
    return set(connection.execute(_still_pending, {"ids": inbox_ids}).scalars())
