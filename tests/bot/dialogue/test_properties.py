"""What holds for every conversation: with a form, stories, retrieval intents, two-stage fallback, reminders,
actions that answer anything, agents that come and go.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain, Slot, SlotType, Variation
from bot.dialogue.events import (
    ActionRun,
    BotSaid,
    Event,
    FollowupSet,
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
)
from bot.dialogue.fold import fold
from bot.dialogue.memory import remember
from bot.dialogue.message import InboundMessage
from bot.dialogue.names import LISTEN
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused, ActionReply
from bot.dialogue.reading import Entity, Match, Reading, Sentiment, Verdict
from bot.dialogue.selection import gathered, selected
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Story
from bot.dialogue.turn import MOST_STEPS, turn
from bot.dialogue.wire import from_json, to_json
from tests.bot.dialogue.small_bot import DOMAIN, Ends, on

INTENTS = ("greet", "loan", "stop", "talk_to_human", "risky", "back", "restart", "mood", "chat/a", "chat/b",
           "out_of_scope", "nlu_fallback", "unknown")  # fmt: skip


def intent(name: str) -> IntentStep:
    return IntentStep(frozenset({name}))


STORIES = (
    Story("mood", (intent("mood"), ActionStep("utter_mood"), intent("greet"), ActionStep("action_silent"))),
    Story("kept", (intent("mood"), SlotStep("kept", True), ActionStep("utter_greet"))),
)
BOT: Domain = replace(
    DOMAIN,
    intents=DOMAIN.intents | {"mood", "chat"},
    entities=frozenset({"policy"}),
    actions=DOMAIN.actions | {"action_risky", "action_validate_slot_mappings"},
    slots={**DOMAIN.slots, "kept": Slot("kept", SlotType.BOOL, initial=False)},
    responses={**DOMAIN.responses, "utter_mood": (Variation("Fine."),), "utter_chat/a": (Variation("A"),)},
    rules=(
        *DOMAIN.rules,
        on("risky", "action_risky"),
        on("chat", "utter_chat"),
        Rule("doubt", (intent("nlu_fallback"), ActionStep("action_two_stage_fallback"),
                       LoopStep("action_two_stage_fallback"))),
    ),
    stories=STORIES,
    selections=frozenset({"chat/a", "chat/b"}),
)  # fmt: skip
BOT = replace(BOT, memory=remember(BOT, longest=None))

NAMES = st.sampled_from(["kept", "amount", "policy", "requested_slot", "language", "nothing"])
EVENTS = st.one_of(
    st.builds(SlotSet, at=st.just(0.0), name=NAMES, value=st.sampled_from([None, True, "x", 3, ["a"]])),
    st.builds(
        FollowupSet, at=st.just(0.0), name=st.sampled_from([LISTEN, "utter_greet", "action_silent", "gone"])
    ),
    st.builds(LoopSet, at=st.just(0.0), name=st.sampled_from([None, "loan_form", "gone_form"])),
    st.builds(Rewound, at=st.just(0.0), messages=st.integers(0, 3)),
    st.sampled_from([Undone(at=0.0), SlotsReset(at=0.0), Restarted(at=0.0), Paused(at=0.0), Resumed(at=0.0)]),
    st.sampled_from([SessionStarted(at=0.0), ActionRun(at=0.0, name="action_listen")]),
)
REPLIES = st.builds(
    ActionReply,
    events=st.lists(EVENTS, max_size=2).map(tuple),
    responses=st.sampled_from([(), ({"text": "Done."},), ({"response": "utter_greet"},)]),
) | st.sampled_from(["refuse", "fail"])
READINGS = st.builds(
    lambda name, p, rest, **more: Reading(
        verdicts=gathered([Verdict(name, p), Verdict(rest, (1 - p) / 2)]),
        selected=selected([Verdict(name, p), Verdict(rest, (1 - p) / 2)]),
        **more,
    ),
    st.sampled_from(INTENTS),
    st.floats(0.2, 1.0),
    st.sampled_from(INTENTS),
    prediction_set=st.sampled_from([(), ("greet",), ("greet", "loan"), INTENTS]),
    out_of_scope=st.booleans(),
    entities=st.sampled_from([(), (Entity("policy", "HL-1"),)]),
    matches=st.sampled_from([(), (Match("hours", 0.9, "open?", "From nine.", "en"),)]),
    sentiment=st.sampled_from([None, Sentiment(0.9, 0.1, 0.0, 0.8)]),
)
TEXTS = st.sampled_from(["hi", "5000", "stop", "", "我要贷款", "/greet", "my chest hurts", "what?"])
BETWEEN = st.sampled_from([None, None, None, "taken", "returned"])
MESSAGES = st.lists(st.tuples(TEXTS, READINGS, REPLIES, BETWEEN), min_size=1, max_size=6)


class Answers(Ends):
    """Every action of a turn answers alike; every text is read alike."""

    def __init__(self, reading: Reading, reply: Any) -> None:
        super().__init__()
        self.reading, self.reply = reading, reply

    async def read(self, request: object) -> Reading:
        return self.reading

    async def act(self, call: ActionCall) -> ActionReply:
        if self.reply == "refuse":
            raise ActionRefused("rejected")
        if self.reply == "fail":
            raise ActionError("timeout")
        assert isinstance(self.reply, ActionReply)
        return self.reply


async def talk(messages: list[Any]) -> tuple[Conversation, list[Event], list[list[Event]]]:
    state, log, turns = Conversation("c"), list[Event](), list[list[Event]]()
    for number, (text, reading, reply, between) in enumerate(messages):
        happened: list[Event] = []
        if between == "taken":
            happened = [TakenOver(at=float(number), agent="kim")]
        elif between == "returned":
            happened = [Returned(at=float(number), agent="kim")]
        state = fold(state, happened)
        message = InboundMessage("c", "test", "c", str(number), text, 1000.0 + number, seed=number)
        before = state
        events = [event async for event in turn(BOT, state, message, Answers(reading, reply).ports())]
        state = fold(state, events)
        log += [*happened, *events]
        turns.append(events)
        assert before.seq + len(events) == state.seq
    return state, log, turns


@given(MESSAGES)
@settings(max_examples=150)
def test_no_conversation_loops_or_breaks_or_goes_silent(messages: list[Any]) -> None:
    state = Conversation("c")
    _, _, turns = asyncio.run(talk(messages))
    for events in turns:
        state_before, state = state, fold(state, events)
        acted = [event for event in events if isinstance(event, ActionRun) and event.name != LISTEN]
        assert len(acted) <= 2 * MOST_STEPS + 4
        assert isinstance(events[-1], ActionRun) and events[-1].name == LISTEN, "it listens again"
        said = any(isinstance(event, BotSaid) for event in events)
        held = state.holder != "bot" or state_before.holder != "bot" or state.paused or state_before.paused
        waits = any(getattr(event, "commands", None) == ("Hold",) for event in events)
        assert said or held or waits


@given(MESSAGES)
@settings(max_examples=60)
def test_the_same_messages_give_the_same_events(messages: list[Any]) -> None:
    assert asyncio.run(talk(messages)) == asyncio.run(talk(messages))


@given(MESSAGES, st.integers(0, 60))
@settings(max_examples=60)
def test_a_log_that_was_kept_and_read_again_is_the_same_conversation(messages: list[Any], cut: int) -> None:
    state, log, _ = asyncio.run(talk(messages))
    read = [from_json(to_json(event)) for event in log]
    assert fold(fold(Conversation("c"), read[:cut]), read[cut:]) == state
