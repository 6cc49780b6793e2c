"""Which reminders of a conversation stand: set, replaced, called off, or ended because the customer wrote.

Knows Rasa's reminders (rasa.core.processor, rasa.shared.core.events); not when one is due. Otherwise than in
Rasa, events count in their order, so that an action may call off a reminder and set it anew; a name belongs
to its conversation; only the customer's own messages end a reminder; and a new session leaves reminders as
they are, since most are for later than that. As in Rasa, what is taken back takes the reminders that it set
with it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.dialogue.events import (
    ActionRun,
    Event,
    ReminderCancelled,
    ReminderScheduled,
    Restarted,
    Rewound,
    SessionStarted,
    Undone,
    UserSaid,
)

TAKES_BACK = (Rewound, Undone)
CONCERNED = (UserSaid, Restarted, ReminderScheduled, ReminderCancelled, *TAKES_BACK)


def standing(
    before: Mapping[int, ReminderScheduled], items: Iterable[tuple[int, Event]]
) -> dict[int, ReminderScheduled]:
    """The reminders that stand after these numbered events, by the place in the log that set them."""
    left = dict(before)
    for seq, event in items:
        match event:
            case UserSaid() if not event.external:
                left = {place: each for place, each in left.items() if not each.until_message}
            case Restarted():
                left = {}
            case ReminderCancelled():
                left = {place: each for place, each in left.items() if not _calls_off(event, each)}
            case ReminderScheduled(name=name):
                left = {place: each for place, each in left.items() if name is None or each.name != name}
                left[seq] = event
    return left


def _calls_off(cancelled: ReminderCancelled, reminder: ReminderScheduled) -> bool:
    """What is not given does not narrow it down."""
    return (
        (not cancelled.name or cancelled.name == reminder.name)
        and (not cancelled.intent or cancelled.intent == reminder.intent)
        and (not cancelled.entities or cancelled.entities == reminder.entities)
    )


def taken_back(log: Iterable[tuple[int, Event]]) -> frozenset[int]:
    """The places in a whole log of what was taken back (rasa.shared.core.trackers, applied_events)."""
    kept: list[tuple[int, Event]] = []
    gone: set[int] = set()
    for seq, event in log:
        match event:
            case Restarted() | SessionStarted():
                kept = []
            case Undone():
                gone |= _undo(kept, ActionRun)
            case Rewound(messages=messages) if messages > 0:
                said = [item for item in kept if isinstance(item[1], UserSaid)]
                for _ in said[-messages:]:
                    gone |= _undo(kept, UserSaid) | _undo(kept, ActionRun)
                kept += said[-1:] if event.keeps_latest else []
            case _:
                kept.append((seq, event))
    return frozenset(gone)


def _undo(kept: list[tuple[int, Event]], kind: type[Event]) -> set[int]:
    """Drop everything from the last event of this kind on; all of it where there is none."""
    gone: set[int] = set()
    while kept:
        seq, event = kept.pop()
        gone.add(seq)
        if isinstance(event, kind):
            break
    return gone
