"""One turn on its way into the log: the fence, the events, the answered message and the replies.

Runs inside a transaction that its caller opened; knows nothing of how the events came about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    Connection,
    Update,
    bindparam,
    case,
    insert,
    literal_column,
    select,
    update,
)

from bot.dialogue.events import Event, UserSaid
from bot.dialogue.wire import to_json
from bot.store.claims import Claim
from bot.store.errors import LogMoved, StaleClaim
from bot.store.schema import conversations as c
from bot.store.schema import events as e
from bot.store.schema import inbox as i
from bot.store.schema import outbox as o
from bot.store.timer_rows import change_timers

Holder = Literal["bot", "queue", "agent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a conversation stands: what lists show without folding its log. All of it is replaced at once.

    `waiting_since` orders the queue (seconds since the epoch) and stays as it is for whoever waits already;
    `reason` is why it waits; `agent` holds it.
    """

    holder: Holder = "bot"
    agent: str | None = None
    language: str | None = None
    reason: str | None = None
    waiting_since: float | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply to send. `index` says which of the events recorded with it (0: the first) it carries."""

    index: int
    channel: str
    address: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    events: tuple[Event, ...]
    after_seq: int
    done: int | None
    replies: tuple[Outgoing, ...]
    standing: Standing | None
    now: float
    lease_seconds: float
    release: bool


def standing_columns() -> dict[str, Any]:
    """All of the standing, but whoever waits already has waited since then."""
    names = ("holder", "agent", "language", "reason", "waiting_since")
    new: dict[str, Any] = {name: bindparam(f"new_{name}", type_=c.c[name].type) for name in names}
    waits_on = (c.c.holder == literal_column("'queue'")) & (new["holder"] == literal_column("'queue'"))
    return {**new, "waiting_since": case((waits_on, c.c.waiting_since), else_=new["waiting_since"])}


def _advance(*, release: bool, standing: bool) -> Update:
    """One statement checks the fence and moves the conversation on; no row comes back if it is refused."""
    left = c.c.pending - bindparam("answered")
    until: BindParameter[float] = bindparam("until")
    owner = c.c.lease_owner
    return (
        update(c)
        .where(
            c.c.id == bindparam("conversation"),
            c.c.epoch == bindparam("held_epoch"),
            c.c.lease_owner == bindparam("held_owner"),
            c.c.last_seq == bindparam("after_seq"),
        )
        .values(
            last_seq=bindparam("new_seq"),
            pending=left,
            pending_since=case((left > 0, c.c.pending_since), else_=None),
            lease_until=case((left > 0, until), else_=0.0) if release else until,
            lease_owner=case((left > 0, owner), else_="") if release else owner,
            updated_at=bindparam("now"),
            **(standing_columns() if standing else {}),
        )
        .returning(c.c.pending)
    )


_ADVANCE = {
    (release, standing): _advance(release=release, standing=standing)
    for release in (True, False)
    for standing in (True, False)
}
_answered = (
    update(i)
    .where(
        i.c.id == bindparam("inbox_id"),
        i.c.conversation_id == bindparam("conversation"),
        i.c.state == literal_column("'pending'"),
    )
    .values(state="done", first_seq=bindparam("first"), last_seq=bindparam("last"))
)
_write_events = insert(e)
_write_replies = insert(o)
_holder = select(c.c.epoch, c.c.lease_owner).where(c.c.id == bindparam("conversation"))


def record_turn(claim: Claim, turn: Turn, connection: Connection) -> bool:
    last_seq = turn.after_seq + len(turn.events)
    if turn.done is not None:
        _mark_answered(connection, claim, turn.done, turn.after_seq + 1, last_seq)
    left = connection.execute(
        _ADVANCE[turn.release, turn.standing is not None],
        {
            "conversation": claim.conversation_id,
            "held_epoch": claim.epoch,
            "held_owner": claim.owner,
            "after_seq": turn.after_seq,
            "new_seq": last_seq,
            "answered": 0 if turn.done is None else 1,
            "until": turn.now + turn.lease_seconds,
            "now": turn.now,
            **standing_values(turn.standing),
        },
    ).scalar_one_or_none()
    if left is None:
        raise _why_refused(claim, connection)
    write_events(connection, claim.conversation_id, turn.events, turn.after_seq)
    write_replies(connection, claim.conversation_id, turn.replies, turn.after_seq, turn.now)
    return bool(left > 0)


def _mark_answered(connection: Connection, claim: Claim, inbox_id: int, first: int, last: int) -> None:
    values = {"inbox_id": inbox_id, "conversation": claim.conversation_id, "first": first, "last": last}
    if connection.execute(_answered, values).rowcount != 1:
        raise StaleClaim(f"message {inbox_id} is not one this conversation still has to answer")


def _why_refused(claim: Claim, connection: Connection) -> StaleClaim:
    row = connection.execute(_holder, {"conversation": claim.conversation_id}).one_or_none()
    if row is not None and (row.epoch, row.lease_owner) == (claim.epoch, claim.owner):
        return LogMoved("the conversation's log has grown since it was loaded; load it again")
    return StaleClaim(f"the claim of epoch {claim.epoch} no longer holds; claim the conversation again")


def write_events(
    connection: Connection, conversation_id: str, events: Sequence[Event], after_seq: int
) -> None:
    """Insert events numbered after `after_seq`, and change the timers as they say; the caller has moved
    `last_seq`, and so locked the conversation, in the same transaction.
    """
    rows = []
    for seq, event in enumerate(events, start=after_seq + 1):
        body = to_json(event)
        rows.append(
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "at": event.at,
                "kind": _kind(event, body["event"]),
                "body": body,
            }
        )
    if rows:
        connection.execute(_write_events, rows)
        change_timers(connection, conversation_id, events, after_seq)


def _kind(event: Event, name: str) -> str:
    """The event's name on the wire, but lists that ask for the customer's latest words get no others."""
    return "external" if isinstance(event, UserSaid) and event.external else name


def write_replies(
    connection: Connection, conversation_id: str, replies: Sequence[Outgoing], after_seq: int, now: float
) -> None:
    """Insert replies, due at once."""
    rows = [
        {
            "conversation_id": conversation_id,
            "channel": reply.channel,
            "seq": after_seq + 1 + reply.index,
            "address": reply.address,
            "body": reply.body,
            "state": "pending",
            "attempts": 0,
            "next_at": now,
            "lease_until": 0.0,
            "lease_owner": "",
        }
        for reply in replies
    ]
    if rows:
        connection.execute(_write_replies, rows)


def standing_values(standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {}
    return {
        "new_holder": standing.holder,
        "new_agent": standing.agent,
        "new_language": standing.language,
        "new_reason": standing.reason,
        "new_waiting_since": standing.waiting_since,
    }
