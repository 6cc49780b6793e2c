"""The dialogue engine alone: turns a second without models, and what a turn costs late in a long
conversation.

Knows the pure turn and a bot of sixty intents with rules, stories, a form and a flow; no server, no store.
The peer of the same run is the machine itself: the turn's events written as JSON and read back.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from dataclasses import replace
from typing import Any

from bot.dialogue.conditions import parse
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain, MappingCondition, MappingType, Slot, SlotMapping, SlotType, Variation
from bot.dialogue.events import Event
from bot.dialogue.flow import Act, Collect, Flow, FlowStep, Form, Trigger, Way
from bot.dialogue.fold import fold
from bot.dialogue.memory import remember
from bot.dialogue.message import InboundMessage
from bot.dialogue.ports import ActionCall, ActionReply, Ports, ReadRequest, Wording, WordRequest
from bot.dialogue.reading import Reading, Verdict
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, Story
from bot.dialogue.turn import turn
from bot.dialogue.wire import from_json, to_json

INTENTS = 60
TURNS = 2000
LONG = 1000


def main() -> dict[str, Any]:
    """Turns a second of CPU, the peer's, and the cost of the turns at the end of a conversation of 1,000."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, Any]:
    domain = _bot()
    await _talk(domain, _messages(200))  # warm
    began = time.process_time()
    state, log = await _talk(domain, _messages(TURNS))
    seconds = time.process_time() - began
    began = time.process_time()
    assert [from_json(json.loads(json.dumps(to_json(event)))) for event in log] == log
    peer = time.process_time() - began
    early, late = await _early_and_late(domain)
    return {
        "intents": INTENTS,
        "turns_per_second": round(TURNS / seconds),
        "peer_turns_per_second": round(TURNS / peer),
        "events_per_turn": round(len(log) / TURNS, 1),
        "first_turn_us": round(1e6 * early),
        "turn_after_1000_us": round(1e6 * late),
        "late_over_first": round(late / early, 2),
        "seconds_to_fold_1000_turns": round(_folding(log[: len(log) * LONG // TURNS]), 3),
        "messages": state.user_messages,
    }


async def _early_and_late(domain: Domain) -> tuple[float, float]:
    """Median seconds of a turn as the first of a conversation, and as the one after 1,000 others."""
    long, _ = await _talk(domain, _messages(LONG))
    early: list[float] = []
    late: list[float] = []
    for number in range(300):  # in turns, so that a busy moment hits both
        text = f"intent {number % INTENTS}"
        for state, times in ((Conversation("c"), early), (long, late)):
            began = time.perf_counter()
            await _turn(domain, state, text, number)
            times.append(time.perf_counter() - began)
    return statistics.median(early), statistics.median(late)


def _folding(log: list[Event]) -> float:
    began = time.process_time()
    fold(Conversation("c"), log)
    return time.process_time() - began


def _messages(count: int) -> list[str]:
    """Questions for the most part, and now and then a form, a flow, something not understood."""
    kinds = ("form", "5", "a boat", "flow", "savings", "hm")
    return [kinds[(n // 7) % len(kinds)] if n % 7 == 6 else f"intent {n % INTENTS}" for n in range(count)]


async def _talk(domain: Domain, messages: list[str]) -> tuple[Conversation, list[Event]]:
    state, log = Conversation("c"), list[Event]()
    for number, text in enumerate(messages):
        events = await _turn(domain, state, text, number)
        state = fold(state, events)
        log += events
    return state, log


async def _turn(domain: Domain, state: Conversation, text: str, number: int) -> list[Event]:
    message = InboundMessage("c", "bench", "c", str(number), text, 1e9 + number, seed=number)
    return [event async for event in turn(domain, state, message, _PORTS)]


async def _read(request: ReadRequest) -> Reading:
    intent = request.text.replace(" ", "_") if request.text.startswith(("intent", "form", "flow")) else None
    if intent is None:
        return Reading(verdicts=(Verdict("intent_0", 0.1),), out_of_scope=True)
    return Reading(verdicts=(Verdict(intent, 0.97),), prediction_set=(intent,))


async def _act(call: ActionCall) -> ActionReply:
    return ActionReply()


async def _word(request: WordRequest) -> Wording:
    raise AssertionError("this bot has no answers")


_PORTS = Ports(read=_read, act=_act, word=_word)


def _bot() -> Domain:
    names = [f"intent_{number}" for number in range(INTENTS)]
    heard = {name: IntentStep(frozenset({name})) for name in (*names, "form", "flow")}
    begins = Rule("form", (heard["form"], ActionStep("order_form"), LoopStep("order_form")))
    rules = [Rule(name, (heard[name], ActionStep(f"utter_{name}"))) for name in names[: INTENTS // 2]]
    stories = [
        Story(name, (heard[name], ActionStep(f"utter_{name}"), heard[other], ActionStep(f"utter_{other}")))
        for name, other in zip(names[INTENTS // 2 :], reversed(names[INTENTS // 2 :]), strict=True)
    ]
    said = {f"utter_{name}": (Variation(f"About {name}."),) for name in names}
    asks = {f"utter_ask_{slot}": (Variation(f"Which {slot}?"),) for slot in ("amount", "purpose", "account")}
    steps = (
        FlowStep("1", Collect("account"), (Way("2", parse("slots.account is not null")), Way("END"))),
        FlowStep("2", Act("utter_intent_1"), (Way("END"),)),
    )
    flow = Flow("look", {"en": "look"}, {step.id: step for step in steps}, triggers=(Trigger("flow"),))
    domain = Domain(
        intents=frozenset(heard),
        slots={slot.name: slot for slot in (_asked("amount", "order_form"), _asked("purpose", "order_form"),
                                            _asked("account", "look"))},
        forms={"order_form": Form("order_form", ("amount", "purpose"))},
        flows={"look": flow},
        responses={**said, **asks},
        rules=(begins, *rules),
        stories=tuple(stories),
    )  # fmt: skip
    return replace(domain, memory=remember(domain, longest=None))


def _asked(name: str, loop: str) -> Slot:
    asked = SlotMapping(MappingType.FROM_TEXT, conditions=(MappingCondition(loop, name),))
    return Slot(name, SlotType.TEXT, mappings=(asked,))
