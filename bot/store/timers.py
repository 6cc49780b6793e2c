"""Timers that are due: each becomes one message of its conversation's inbox, whichever process comes first.

Knows when a timer may be taken up and when it is too late for that; not how it was set (timer_rows) or what
the bot makes of the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, bindparam, literal_column, select, update

from bot.dialogue.events import Failed
from bot.dialogue.external_message import external_message
from bot.store.engine import Database
from bot.store.inbox import keep_message
from bot.store.schema import conversations as c
from bot.store.schema import timers as t
from bot.store.timer_rows import end_timer, read_timers
from bot.store.turn import write_events


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer, named by the place in the log that set it. `due_at` is seconds since the epoch."""

    conversation_id: str
    seq: int
    due_at: float


@dataclass(frozen=True, slots=True)
class Timers:
    """The reminders that wait for their time."""

    database: Database

    async def due(self, *, now: float, limit: int) -> list[Timer]:
        """Up to `limit` timers to take up now, the longest due first.

        Not those of a conversation with an unanswered message: its turn comes first, and may end them.
        """
        return await self.database.read(partial(_due, now, limit))

    async def take_up(self, timer: Timer, *, now: float, too_late: float) -> bool:
        """Make the timer a message of the inbox: one commit. False if there is nothing to do any more,
        because another process was faster, a message came in, or it was due over `too_late` seconds ago:
        then it is let go, and that is put on record.
        """
        return await self.database.write(partial(_take_up, timer, now, too_late))


_idle = c.c.pending == literal_column("0")
_find_due = (
    select(t.c.conversation_id, t.c.seq, t.c.due_at)
    .join(c, c.c.id == t.c.conversation_id)
    .where(t.c.due_at <= bindparam("now"), _idle)
    .order_by(t.c.due_at, t.c.conversation_id, t.c.seq)
    .limit(bindparam("limit"))
)
# The row is locked first, as by every writer of a conversation.
_locked = select(c.c.channel, c.c.sender).where(c.c.id == bindparam("conversation"), _idle).with_for_update()
_arrive = (
    update(c)
    .where(c.c.id == bindparam("conversation"))
    .values(pending=literal_column("1"), pending_since=bindparam("now"), updated_at=bindparam("now"))
)
_extend = (
    update(c)
    .where(c.c.id == bindparam("conversation"))
    .values(last_seq=c.c.last_seq + literal_column("1"), updated_at=bindparam("now"))
    .returning(c.c.last_seq)
)


def _due(now: float, limit: int, connection: Connection) -> list[Timer]:
    return [Timer(*row) for row in connection.execute(_find_due, {"now": now, "limit": limit})]


def _take_up(timer: Timer, now: float, too_late: float, connection: Connection) -> bool:
    here = {"conversation": timer.conversation_id}
    whose = connection.execute(_locked, here).one_or_none()
    reminder = read_timers(connection, timer.conversation_id).get(timer.seq) if whose else None
    if whose is None or reminder is None:
        return False
    end_timer(connection, timer.conversation_id, timer.seq)
    if now - timer.due_at > too_late:
        missed = Failed(at=now, part="reminder", reason="too_late")
        last_seq = connection.execute(_extend, {**here, "now": now}).scalar_one()
        write_events(connection, timer.conversation_id, [missed], last_seq - 1)
        return False
    message = external_message(
        conversation_id=timer.conversation_id,
        channel=whose.channel,
        sender=whose.sender,
        external_id=f"reminder:{timer.seq}:{timer.conversation_id}",
        intent=reminder.intent,
        entities=reminder.entities,
        at=now,
    )
    if keep_message(connection, message) is None:
        return False
    connection.execute(_arrive, {**here, "now": now})
    return True
