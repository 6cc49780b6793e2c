"""Who may write a conversation's turns: a lease that runs out, and an epoch that fences off whoever lost it.

Knows leases and epochs; not what a turn is. The clock and the owner's name come from the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, bindparam, literal_column, select, update

from bot.store.engine import Database
from bot.store.errors import StaleClaim
from bot.store.schema import conversations as c


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to record turns of one conversation, as it was when the claim was made.

    `epoch` grows with every claim and every take-over by an agent: a write under an older epoch is refused.
    `last_seq` is the number of the log's last event (0: none yet).
    """

    conversation_id: str
    epoch: int
    owner: str
    last_seq: int


@dataclass(frozen=True, slots=True)
class Claims:
    """Leases on conversations."""

    database: Database

    async def waiting(self, *, owner: str, now: float, lease_seconds: float, limit: int) -> list[Claim]:
        """Claim up to `limit` free conversations with unanswered messages, those that wait longest first.

        Safe to call from any number of processes at once: no conversation is given to two of them.
        """
        return await self.database.write(partial(_claim_waiting, owner, now, lease_seconds, limit))

    async def renew(self, claim: Claim, *, now: float, lease_seconds: float) -> None:
        """Keep the lease until `now + lease_seconds`. Raises StaleClaim."""
        await self.database.write(partial(_set_lease, claim, claim.owner, now + lease_seconds))

    async def release(self, claim: Claim) -> None:
        """Give the lease back, so that waiting messages can be claimed at once. Raises StaleClaim."""
        await self.database.write(partial(_set_lease, claim, "", 0.0))


# The predicates of partial indexes are written as literals: a bound parameter would hide the match from the
# planner.
_free = (
    select(c.c.id)
    .where(c.c.pending > literal_column("0"), c.c.lease_until <= bindparam("now"))
    .order_by(c.c.pending_since, c.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("free")
)
_take = (
    update(c)
    .where(c.c.id.in_(select(_free.c.id)))
    .values(epoch=c.c.epoch + 1, lease_owner=bindparam("owner"), lease_until=bindparam("until"))
    .returning(c.c.id, c.c.epoch, c.c.last_seq, c.c.pending_since)
)
_lease = (
    update(c)
    .where(
        c.c.id == bindparam("conversation"),
        c.c.epoch == bindparam("held_epoch"),
        c.c.lease_owner == bindparam("held_owner"),
    )
    .values(lease_owner=bindparam("owner"), lease_until=bindparam("until"))
)


def _claim_waiting(
    owner: str, now: float, lease_seconds: float, limit: int, connection: Connection
) -> list[Claim]:
    rows = connection.execute(
        _take, {"now": now, "limit": limit, "owner": owner, "until": now + lease_seconds}
    ).all()
    # RETURNING promises no order.
    ordered = sorted(rows, key=lambda row: (row.pending_since, row.id))
    return [Claim(row.id, row.epoch, owner, row.last_seq) for row in ordered]


def _set_lease(claim: Claim, owner: str, until: float, connection: Connection) -> None:
    done = connection.execute(
        _lease,
        {
            "conversation": claim.conversation_id,
            "held_epoch": claim.epoch,
            "held_owner": claim.owner,
            "owner": owner,
            "until": until,
        },
    )
    if done.rowcount != 1:
        raise StaleClaim(f"conversation {claim.conversation_id}: epoch {claim.epoch} is no longer held here")
