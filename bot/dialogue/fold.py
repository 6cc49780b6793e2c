"""The fold of the log: how each event changes what a conversation amounts to.

Decides nothing, does no I/O. `fold(fold(c, a), b) == fold(c, a + b)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from bot.dialogue.cards import all_buttons
from bot.dialogue.conversation import Conversation, Frame, Holder, Opening, Run, changed, spoken
from bot.dialogue.events import (
    ActionRejected,
    ActionRun,
    AgentSaid,
    BotSaid,
    Decided,
    Event,
    FlowEnded,
    FlowMoved,
    FlowStarted,
    FollowupSet,
    HandedOver,
    LoopInterrupted,
    LoopSet,
    Paused,
    Restarted,
    Resumed,
    Returned,
    Rewound,
    SessionStarted,
    SlotSet,
    SlotsReset,
    TakenOver,
    Undone,
    UserSaid,
)
from bot.dialogue.message import Line
from bot.dialogue.names import EXTRACT_SLOTS, HUMAN_INTENTS, LISTEN, REQUESTED_SLOT
from bot.dialogue.past import as_it_was, begun, now, rewound
from bot.dialogue.text import normalise
from bot.dialogue.trail import followed

LINES_KEPT = 12
MISSED_ROWS = frozenset({"clarify", "not_understood"})


def fold(conversation: Conversation, events: Iterable[Event]) -> Conversation:
    """The conversation after these events."""
    return reduce(apply, events, conversation)


def apply(conversation: Conversation, event: Event) -> Conversation:
    """The conversation after one event. Every event counts in `seq`; one that changes nothing else is still
    on record.
    """
    after = _change(conversation, event)
    return changed(after, seq=conversation.seq + 1, trail=followed(after.trail, event))


def _change(state: Conversation, event: Event) -> Conversation:
    match event:
        case UserSaid():
            return _user_said(state, event)
        case BotSaid():
            return _bot_said(state, event)
        case AgentSaid(text=text):
            return changed(state, lines=_with_line(state, "agent", text), last_active=event.at)
        case ActionRun():
            return _acted(state, event)
        case LoopSet():
            return _looped(state, event)
        case SlotSet():
            return _filled(state, event)
        case ActionRejected(name=name):
            followup = None if name == state.followup else state.followup
            rejected = state.loop_rejected or name == state.loop
            return changed(state, loop_rejected=rejected, followup=followup)
        case Decided(row=row) if not state.unasked:
            return changed(state, misses=_misses(state.misses, row), steps=(*state.steps, row)[-LINES_KEPT:])
        case FollowupSet(name=name):
            return changed(state, followup=name)
        case LoopInterrupted(interrupted=interrupted):
            return changed(state, loop_interrupted=interrupted)
        case FlowStarted() | FlowMoved() | FlowEnded():
            return changed(state, stack=_flowed(state, event))
        case Rewound():
            return rewound(state, event)
        case Undone() if state.undoable:
            return as_it_was(state, state.undoable, state.undoable.trail)
        case SlotsReset():
            kept = spoken(state)
            return changed(state, slots=kept)
        case _:
            return _passed(state, event)


def _passed(state: Conversation, event: Event) -> Conversation:
    """Who holds the conversation, and where it begins anew."""
    match event:
        case SessionStarted():
            # Slots may be carried over, and with them what is to be forgotten when a form begins anew.
            return changed(_blank(state), started=True, last_active=event.at, finished=state.finished)
        case Restarted():
            return changed(_blank(state), started=True, latest=None)
        case Paused():
            return changed(state, paused=True)
        case Resumed():
            return changed(state, paused=False)
        case HandedOver():
            # A red flag from the queue: what was said of waiting holds.
            told = state.held_told and state.holder is Holder.QUEUE
            return changed(state, holder=Holder.QUEUE, agent=None, misses=0, tempers=(), held_told=told)
        case TakenOver(agent=agent):
            return changed(state, holder=Holder.AGENT, agent=agent)
        case Returned():
            return changed(state, holder=Holder.BOT, agent=None, misses=0)
        case _:
            return state


def _blank(state: Conversation) -> Conversation:
    """A conversation with nothing said; who holds it and its language stay: the customer is the same."""
    slots = spoken(state)
    return Conversation(
        id=state.id,
        seq=state.seq,
        slots=slots,
        holder=state.holder,
        agent=state.agent,
        held_told=state.held_told,
        last_active=state.last_active,
    )


def _user_said(state: Conversation, event: UserSaid) -> Conversation:
    if event.external:
        return changed(begun(state, event), said=())
    asks = event.reading is not None and event.reading.intent not in HUMAN_INTENTS
    tempers = (*state.tempers, event.reading.anger)[-2:] if event.reading else state.tempers
    return changed(
        begun(state, event),
        question=event if asks else state.question,
        tempers=tempers,
        last_active=event.at,
        said=(),
        lines=_with_line(state, "customer", event.text),
    )


def _bot_said(state: Conversation, event: BotSaid) -> Conversation:
    # A press comes back as a message, hence normalised.
    offered = frozenset(normalise(button.payload) for button in all_buttons(event))
    return changed(
        state,
        last_active=event.at if state.unasked else state.last_active,
        held_told=state.held_told or event.response == "utter_held",
        offered=state.offered | offered if state.said or state.unasked else offered,
        said=(*state.said, event),
        lines=_with_line(state, "bot", event.text) if event.text else state.lines,
    )


def _acted(state: Conversation, event: ActionRun) -> Conversation:
    name = event.name
    if name in (LISTEN, EXTRACT_SLOTS):
        return changed(state, last_action=name)
    return changed(
        state,
        last_action=name,
        opening=state.opening or Opening(state.loop, state.slots),
        followup=None if state.followup == name else state.followup,
        loop_rejected=False if name == state.loop else state.loop_rejected,
        marks=(*state.marks, event),
        undoable=now(state),
    )


def _looped(state: Conversation, event: LoopSet) -> Conversation:
    anew = state.latest if event.name else None
    waits = state.stack[-1].flow if state.stack else None  # a form that came between ends without it
    after = changed(
        state,
        loop=event.name,
        trigger=state.trigger if event.name == state.loop else anew,
        stack=state.stack if event.name or not waits or waits != state.loop else (),
        loop_interrupted=False,
        loop_rejected=False,
        marks=(*state.marks, event),
    )
    if event.name is not None or state.loop is None:
        return after
    if state.last_action != state.loop:  # something else than the form's own step took it away
        return changed(after, filling=frozenset())
    return changed(after, filling=frozenset(), finished={**state.finished, state.loop: _run(state)})


def _flowed(state: Conversation, event: FlowStarted | FlowMoved | FlowEnded) -> tuple[Frame, ...]:
    match event:
        case FlowStarted(flow=flow, step=step, called=called):
            under = state.loop if not state.stack else None
            return (*state.stack, Frame(flow, step, called, under))
        case FlowMoved(step=step) if state.stack:
            return (*state.stack[:-1], replace(state.stack[-1], step=step))
        case FlowEnded():
            return state.stack[:-1]
        case _:
            return state.stack


def _run(state: Conversation) -> Run:
    """The run that ends here. One that asked for nothing only corrected the one before."""
    filled = {name: state.slots[name] for name in state.filling if state.slots.get(name) is not None}
    former = state.finished.get(state.loop or "")
    if former and state.trigger == state.latest:
        return Run(former.intent, {**former.slots, **filled})
    reading = state.trigger.reading if state.trigger else None
    return Run(reading.intent if reading else None, filled)


def _filled(state: Conversation, event: SlotSet) -> Conversation:
    filling = state.filling
    if state.loop or state.opening is None:
        filling |= {event.name} - {REQUESTED_SLOT}
    return changed(
        state,
        slots={**state.slots, event.name: event.value},
        filling=filling,
        marks=(*state.marks, event) if state.opening else state.marks,
    )


def _misses(misses: int, row: str) -> int:
    """How many messages in a row were not understood; a form's own steps leave the count as it is."""
    if row in MISSED_ROWS:
        return misses + 1
    return misses if row == "expectation" else 0


def _with_line(state: Conversation, speaker: str, text: str) -> tuple[Line, ...]:
    return (*state.lines, Line(speaker, text))[-LINES_KEPT:]
