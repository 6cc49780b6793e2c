"""A conversation taken step by step by a program: what is foretold is run, and is what the turn does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.conversation import Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, BotSaid, Event, UserSaid
from bot.dialogue.flow import Act, Collect, Flow, FlowStep, Trigger, Way
from bot.dialogue.message import OUTSIDE, InboundMessage
from bot.dialogue.names import LISTEN, TWO_STAGE_FALLBACK
from bot.dialogue.next_action import next_action
from bot.dialogue.outside import executing, noting, respond
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, asked, on, reading

DOUBTING = replace(DOMAIN, rules=(*DOMAIN.rules, on("nlu_fallback", TWO_STAGE_FALLBACK)))


class Steps(Talk):
    """A conversation of which a program notes each message, asks what comes next, and has that run."""

    async def ask(self, what: dict[str, Any], text: str = "") -> list[Event]:
        self.at += 1.0
        message = InboundMessage(
            "c1", "test", "me", f"m{len(self.log)}", text, self.at, trusted=True, metadata={OUTSIDE: what}
        )
        events = [event async for event in respond(self.domain, self.state, message, self.ends.ports())]
        self.tell(*events)
        return events

    async def take(self, text: str) -> list[str]:
        """The actions by which a message is answered."""
        await self.ask(noting(None), text)
        names = [next_action(self.domain, self.state).action]
        while names[-1] != LISTEN and self.state.holder is Holder.BOT and len(names) < 12:
            await self.ask(executing(names[-1], None, None))
            names.append(next_action(self.domain, self.state).action)
        await self.ask(executing(LISTEN, None, None))
        return names


def did(events: Sequence[Event]) -> list[str]:
    return [event.name for event in events if isinstance(event, ActionRun)]


def words(events: Sequence[Event]) -> list[str]:
    return [event.response or event.text or "" for event in events if isinstance(event, BotSaid)]


MESSAGES = sorted({*UNDERSTOOD, "500", "lorem ipsum", "help, chest pain"} - {"quiet"})


@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=6))
async def test_it_comes_to_what_the_turn_does(messages: list[str]) -> None:
    live, steps = Talk(), Steps()
    for text in messages:
        expected = await live.say(text)
        names = await steps.take(text)
        heard = next(place for place, event in enumerate(expected) if isinstance(event, UserSaid))
        ran = did(expected[heard:])
        assert names == ran, text
        if live.state.holder is not Holder.BOT:
            break  # a program runs nothing beside a person
    assert steps.state.holder is live.state.holder and steps.state.slots == live.state.slots


async def test_the_two_stage_fallback_ends_where_it_is_run_last() -> None:
    steps = Steps(domain=DOUBTING)
    assert await steps.take("lorem ipsum") == [TWO_STAGE_FALLBACK, LISTEN]
    assert steps.state.loop == TWO_STAGE_FALLBACK
    assert await steps.take("hi") == [TWO_STAGE_FALLBACK, "utter_greet", LISTEN]
    assert steps.state.loop is None


async def test_a_flow_is_begun_walked_and_stopped() -> None:
    steps = Steps(Ends({**UNDERSTOOD, "pay": reading("pay"), "stop": reading("stop")}), flows())
    assert await steps.take("pay") == ["pay_bill", LISTEN]
    assert words(steps.log)[-1] == "utter_ask_amount"
    assert await steps.take("stop") == ["pay_bill", LISTEN]
    assert steps.state.loop is None and words(steps.log)[-1] == "utter_cancelled"
    await steps.take("pay")
    assert await steps.take("500") == ["pay_bill", LISTEN]
    assert steps.state.loop is None and words(steps.log)[-1] == "utter_greet"


def flows() -> Domain:
    steps = (FlowStep("1", Collect("amount"), (Way("2"),)), FlowStep("2", Act("utter_greet"), ()))
    flow = Flow(
        "pay_bill", {"en": "pay a bill"}, {step.id: step for step in steps}, triggers=(Trigger("pay"),)
    )
    slots = {
        **DOMAIN.slots,
        "amount": replace(DOMAIN.slots["amount"], mappings=(asked("amount", form="pay_bill"),)),
    }
    return replace(DOMAIN, intents=DOMAIN.intents | {"pay"}, slots=slots, flows={"pay_bill": flow})
