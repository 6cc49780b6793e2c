"""A message that the form's validation refuses may have meant something else: it is tried before the
refusal.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue.domain import Domain, MappingCondition, MappingType, Slot, SlotMapping, SlotType
from bot.dialogue.events import Decided, SlotSet
from bot.dialogue.ports import ActionCall, ActionReply
from bot.dialogue.reading import Match, Verdict
from tests.bot.dialogue.small_bot import ANSWER, DOMAIN, UNDERSTOOD, Ends, Talk, asked, reading

# "no, I meant ..." mends the answer given last, here the amount while the months are asked for.
MENDS_AMOUNT = SlotMapping(
    MappingType.FROM_TEXT,
    intents=frozenset({"correct"}),
    conditions=(MappingCondition("loan_form", "months"),),
)
BOT: Domain = replace(
    DOMAIN,
    forms={"loan_form": replace(DOMAIN.forms["loan_form"], required_slots=("amount", "months"))},
    slots={
        **DOMAIN.slots,
        "amount": Slot(
            "amount", SlotType.FLOAT, mappings=(asked("amount", not_intents=("correct",)), MENDS_AMOUNT)
        ),
        "months": Slot("months", SlotType.FLOAT, mappings=(asked("months", not_intents=("correct",)),)),
    },
)
WORDS = {
    **UNDERSTOOD,
    "when do you open": reading("faq", matches=(replace(ANSWER, score=0.7),)),
    "give me 2 loans": reading("loan"),
    "about 2 weeks": reading("faq", matches=(replace(ANSWER, score=0.7),)),
    "it came to 12": reading("correct"),
    "no, 400": reading("correct"),
    "12 elephants": reading("greet", 0.5, verdicts=(Verdict("x", 0.5),), prediction_set=()),
    "are you a 24 hour service": reading("faq", matches=(replace(ANSWER, score=0.9),)),
}


def judge(call: ActionCall) -> ActionReply:
    """Takes digits; amounts from 100, months below it."""
    event = call.events[-1]
    if not isinstance(event, SlotSet):
        return ActionReply()  # no value to judge, as rasa-sdk sees it
    digits = "".join(c for c in str(event.value) if c.isdigit())
    number = (
        float(digits) if str(event.value).replace("no, ", "").replace("it came to ", "").isdigit() else 0.0
    )
    fits = number >= 100 if event.name == "amount" else 0 < number < 100
    said = () if fits else ({"text": f"That is no {event.name}."},)
    return ActionReply(
        events=(SlotSet(at=0.0, name=event.name, value=number if fits else None),), responses=said
    )


@pytest.fixture
def talk() -> Talk:
    return Talk(Ends(WORDS, {"validate_loan_form": judge}), BOT)


async def test_a_refused_value_that_is_a_known_question_is_answered(talk: Talk) -> None:
    await talk.say("i need a loan")
    assert await talk.hear("when do you open") == [ANSWER.text, "Back to where we were.", "How much?"]
    assert talk.state.slots.get("amount") is None and talk.state.requested_slot == "amount"


async def test_a_refused_value_that_is_a_wish_starts_it(talk: Talk) -> None:
    await talk.say("i need a loan")
    assert await talk.hear("give me 2 loans") == ["How much?"]


async def test_a_refused_correction_is_tried_as_the_value_asked_for(talk: Talk) -> None:
    for text in ("i need a loan", "500"):
        await talk.say(text)
    events = await talk.say("it came to 12")
    assert talk.state.slots == {**talk.state.slots, "amount": 500.0, "months": 12.0}
    assert [event.row for event in events if isinstance(event, Decided)] == ["expectation", "second_choice"]


async def test_a_good_correction_stays_one(talk: Talk) -> None:
    for text in ("i need a loan", "500", "no, 400"):
        await talk.say(text)
    assert talk.state.slots["amount"] == 400.0 and talk.state.requested_slot == "months"


async def test_without_another_meaning_the_refusal_is_told(talk: Talk) -> None:
    await talk.say("i need a loan")
    assert await talk.hear("12 elephants") == ["That is no amount.", "How much?"]
    assert await talk.hear("about 2 weeks") == ["That is no amount.", "How much?"]  # a number was asked for


async def test_a_text_that_is_a_stored_question_word_for_word_is_never_taken_as_a_value(talk: Talk) -> None:
    await talk.say("i need a loan")
    assert (await talk.hear("are you a 24 hour service"))[0] == ANSWER.text
    assert not any(isinstance(call.events[-1], SlotSet) for call in talk.ends.calls), (
        "nobody was asked to judge it"
    )


async def test_a_question_with_buttons_is_not_buried_under_the_form_s(talk: Talk) -> None:
    await talk.say("i need a loan")
    talk.ends.understood = {
        **WORDS,
        "hmm": reading(None, matches=(Match("a", 0.5, "Are you open?", "Yes.", "en"),), out_of_scope=True),
    }
    talk.domain = replace(BOT, slots={**BOT.slots, "amount": replace(BOT.slots["amount"], mappings=())})
    said = await talk.hear("hmm")
    assert said == ["Which of these do you mean?"]
    assert (await talk.hear("when are you open?"))[-1] == "How much?"


async def test_a_person_comes_where_that_is_the_likelier_of_two_wishes(talk: Talk) -> None:
    await talk.say("i need a loan")
    talk.ends.understood = {
        **WORDS,
        "rather a human": reading("talk_to_human", 0.5, prediction_set=("talk_to_human", "greet")),
    }
    await talk.say("rather a human")
    assert talk.state.holder == "queue"


async def test_a_question_about_the_running_form_is_answered_rather_than_the_form_begun(talk: Talk) -> None:
    await talk.say("i need a loan")
    talk.ends.understood = {**WORDS, "can a loan be refused?": reading("loan", matches=(ANSWER,))}
    assert (await talk.hear("can a loan be refused?"))[0] == ANSWER.text
