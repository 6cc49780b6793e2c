"""Forms that fail in the middle, and forms that are filled in a second time."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue.domain import Domain, MappingType, Slot, SlotMapping, SlotType, Variation
from bot.dialogue.events import ActionRun, HandedOver, LoopSet, Returned, SlotSet, TakenOver
from bot.dialogue.flow import Form
from bot.dialogue.ports import ActionCall, ActionError, ActionReply
from bot.dialogue.reading import Entity
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Ends, Talk, reading

# Beside the asked slots, one that any message may fill, and a wish that goes back into the finished form.
WITH_POLICY: Domain = replace(
    DOMAIN,
    forms={"loan_form": Form("loan_form", ("policy", "amount", "purpose"))},
    slots={
        **DOMAIN.slots,
        "amount": Slot(
            "amount",
            SlotType.FLOAT,
            mappings=(
                SlotMapping(MappingType.FROM_ENTITY, entity="amount"),
                *DOMAIN.slots["amount"].mappings,
            ),
        ),
    },
    rules=(
        *DOMAIN.rules,
        Rule(
            "change the loan",
            (
                IntentStep(frozenset({"change"})),
                ActionStep("loan_form"),
                LoopStep(None),
                ActionStep("utter_done"),
            ),
        ),
    ),
)
WORDS = {
    **UNDERSTOOD,
    "a loan of 700": reading("loan", entities=(Entity("amount", "700"),)),
    "make it 900": reading("change", entities=(Entity("amount", "900"),)),
    "make it 800": reading("change", entities=(Entity("amount", "800"),)),
    "change it": reading("change"),
}


async def test_a_value_that_could_not_be_judged_is_asked_for_again_after_the_return() -> None:
    def fail(call: ActionCall) -> ActionReply:
        raise ActionError("timeout")

    talk = Talk(Ends())
    await talk.say("i need a loan")
    talk.ends.actions["validate_loan_form"] = fail
    events = await talk.say("abc")
    packet = next(event.packet for event in events if isinstance(event, HandedOver))
    assert packet["slots"] == {"amount": "abc"}  # the agent sees what was said
    assert talk.state.slots["amount"] is None
    talk.ends.actions["validate_loan_form"] = lambda call: ActionReply()
    talk.tell(TakenOver(at=talk.at, agent="kim"), Returned(at=talk.at, agent="kim"))
    assert (await talk.hear("hi"))[-1] == "How much?"


async def test_the_projects_validation_says_what_is_asked_next_and_when_it_is_enough() -> None:
    """rasa-sdk's dynamic forms: the next slot may be none of the domain's, and None ends the form."""
    wanted: list[str | None] = ["amount", "policy", None]
    talk = Talk()
    talk.ends.actions["validate_loan_form"] = lambda call: ActionReply(
        (SlotSet(at=0.0, name="requested_slot", value=wanted.pop(0)),)
    )
    responses = {**DOMAIN.responses, "utter_ask_policy": (Variation("Which policy?"),)}
    talk.domain = replace(DOMAIN, responses=responses)
    await talk.say("i need a loan")
    assert await talk.hear("5000") == ["Which policy?"]
    assert talk.state.requested_slot == "policy"
    assert (await talk.hear("my policy is HL-1"))[0] == "Assessed."
    assert talk.state.slots["policy"] == "HL-1" and talk.state.loop is None


async def finished(talk: Talk) -> Talk:
    for text in ("i need a loan", "5000", "a boat"):
        await talk.say(text)
    assert talk.state.loop is None
    return talk


async def test_a_finished_form_that_is_wanted_again_asks_again() -> None:
    talk = await finished(Talk())
    assert await talk.hear("i need a loan") == ["How much?"]
    assert await talk.hear("300") == ["What for?"]
    assert await talk.hear("a bike") == ["Assessed.", "300 for a bike."]


async def test_the_log_says_that_the_old_values_went() -> None:
    talk = await finished(Talk())
    events = await talk.say("i need a loan")
    gone = [(event.name, event.value) for event in events if isinstance(event, SlotSet)][:2]
    assert gone == [("amount", None), ("purpose", None)]


async def test_a_form_wanted_again_keeps_what_the_new_message_says() -> None:
    talk = Talk(Ends(WORDS), WITH_POLICY)
    talk.tell(SlotSet(at=1.0, name="policy", value="HL-1"))
    await finished(talk)
    assert await talk.hear("a loan of 700") == ["What for?"]
    assert (talk.state.slots["amount"], talk.state.slots["policy"]) == ("700", "HL-1")


async def test_the_same_value_said_again_is_a_new_value() -> None:
    talk = Talk(Ends(WORDS), WITH_POLICY)
    await talk.say("my policy is HL-1")
    for text in ("a loan of 700", "a boat", "a loan of 700"):
        await talk.say(text)
    assert talk.state.requested_slot == "purpose"
    assert talk.state.slots["amount"] == "700"


async def test_what_was_known_before_the_form_or_learned_after_it_stays() -> None:
    talk = Talk(Ends(WORDS), WITH_POLICY)
    await talk.say("my policy is HL-1")
    await finished(talk)
    talk.tell(SlotSet(at=talk.at, name="purpose", value="a bike"))
    assert await talk.hear("i need a loan") == ["How much?"]
    assert (talk.state.slots["policy"], talk.state.slots["purpose"]) == ("HL-1", "a bike")


async def test_another_wish_that_brings_a_value_corrects_the_finished_form_as_in_rasa() -> None:
    talk = Talk(Ends(WORDS), WITH_POLICY)
    await talk.say("my policy is HL-1")
    await finished(talk)
    assert await talk.hear("make it 900") == ["900 for a boat."]
    assert await talk.hear("make it 800") == ["800 for a boat."]
    assert await talk.hear("i need a loan") == ["How much?"]
    assert talk.state.slots["purpose"] is None


async def test_another_wish_that_brings_nothing_begins_the_finished_form_anew() -> None:
    talk = Talk(Ends(WORDS), WITH_POLICY)
    await talk.say("my policy is HL-1")
    await finished(talk)
    assert await talk.hear("change it") == ["How much?"]


async def test_a_form_that_was_left_and_not_finished_keeps_what_it_had() -> None:
    talk = Talk()
    for text in ("i need a loan", "5000", "stop"):
        await talk.say(text)
    assert await talk.hear("i need a loan") == ["What for?"]


async def test_a_project_that_empties_a_slot_itself_is_asked_for_that_one_only() -> None:
    """As in Rasa: what a project's own action did about a finished form is left at that."""
    empty = SlotSet(at=1.0, name="purpose", value=None)
    talk = await finished(Talk(Ends(actions={"action_assess": lambda call: ActionReply((empty,))})))
    assert await talk.hear("i need a loan") == ["What for?"]
    assert talk.state.slots["amount"] == "5000"


async def test_an_interrupted_form_goes_on_with_its_values() -> None:
    talk = Talk()
    for text in ("i need a loan", "5000", "when are you open?", "a boat"):
        await talk.say(text)
    assert talk.state.slots["amount"] == "5000"
    assert talk.state.loop is None


async def test_a_finished_form_begins_anew_in_a_later_session_that_kept_the_slots() -> None:
    talk = await finished(Talk())
    assert await talk.hear("i need a loan", later=2 * DOMAIN.session.expiry) == ["How much?"]


async def test_a_finished_form_ends_each_time_with_one_run_on_record() -> None:
    talk = await finished(await finished(Talk()))
    loops = [event.name for event in talk.log if isinstance(event, LoopSet)]
    assert loops == ["loan_form", None, "loan_form", None]
    assessed = [e for e in talk.log if isinstance(e, ActionRun) and e.name == "action_assess"]
    assert len(assessed) == 2


async def test_a_form_that_one_message_fills_is_submitted_too() -> None:
    """Rasa compares a rule that opens with an action from after that action: the form need not run before."""
    talk = Talk(Ends(WORDS), replace(WITH_POLICY, forms={"loan_form": Form("loan_form", ("policy",))}))
    await talk.say("my policy is HL-1")
    events = await talk.say("i need a loan")
    assert talk.state.loop is None
    assert [event.name for event in events if isinstance(event, ActionRun)][:-1] == [
        "loan_form",
        "action_assess",
        "utter_done",
    ]


async def test_a_number_that_was_asked_for_stops_nothing() -> None:
    talk = Talk(Ends({**UNDERSTOOD, "4": reading("stop", 0.6)}))
    await talk.say("i need a loan")
    assert await talk.hear("4") == ["What for?"]
    assert talk.state.slots["amount"] == "4"
