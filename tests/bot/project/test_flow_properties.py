"""What holds for every conversation with flows, whatever their actions answer: beside a form, a two-stage
fallback, and a step back.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import (
    ActionRun,
    BotSaid,
    Event,
    Failed,
    FollowupSet,
    LoopSet,
    Paused,
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
from bot.dialogue.names import LISTEN
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused, ActionReply
from bot.dialogue.wire import from_json, to_json
from bot.project.load import load_project
from tests.bot.dialogue.small_bot import Ends, Talk, reading

DOMAIN = """\
intents: [pay, look, lend, doubt, hi, affirm, deny, back, restart, nlu_fallback, out_of_scope]
slots:
  payee: {type: text}
  sum: {type: float}
  account: {type: categorical, values: [savings, current]}
  years:
    type: float
    mappings: [{type: from_text, conditions: [{active_loop: loan, requested_slot: years}]}]
forms:
  loan: {required_slots: [years]}
actions: [action_check, action_pay, validate_pay, validate_loan]
responses:
  utter_hi: [{text: Hello}]
  utter_ask_years: [{text: "How many years?"}]
"""
FLOWS = """\
flows:
  pay:
    nlu_trigger: [{intent: pay}]
    steps:
    - collect: payee
    - call: look
    - collect: sum
    - action: action_check
    - action: action_pay
      confirm: true
    - action: action_listen
  look:
    nlu_trigger: [{intent: look}]
    steps:
    - collect: account
    - action: action_check
    - action: utter_hi
  undo:
    nlu_trigger: [{intent: doubt}]
    steps:
    - action: action_back
    - action: action_default_fallback
    - link: look
"""
RULES = """\
rules:
- rule: hello
  steps: [{intent: hi}, {action: utter_hi}]
- rule: borrow
  steps: [{intent: lend}, {action: loan}, {active_loop: loan}]
- rule: not understood
  steps:
  - intent: nlu_fallback
  - action: action_two_stage_fallback
  - active_loop: action_two_stage_fallback
"""
FILES = {"domain.yml": DOMAIN, "flows.yml": FLOWS, "data/rules.yml": RULES}
LOOPS = [None, "pay", "look", "loan", "gone", "action_two_stage_fallback"]
NAMES = st.sampled_from(["payee", "sum", "account", "confirm_action_pay", "requested_slot"])
EVENTS = st.one_of(
    st.builds(SlotSet, at=st.just(0.0), name=NAMES, value=st.sampled_from([None, True, "sum", 3, ["a"]])),
    st.builds(
        FollowupSet, at=st.just(0.0), name=st.sampled_from([LISTEN, "utter_hi", "loan", "pay", "gone"])
    ),
    st.builds(LoopSet, at=st.just(0.0), name=st.sampled_from(LOOPS)),
    st.builds(Rewound, at=st.just(0.0), messages=st.integers(0, 3)),
    st.sampled_from([Undone(at=0.0), SlotsReset(at=0.0), Paused(at=0.0), Resumed(at=0.0)]),
    st.sampled_from([SessionStarted(at=0.0), ActionRun(at=0.0, name=LISTEN)]),
)
REPLIES = st.lists(EVENTS, max_size=2).map(tuple) | st.sampled_from(["refuse", "fail"])
TEXTS = ("pay", "look", "lend", "doubt", "hi", "yes", "no", "back", "restart", "Anna", "50", "savings",
         "no, 70", "stop", "what?", "it is wrong", "", "又", "a person")  # fmt: skip
READ = {"yes": "affirm", "no": "deny", "no, 70": "deny", "Anna": "nlu_fallback", "what?": "nlu_fallback",
        "50": None, "savings": None, "a person": "out_of_scope"}  # fmt: skip
UNDERSTOOD = {text: reading(READ.get(text, text)) for text in TEXTS if text not in ("stop", "又")}
BETWEEN = st.sampled_from([None] * 6 + ["taken", "returned"])
MESSAGES = st.lists(st.tuples(st.sampled_from(TEXTS), REPLIES, BETWEEN), min_size=1, max_size=9)


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    folder = tmp_path_factory.mktemp("flows")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return load_project(folder).domain


class Answers(Ends):
    """Every action answers as it is told at the moment."""

    reply: Any = ()

    async def act(self, call: ActionCall) -> ActionReply:
        if self.reply == "refuse":
            raise ActionRefused("rejected")
        if self.reply == "fail":
            raise ActionError("timeout")
        return ActionReply(tuple(replace(event, at=call.conversation.last_active) for event in self.reply))


def settled(talk: Talk, events: list[Event]) -> None:
    """What holds after every turn."""
    state = talk.state
    assert isinstance(events[-1], ActionRun) and events[-1].name == LISTEN
    assert len(events) < 200
    said = any(isinstance(event, BotSaid) for event in events)
    assert said or state.holder != "bot" or state.paused
    assert all(frame.step in talk.domain.flows[frame.flow].steps for frame in state.stack)
    if state.loop in talk.domain.flows:
        assert state.stack and state.stack[-1].flow == state.loop, "a flow that runs stands somewhere"


@given(MESSAGES)
@settings(max_examples=150)
def test_no_answer_of_an_action_breaks_a_flow(bot: Domain, messages: list[Any]) -> None:
    talk = Talk(Answers(UNDERSTOOD), bot)

    async def converse() -> None:
        for text, reply, between in messages:
            if between:
                event = TakenOver if between == "taken" else Returned
                talk.tell(event(at=talk.at, agent="kim"))
            held = talk.state.holder != "bot" or talk.state.paused
            talk.ends.reply = reply  # type: ignore[attr-defined]
            events = await talk.say(text)
            if not held:
                settled(talk, events)

    asyncio.run(converse())
    read = [from_json(to_json(event)) for event in talk.log]
    assert fold(Conversation("c1"), read) == talk.state


async def test_a_step_back_in_a_flow_leads_to_the_flow_that_ran_before(bot: Domain) -> None:
    talk = Talk(Answers(UNDERSTOOD), bot)
    await talk.say("look")
    asked = talk.state
    await talk.say("savings")
    assert talk.state.stack == ()
    events = await talk.say("doubt")
    assert talk.state.stack == asked.stack and talk.state.requested_slot == "account"
    settled(talk, events)


@pytest.mark.parametrize("loop", ["pay", "look"])
async def test_an_action_begins_no_flow_by_its_name(bot: Domain, loop: str) -> None:
    """Nor does it hide the one that runs, or break what comes after."""
    talk = Talk(Answers(UNDERSTOOD), bot)
    await talk.say("look")
    talk.ends.reply = (LoopSet(at=0.0, name=loop),)  # type: ignore[attr-defined]
    events = await talk.say("savings")
    refused = [event.reason for event in events if isinstance(event, Failed)]
    assert refused == (["flow_not_begun"] if loop == "pay" else [])
    assert talk.state.stack == () and talk.state.loop is None


@pytest.mark.parametrize("reply", [LoopSet(at=0.0, name=None), Rewound(at=0.0), SessionStarted(at=0.0)])
async def test_a_flow_may_be_ended_by_its_validation(bot: Domain, reply: Event) -> None:
    talk = Talk(Answers(UNDERSTOOD), bot)
    await talk.say("pay")
    talk.ends.reply = (reply,)  # type: ignore[attr-defined]
    settled(talk, await talk.say("Anna"))
