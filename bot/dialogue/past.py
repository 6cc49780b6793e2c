"""Taking messages back: what held before each of the last ones, and holds again.

Knows what can be taken back and what cannot: what was said, and who holds the conversation. Pure.
"""

from __future__ import annotations

from bot.dialogue.conversation import Conversation, Past, changed, spoken
from bot.dialogue.events import Rewound, UserSaid
from bot.dialogue.trail import Trail, awaiting, followed

MESSAGES_BACK = 8  # how many messages can be taken back


def begun(state: Conversation, event: UserSaid) -> Conversation:
    """The bot is to act on this message: nothing was done since."""
    return changed(
        state,
        latest=event,
        filling=state.filling if state.loop else frozenset(),
        opening=None,
        marks=(),
        loop_rejected=False,
        followup=None,
        user_messages=state.user_messages + (not event.external),
        past=(*state.past, now(state))[-MESSAGES_BACK:],
        undoable=None,
    )


def now(state: Conversation) -> Past:
    return Past(
        state.slots,
        state.loop,
        state.stack,
        state.loop_rejected,
        state.loop_interrupted,
        state.trigger,
        state.filling,
        state.finished,
        state.latest,
        state.last_action,
        state.followup,
        state.opening,
        state.marks,
        state.trail,
        state.user_messages,
    )


def rewound(state: Conversation, event: Rewound) -> Conversation:
    """As before the message, when the bot was about to listen; as far back as is remembered."""
    count = min(event.messages, len(state.past))
    if count < 1:
        return state
    past = state.past[-count]
    kept = changed(state, past=state.past[:-count])
    if event.keeps_latest and state.latest:
        return begun(as_it_was(kept, past, followed(past.trail, state.latest)), state.latest)
    return as_it_was(kept, past, awaiting(past.trail))


def as_it_was(state: Conversation, past: Past, trail: Trail) -> Conversation:
    """The language stays: the customer's does not change with what is taken back."""
    return changed(
        state,
        slots={**past.slots, **spoken(state)},
        loop=past.loop,
        stack=past.stack,
        loop_rejected=past.loop_rejected,
        loop_interrupted=past.loop_interrupted,
        trigger=past.trigger,
        filling=past.filling,
        finished=past.finished,
        latest=past.latest,
        last_action=past.last_action,
        followup=past.followup,
        opening=past.opening,
        marks=past.marks,
        trail=trail,
        user_messages=past.user_messages,
        undoable=None,
    )
