"""A bot small enough to read in one glance, and ports that answer from tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import (
    Domain,
    MappingCondition,
    MappingType,
    Slot,
    SlotCondition,
    SlotMapping,
    SlotType,
    Variation,
)
from bot.dialogue.events import BotSaid, Event, Origin
from bot.dialogue.flow import Form
from bot.dialogue.fold import fold
from bot.dialogue.message import InboundMessage
from bot.dialogue.ports import ActionCall, ActionReply, Foresee, Ports, ReadRequest, Wording, WordRequest
from bot.dialogue.reading import Entity, Match, Reading, Verdict
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, Step
from bot.dialogue.turn import turn


def asked(slot: str, *, form: str = "loan_form", not_intents: tuple[str, ...] = ()) -> SlotMapping:
    return SlotMapping(
        MappingType.FROM_TEXT,
        not_intents=frozenset(not_intents),
        conditions=(MappingCondition(form, slot),),
    )


def on(intent: str, *actions: str, name: str | None = None, **more: Any) -> Rule:
    steps: tuple[Step, ...] = (IntentStep(frozenset({intent})), *map(ActionStep, actions))
    return Rule(name or f"on {intent}", steps, **more)


DOMAIN = Domain(
    name="small",
    languages=("en", "zh"),
    intents=frozenset({"greet", "loan", "stop", "talk_to_human", "silent", "risky", "out_of_scope"}),
    actions=frozenset({"validate_loan_form", "action_assess", "action_silent"}),
    slots={
        "amount": Slot("amount", SlotType.FLOAT, mappings=(asked("amount"),)),
        "purpose": Slot("purpose", SlotType.TEXT, mappings=(asked("purpose"),)),
        "policy": Slot("policy", mappings=(SlotMapping(MappingType.FROM_ENTITY, entity="policy"),)),
        "language": Slot("language", SlotType.CATEGORICAL, values=("en", "zh")),
    },
    forms={"loan_form": Form("loan_form", ("amount", "purpose"))},
    responses={
        "utter_greet": (
            Variation("Hello {name}"),
            Variation("你好", conditions=(SlotCondition("language", "zh"),)),
        ),
        "utter_ask_amount": (Variation("How much?"),),
        "utter_ask_purpose": (Variation("What for?"),),
        "utter_done": (Variation("{amount} for {purpose}."),),
        "utter_stopped": (Variation("Stopped."),),
    },
    rules=(
        on("greet", "utter_greet"),
        Rule(
            "start the loan",
            (IntentStep(frozenset({"loan"})), ActionStep("loan_form"), LoopStep("loan_form")),
        ),
        Rule(
            "end the loan",
            (ActionStep("loan_form"), LoopStep(None), ActionStep("action_assess"), ActionStep("utter_done")),
            loop_given=True,
            loop="loan_form",
        ),
        Rule(
            "stop the loan",
            (
                IntentStep(frozenset({"stop"})),
                ActionStep("action_deactivate_loop"),
                LoopStep(None),
                ActionStep("utter_stopped"),
            ),
            loop_given=True,
            loop="loan_form",
        ),
        on("talk_to_human", "action_hand_over"),
        on("silent", "action_silent"),
    ),
)

ANSWER = Match("opening_hours", 0.9, "When are you open?", "From nine to five.", "en")


def reading(intent: str | None, probability: float = 0.95, **more: Any) -> Reading:
    """A sure reading of one intent; the rest of the probability lies on `greet`."""
    if intent is None:
        return Reading(**more)
    verdicts = (Verdict(intent, probability), Verdict("other", 1 - probability))
    return Reading(**{"verdicts": verdicts, "prediction_set": (intent,), "language": "en", **more})


# What the small bot understands: text → reading. Everything else is out of scope.
UNDERSTOOD: Mapping[str, Reading] = {
    "hi": reading("greet"),
    "你好": reading("greet", language="zh"),
    "i need a loan": reading("loan"),
    "stop": reading("stop"),
    "a person please": reading("talk_to_human"),
    "quiet": reading("silent"),
    "when are you open?": reading("faq", matches=(ANSWER,)),
    "hours or loan": Reading(
        verdicts=(Verdict("greet", 0.5), Verdict("loan", 0.45)),
        prediction_set=("greet", "loan"),
        language="en",
    ),
    "my policy is HL-1": reading("greet", entities=(Entity("policy", "HL-1", 13, 17),)),
}


class Ends:
    """Ports that answer from tables and remember what they were asked; no learned policy stands."""

    foresee: Foresee | None = None

    def __init__(
        self,
        understood: Mapping[str, Reading] = UNDERSTOOD,
        actions: Mapping[str, Callable[[ActionCall], ActionReply]] | None = None,
    ) -> None:
        self.understood = understood
        self.actions = {
            "validate_loan_form": lambda call: ActionReply(),
            "action_assess": lambda call: ActionReply(responses=({"text": "Assessed."},)),
            "action_silent": lambda call: ActionReply(),
            **(actions or {}),
        }
        self.calls: list[ActionCall] = []

    def ports(self) -> Ports:
        return Ports(self.read, self.act, self.word, foresee=self.foresee)

    async def read(self, request: ReadRequest) -> Reading:
        unknown = Reading(out_of_scope=True, language=request.language or "en")
        return self.understood.get(request.text, replace(unknown, verdicts=(Verdict("greet", 0.2),)))

    async def act(self, call: ActionCall) -> ActionReply:
        self.calls.append(call)
        return self.actions[call.name](call)

    async def word(self, request: WordRequest) -> Wording:
        best = request.matches[0]
        return Wording(best.text, best.answer_id, Origin.ANSWER)


class Talk:
    """A conversation held with the small bot."""

    def __init__(self, ends: Ends | None = None, domain: Domain = DOMAIN) -> None:
        self.ends = ends or Ends()
        self.domain = domain
        self.state = Conversation("c1")
        self.log: list[Event] = []
        self.at = 1000.0

    async def say(self, text: str, *, trusted: bool = False, later: float = 10.0) -> list[Event]:
        self.at += later
        message = InboundMessage(
            "c1", "test", "me", f"m{len(self.log)}", text, self.at, seed=7, trusted=trusted
        )
        events = [event async for event in turn(self.domain, self.state, message, self.ends.ports())]
        self.tell(*events)
        return events

    def tell(self, *events: Event) -> None:
        self.state = fold(self.state, events)
        self.log.extend(events)

    async def hear(self, text: str, **more: Any) -> list[str]:
        """What the bot says to `text`."""
        return texts(await self.say(text, **more))


def texts(events: list[Event]) -> list[str]:
    return [event.text or "" for event in events if isinstance(event, BotSaid)]
