"""The timers of one conversation as its events set and end them.

Runs inside a transaction in which the conversation's row is locked; knows nothing of when a timer is taken up
(timers).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from sqlalchemy import Connection, bindparam, delete, insert, select

from bot.dialogue.events import Event, ReminderScheduled
from bot.dialogue.reminders import CONCERNED, TAKES_BACK, standing, taken_back
from bot.dialogue.wire import from_json
from bot.store.schema import events as e
from bot.store.schema import timers as t

_set = (
    select(t.c.seq, e.c.body)
    .join(e, (e.c.conversation_id == t.c.conversation_id) & (e.c.seq == t.c.seq))
    .where(t.c.conversation_id == bindparam("conversation"))
)
# What taking back is about; a customer's messages and those that nobody wrote have kinds of their own.
_KINDS = ("action", "external", "reminder", "restart", "rewind", "session_started", "undo", "user")
_log = (
    select(e.c.seq, e.c.body)
    .where(e.c.conversation_id == bindparam("conversation"), e.c.kind.in_(_KINDS))
    .order_by(e.c.seq)
)
_write = insert(t)
_end = delete(t).where(t.c.conversation_id == bindparam("conversation"), t.c.seq == bindparam("at_seq"))


def read_timers(connection: Connection, conversation_id: str) -> dict[int, ReminderScheduled]:
    """The reminders that wait, by the place in the log that set them."""
    rows = connection.execute(_set, {"conversation": conversation_id})
    reminders = ((seq, from_json(body)) for seq, body in rows)
    return {seq: event for seq, event in reminders if isinstance(event, ReminderScheduled)}


def change_timers(
    connection: Connection, conversation_id: str, events: Sequence[Event], after_seq: int
) -> None:
    """Set and end what these events, numbered after `after_seq` and in the log by now, set and end."""
    if not any(isinstance(event, CONCERNED) for event in events):
        return
    before = read_timers(connection, conversation_id)
    after = standing(before, enumerate(events, start=after_seq + 1))
    if after and any(isinstance(event, TAKES_BACK) for event in events):
        log = (
            (seq, from_json(body))
            for seq, body in connection.execute(_log, {"conversation": conversation_id})
        )
        gone = taken_back(log)
        after = {seq: reminder for seq, reminder in after.items() if seq not in gone}
    for seq in before.keys() - after.keys():
        end_timer(connection, conversation_id, seq)
    rows = [
        {"conversation_id": conversation_id, "seq": seq, "due_at": due_at(after[seq])}
        for seq in after.keys() - before.keys()
    ]
    if rows:
        connection.execute(_write, rows)


def end_timer(connection: Connection, conversation_id: str, seq: int) -> bool:
    """False if it was ended already."""
    return connection.execute(_end, {"conversation": conversation_id, "at_seq": seq}).rowcount == 1


def due_at(reminder: ReminderScheduled) -> float:
    """Seconds since the epoch. A time without a zone is the local time of this machine."""
    try:
        return reminder.due.timestamp()
    except (OverflowError, ValueError):  # a local time at the calendar's edge
        return reminder.due.replace(tzinfo=UTC).timestamp()
