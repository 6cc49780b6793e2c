"""Replies on their way out: in order within a conversation, tried until sent or given up, on record.

Knows what is due and who is trying; not how a channel sends. A reply can reach the platform twice if the
sender dies between the platform's answer and `sent`: that is the price of never losing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, exists, literal_column, select, update

from bot.store.engine import Database
from bot.store.schema import outbox as o


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to send one reply. `attempt` counts from 1; `seq` is the event it carries."""

    id: int
    conversation_id: str
    channel: str
    seq: int
    address: str
    body: Mapping[str, Any]
    attempt: int


@dataclass(frozen=True, slots=True)
class Outbox:
    """The replies of bot and agents."""

    database: Database

    async def due(self, *, owner: str, now: float, lease_seconds: float, limit: int) -> list[Delivery]:
        """Up to `limit` replies to send now, oldest first, leased to `owner`.

        At most the first unsent reply of each conversation: the next is handed out once that is sent or given
        up.
        """
        return await self.database.write(partial(_due, owner, now, lease_seconds, limit))

    async def sent(self, delivery: Delivery, *, provider_id: str | None = None) -> bool:
        """The platform took it. False if it was settled already."""
        return await self.database.write(partial(_settle, _sent, {"row": delivery.id, "given": provider_id}))

    async def retry(self, delivery: Delivery, *, next_at: float, error: str) -> bool:
        """It failed with `error` (a short code); try again at `next_at`. False if it is no longer ours."""
        values = {**_attempt(delivery), "at": next_at, "code": error}
        return await self.database.write(partial(_settle, _retry, values))

    async def give_up(self, delivery: Delivery, *, error: str) -> bool:
        """It will not be sent (`error`: a short code); the next reply may go. False as for `retry`."""
        values = {**_attempt(delivery), "code": error}
        return await self.database.write(partial(_settle, _give_up, values))


_pending: ColumnElement[str] = literal_column("'pending'")
_earlier = o.alias("earlier")
_heads = (
    select(o.c.id)
    .where(
        o.c.state == _pending,
        o.c.next_at <= bindparam("now"),
        o.c.lease_until <= bindparam("now"),
        ~exists().where(
            _earlier.c.conversation_id == o.c.conversation_id,
            _earlier.c.state == _pending,
            _earlier.c.id < o.c.id,
        ),
    )
    .order_by(o.c.next_at, o.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("heads")
)
_hand_out = (
    update(o)
    .where(o.c.id.in_(select(_heads.c.id)))
    .values(attempts=o.c.attempts + 1, lease_owner=bindparam("owner"), lease_until=bindparam("until"))
    .returning(o.c.id, o.c.conversation_id, o.c.channel, o.c.seq, o.c.address, o.c.body, o.c.attempts)
)
# Sent is sent, whichever attempt did it.
_sent = (
    update(o)
    .where(o.c.id == bindparam("row"), o.c.state == _pending)
    .values(state="sent", provider_id=bindparam("given"), error=None, lease_until=0.0, lease_owner="")
)
_this_attempt = (
    (o.c.id == bindparam("row")) & (o.c.state == _pending) & (o.c.attempts == bindparam("attempt"))
)
_retry = (
    update(o)
    .where(_this_attempt)
    .values(next_at=bindparam("at"), error=bindparam("code"), lease_until=0.0, lease_owner="")
)
_give_up = (
    update(o)
    .where(_this_attempt)
    .values(state="failed", error=bindparam("code"), lease_until=0.0, lease_owner="")
)


def _attempt(delivery: Delivery) -> dict[str, Any]:
    return {"row": delivery.id, "attempt": delivery.attempt}


def _due(owner: str, now: float, lease_seconds: float, limit: int, connection: Connection) -> list[Delivery]:
    values = {"now": now, "limit": limit, "owner": owner, "until": now + lease_seconds}
    rows = connection.execute(_hand_out, values)
    return sorted((Delivery(*row) for row in rows), key=lambda delivery: delivery.id)


def _settle(change: Update, values: dict[str, Any], connection: Connection) -> bool:
    return connection.execute(change, values).rowcount == 1
