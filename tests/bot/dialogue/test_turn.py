"""The engine's behaviour as a customer meets it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue.conversation import Holder
from bot.dialogue.domain import MappingType, Session, Slot, SlotMapping, SlotType
from bot.dialogue.events import (
    ActionFailed,
    ActionRejected,
    ActionRun,
    BotSaid,
    Decided,
    Event,
    Failed,
    FollowupSet,
    HandedOver,
    LoopSet,
    Origin,
    Reason,
    RedFlagged,
    Restarted,
    Returned,
    Reviewed,
    SessionStarted,
    SlotSet,
    SlotsReset,
    TakenOver,
    UserSaid,
)
from bot.dialogue.fold import fold
from bot.dialogue.message import Button, InboundMessage
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused, ActionReply, ReadError, ReadRequest
from bot.dialogue.reading import Entity, Reading
from bot.dialogue.steps import ActionStep, IntentStep, Rule, SlotStep
from bot.dialogue.turn import turn
from tests.bot.dialogue.small_bot import ANSWER, DOMAIN, UNDERSTOOD, Ends, Talk, on, reading, texts

FOLLOW = FollowupSet(at=1.0, name="action_silent")


def decided(events: list[Event]) -> list[str]:
    return [event.row for event in events if isinstance(event, Decided)]


async def test_a_rule_answers_its_intent() -> None:
    talk = Talk()
    talk.tell(SlotSet(at=1.0, name="name", value="Ann"))
    events = await talk.say("hi")
    assert texts(events) == ["Hello Ann"]
    assert decided(events) == ["rule"]


async def test_the_customers_language_chooses_the_wording_and_stays() -> None:
    talk = Talk()
    assert await talk.hear("你好") == ["你好"]
    assert talk.state.language == "zh"


async def test_every_turn_ends_listening_and_opens_one_session() -> None:
    talk = Talk()
    await talk.say("hi")
    await talk.say("hi")
    assert isinstance(talk.log[-1], ActionRun) and talk.log[-1].name == "action_listen"
    assert sum(isinstance(event, SessionStarted) for event in talk.log) == 1


async def test_a_session_expires_and_keeps_its_slots_only_if_the_domain_says_so() -> None:
    for carried, expected in ((True, "Ann"), (False, None)):
        talk = Talk(domain=replace(DOMAIN, session=Session(expiry=60, carry_over=carried)))
        await talk.say("hi")
        talk.tell(SlotSet(at=talk.at, name="name", value="Ann"))
        await talk.say("hi", later=61)
        assert talk.state.slots.get("name") == expected


async def test_a_form_asks_fills_and_ends_with_its_rule() -> None:
    talk = Talk()
    assert await talk.hear("i need a loan") == ["How much?"]
    assert await talk.hear("5000") == ["What for?"]
    assert await talk.hear("a boat") == ["Assessed.", "5000 for a boat."]
    assert talk.state.loop is None
    assert talk.state.requested_slot is None


async def test_a_value_is_taken_though_its_intent_is_unsure() -> None:
    talk = Talk()
    await talk.say("i need a loan")
    events = await talk.say("about 300 maybe")
    assert decided(events) == ["expectation"]
    assert talk.state.slots["amount"] == "about 300 maybe"


async def test_the_projects_validation_may_change_or_refuse_a_value() -> None:
    def validate(call: ActionCall) -> ActionReply:
        last = call.events[-1]
        if not isinstance(last, SlotSet):
            return ActionReply()
        if last.name == "amount" and last.value == "lots":
            said = ({"text": "A number, please."},)
            return ActionReply((SlotSet(at=1.0, name="amount", value=None),), said)
        if last.name == "amount":
            return ActionReply((SlotSet(at=1.0, name="amount", value=5000.0),))
        return ActionReply()

    talk = Talk(Ends(actions={"validate_loan_form": validate}))
    await talk.say("i need a loan")
    assert await talk.hear("lots of 1s") != []
    talk = Talk(Ends(actions={"validate_loan_form": validate}))
    talk.ends.understood = {**talk.ends.understood, "lots": reading(None)}
    await talk.say("i need a loan")
    assert await talk.hear("lots") == ["A number, please.", "How much?"]
    assert await talk.hear("5k") == ["What for?"]
    assert talk.state.slots["amount"] == 5000.0


async def test_never_mind_cancels_a_form_even_where_any_text_would_fill_the_slot() -> None:
    talk = Talk()
    await talk.say("i need a loan")
    events = await talk.say("stop")
    assert texts(events) == ["Stopped."]
    assert decided(events) == ["cancelled"]
    assert talk.state.loop is None
    assert talk.state.slots.get("amount") is None


async def test_a_question_in_the_middle_is_answered_and_the_form_resumes() -> None:
    talk = Talk()
    await talk.say("i need a loan")
    events = await talk.say("when are you open?")
    assert texts(events) == ["From nine to five.", "Back to where we were.", "How much?"]
    assert talk.state.requested_slot == "amount"
    assert any(isinstance(event, ActionRejected) for event in events) is False
    assert await talk.hear("300") == ["What for?"]


async def test_another_wish_in_the_middle_of_a_form_is_served_and_the_form_resumes() -> None:
    talk = Talk()
    await talk.say("i need a loan")
    events = await talk.say("hi")
    assert any(isinstance(event, ActionRejected) for event in events)
    assert texts(events)[-1] == "How much?"
    assert talk.state.loop == "loan_form"


async def test_a_stored_answer_is_sent_with_its_source_on_record() -> None:
    talk = Talk()
    events = await talk.say("when are you open?")
    said = next(event for event in events if isinstance(event, BotSaid))
    assert (said.text, said.answer_id, said.origin) == (ANSWER.text, ANSWER.answer_id, Origin.ANSWER)
    assert said.metadata["variant"] == ANSWER.variant


async def test_two_likely_intents_are_offered_as_buttons_and_a_press_is_believed() -> None:
    talk = Talk()
    events = await talk.say("hours or loan")
    said = next(event for event in events if isinstance(event, BotSaid))
    assert [button.payload for button in said.buttons] == ["/greet", "/loan", "/talk_to_human"]
    assert await talk.hear("/loan") == ["How much?"]


@pytest.mark.parametrize("sure", [True, None])
async def test_a_wish_that_the_promise_covers_is_acted_on(sure: bool | None) -> None:
    assert await Talk(Ends({"hey": reading("loan", 0.6, sure=sure)})).hear("hey") == ["How much?"]


async def test_a_wish_below_the_promise_is_asked_about() -> None:
    talk = Talk(Ends({"hey": reading("loan", 0.6, sure=False)}))
    [said] = [event for event in await talk.say("hey") if isinstance(event, BotSaid)]
    assert [button.payload for button in said.buttons] == ["/loan", "/talk_to_human"]
    assert await talk.hear("/loan") == ["How much?"]


async def test_a_payload_that_was_not_offered_is_only_text() -> None:
    talk = Talk()
    events = await talk.say('/loan{"amount": 1}')
    assert talk.state.loop is None
    assert decided(events) == ["not_understood"]
    assert await Talk().hear("/loan", trusted=True) == ["How much?"]


async def test_two_requests_to_rephrase_that_do_not_help_lead_to_a_person() -> None:
    talk = Talk()
    assert len(await talk.hear("qwertz")) == 1
    assert len(await talk.hear("asdf")) == 1
    events = await talk.say("yxcv")
    assert [event.reason for event in events if isinstance(event, HandedOver)] == [Reason.NOT_UNDERSTOOD]
    assert talk.state.holder is Holder.QUEUE


async def test_a_message_understood_in_between_starts_the_count_anew() -> None:
    talk = Talk()
    for text in ("qwertz", "asdf", "hi", "qwertz", "asdf"):
        await talk.say(text)
    assert talk.state.holder is Holder.BOT


async def test_a_customer_who_asks_for_a_person_gets_one_with_a_packet() -> None:
    talk = Talk()
    await talk.say("i need a loan")
    await talk.say("500")
    events = await talk.say("a person please")
    handed = next(event for event in events if isinstance(event, HandedOver))
    assert handed.reason is Reason.CUSTOMER_REQUEST
    assert handed.packet["intent"] == "talk_to_human"
    assert handed.packet["slots"] == {"amount": "500"}
    assert handed.packet["summary"][-1] == {"speaker": "customer", "text": "a person please"}


async def test_while_waiting_the_customer_hears_once_that_it_was_received() -> None:
    talk = Talk()
    await talk.say("a person please")
    assert len(await talk.hear("hello?")) == 1
    assert await talk.hear("anybody?") == []


async def test_beside_an_agent_the_bot_is_silent_and_after_the_return_it_answers() -> None:
    talk = Talk()
    await talk.say("a person please")
    talk.tell(TakenOver(at=talk.at, agent="kim"))
    events = await talk.say("hi")
    assert texts(events) == []
    assert any(isinstance(event, UserSaid) for event in events)
    talk.tell(Returned(at=talk.at, agent="kim"))
    assert await talk.hear("hi") == ["Hello {name}"]


async def test_a_red_flag_hands_over_before_any_model_and_alerts_a_holding_agent() -> None:
    talk = Talk()
    events = await talk.say("I have crushing chest pain and cannot breathe")
    assert decided(events) == ["red_flag"]
    assert any(isinstance(event, RedFlagged) for event in events)
    assert [event.reason for event in events if isinstance(event, HandedOver)] == [Reason.RED_FLAG]
    talk.tell(TakenOver(at=talk.at, agent="kim"))
    events = await talk.say("I have crushing chest pain and cannot breathe")
    assert texts(events) == []
    assert any(isinstance(event, RedFlagged) for event in events)


async def test_a_red_flag_is_seen_though_the_models_are_down() -> None:
    ends = Ends()

    async def broken(request: ReadRequest) -> Reading:
        raise ReadError("model_failed")

    ends.read = broken  # type: ignore[method-assign]  # the failure under test
    talk = Talk(ends)
    events = await talk.say("my father is unconscious")
    assert decided(events) == ["red_flag"]


async def test_models_that_fail_lead_to_a_person_yet_a_form_goes_on() -> None:
    talk = Talk()
    await talk.say("i need a loan")

    async def broken(request: ReadRequest) -> Reading:
        raise ReadError("model_failed")

    talk.ends.read = broken  # type: ignore[method-assign]  # the failure under test
    assert await talk.hear("5000") == ["What for?"]
    fresh = Talk(talk.ends)
    events = await fresh.say("hi")
    assert [event.part for event in events if isinstance(event, Failed)] == ["read"]
    assert [event.reason for event in events if isinstance(event, HandedOver)] == [Reason.MODEL_FAILED]


async def test_an_action_that_fails_gets_the_customer_a_sentence_and_a_person() -> None:
    def fail(call: ActionCall) -> ActionReply:
        raise ActionError("timeout")

    talk = Talk(Ends(actions={"action_assess": fail}))
    for text in ("i need a loan", "5000"):
        await talk.say(text)
    events = await talk.say("a boat")
    assert [event.reason for event in events if isinstance(event, ActionFailed)] == ["timeout"]
    assert len(texts(events)) == 1
    assert [event.reason for event in events if isinstance(event, HandedOver)] == [Reason.ACTION_FAILED]


async def test_an_action_that_refuses_leaves_the_rest_of_the_table_to_answer() -> None:
    def refuse(call: ActionCall) -> ActionReply:
        raise ActionRefused("rejected")

    talk = Talk(Ends(actions={"action_silent": refuse}))
    events = await talk.say("quiet")
    assert any(isinstance(event, ActionRejected) for event in events)
    assert len(texts(events)) == 1
    assert len(talk.ends.calls) == 1
    assert not any(isinstance(event, HandedOver) for event in events)


async def test_an_action_that_refuses_makes_room_for_a_rule_that_says_less() -> None:
    def refuse(call: ActionCall) -> ActionReply:
        raise ActionRefused("rejected")

    known = SlotStep("language", any_value=True)
    special = on("silent", "action_assess", name="silent, for those we know", slots=(known,))
    talk = Talk(Ends(actions={"action_assess": refuse}), replace(DOMAIN, rules=(*DOMAIN.rules, special)))
    await talk.say("hi")
    await talk.say("quiet")
    assert [call.name for call in talk.ends.calls] == ["action_assess", "action_silent"]


async def test_a_followup_that_refuses_is_asked_once() -> None:
    def refuse(call: ActionCall) -> ActionReply:
        raise ActionRefused("rejected")

    follow = FollowupSet(at=1.0, name="action_assess")
    actions = {"action_silent": lambda call: ActionReply((follow,)), "action_assess": refuse}
    talk = Talk(Ends(actions=actions))
    events = await talk.say("quiet")
    assert [call.name for call in talk.ends.calls] == ["action_silent", "action_assess"]
    assert talk.state.followup is None
    assert not any(isinstance(event, HandedOver) for event in events)


async def test_a_restart_ends_the_turn() -> None:
    rules = (*DOMAIN.rules, on("restart", "action_restart"))
    talk = Talk(Ends({**UNDERSTOOD, "restart": reading("restart")}), replace(DOMAIN, rules=rules))
    await talk.say("i need a loan")
    events = await talk.say("restart")
    assert sum(isinstance(event, Restarted) for event in events) == 1
    assert not any(isinstance(event, HandedOver | Failed) for event in events)
    assert talk.state.holder is Holder.BOT
    assert talk.state.loop is None


async def test_a_session_begun_by_a_rule_ends_the_turn() -> None:
    rules = (*DOMAIN.rules, on("anew", "action_session_start"))
    talk = Talk(Ends({**UNDERSTOOD, "anew": reading("anew")}), replace(DOMAIN, rules=rules))
    await talk.say("hi")
    events = await talk.say("anew")
    assert sum(isinstance(event, SessionStarted) for event in events) == 1
    assert not any(isinstance(event, HandedOver | Failed) for event in events)


TIER = replace(DOMAIN, slots={**DOMAIN.slots, "tier": Slot("tier", SlotType.TEXT, initial="basic")})


@pytest.mark.parametrize("reset", [SlotsReset(at=1.0), Restarted(at=1.0)])
async def test_slots_that_are_reset_hold_their_initial_value_again(reset: Event) -> None:
    gold = SlotSet(at=1.0, name="tier", value="gold")
    talk = Talk(Ends(actions={"action_silent": lambda call: ActionReply((gold, reset))}), TIER)
    await talk.say("quiet")
    assert talk.state.slots["tier"] == "basic"


async def test_a_value_set_after_the_reset_stays() -> None:
    gold = SlotSet(at=1.0, name="tier", value="gold")
    reset = (SlotsReset(at=1.0), gold)
    talk = Talk(Ends(actions={"action_silent": lambda call: ActionReply(reset)}), TIER)
    await talk.say("quiet")
    assert talk.state.slots["tier"] == "gold"


async def test_what_was_said_last_is_said_again_whole_and_now() -> None:
    rules = (*DOMAIN.rules, on("repeat", "action_repeat"))
    talk = Talk(Ends({**UNDERSTOOD, "again": reading("repeat")}), replace(DOMAIN, rules=rules))
    await talk.say("i need a loan")
    await talk.say("when are you open?")
    events = await talk.say("again")
    assert texts(events)[:3] == ["From nine to five.", "Back to where we were.", "How much?"]
    assert {event.at for event in events} == {talk.at}


async def test_a_payload_with_an_intent_that_no_domain_knows_is_read_as_words() -> None:
    """As in Rasa, where such a button works as long as its words are understood."""
    talk = Talk(Ends({**UNDERSTOOD, "/a_loan": reading("loan")}))
    await talk.say("hi")
    talk.tell(BotSaid(at=talk.at, text="Pick one.", buttons=(Button("A loan", "/a_loan"),)))
    assert await talk.hear("/a_loan") == ["How much?"]


async def test_a_button_is_believed_however_its_payload_is_spaced() -> None:
    talk = Talk()
    await talk.say("hi")
    payload = '/loan{"purpose":  "x"}'
    talk.tell(BotSaid(at=talk.at, text="Pick one.", buttons=(Button("A loan", payload),)))
    assert await talk.hear(payload) == ["How much?"]


async def test_a_wish_that_a_form_provides_for_is_no_cancelling() -> None:
    again = on("again", "loan_form", name="ask again", loop_given=True, loop="loan_form")
    domain = replace(DOMAIN, rules=(*DOMAIN.rules, again))
    talk = Talk(Ends({**UNDERSTOOD, "again": reading("again")}), domain)
    await talk.say("i need a loan")
    events = await talk.say("again")
    assert texts(events) == ["How much?"]
    assert decided(events) == ["form_rule"]
    assert [event.commands for event in events if isinstance(event, Decided)] == [("StartFlow(ask again)",)]


async def test_a_rule_for_a_form_may_depend_on_an_entity() -> None:
    steps = (IntentStep(frozenset({"stop"}), frozenset({"policy"})), ActionStep("utter_greet"))
    stop = Rule("stop, but not this", steps, loop_given=True, loop="loan_form")
    named = reading("stop", entities=(Entity("policy", "HL-1"),))
    rules = (*(rule for rule in DOMAIN.rules if "stop" not in rule.name), stop)
    domain = replace(DOMAIN, rules=rules, entities=frozenset({"policy"}))
    talk = Talk(Ends({**UNDERSTOOD, "not HL-1": named}), domain)
    await talk.say("i need a loan")
    assert decided(await talk.say("not HL-1")) == ["form_rule"]
    assert talk.state.slots.get("amount") is None


async def test_a_cancelled_form_has_ended_when_its_command_is_carried_out() -> None:
    talk = Talk()
    await talk.say("i need a loan")
    events = await talk.say("stop")
    assert [event.commands for event in events if isinstance(event, Decided)] == [("CancelFlow(loan_form)",)]
    acts = [event.name for event in events if isinstance(event, ActionRun)]
    assert acts == ["action_deactivate_loop", "utter_stopped", "action_listen"]


async def test_a_flow_that_would_never_end_stops_after_ten_actions_with_a_person() -> None:
    from_itself = {"action_silent": lambda call: ActionReply((FOLLOW,))}
    talk = Talk(Ends(actions=from_itself))
    events = await talk.say("quiet")
    assert sum(isinstance(e, ActionRun) and e.name == "action_silent" for e in events) == 10
    assert [event.reason for event in events if isinstance(event, HandedOver)] == [Reason.STEP_LIMIT]


async def test_a_slot_language_of_the_projects_own_is_not_the_customers() -> None:
    own = Slot("language", SlotType.TEXT, mappings=(SlotMapping(MappingType.FROM_ENTITY, entity="language"),))
    spoken = Slot("spoken_language", SlotType.CATEGORICAL, values=("en", "zh"), influences=False)
    domain = replace(DOMAIN, slots={**DOMAIN.slots, "language": own, "spoken_language": spoken})
    talk = Talk(domain=domain)
    await talk.say("你好")
    assert talk.state.slots.get("language") is None and talk.state.language == "zh"
    talk.tell(SlotsReset(at=talk.at))
    assert talk.state.language == "zh" and talk.state.slots.get("language") is None


async def test_an_entity_fills_its_slot_outside_any_form() -> None:
    talk = Talk()
    await talk.say("my policy is HL-1")
    assert talk.state.slots["policy"] == "HL-1"


async def test_zero_width_and_control_characters_do_not_hide_a_message() -> None:
    events = await Talk().say("  h\u200bi\x00 ")
    assert next(event.text for event in events if isinstance(event, UserSaid)) == "hi"


async def test_every_call_of_an_action_has_a_key_of_its_own() -> None:
    talk = Talk()
    for text in ("i need a loan", "1", "a boat"):
        await talk.say(text)
    keys = [call.key for call in talk.ends.calls]
    assert len(set(keys)) == len(keys)


async def test_a_turn_decided_again_over_a_longer_log_calls_its_actions_under_the_same_keys() -> None:
    talk = Talk()
    await talk.say("hi")
    sent = InboundMessage("c1", "test", "me", "m-9", "quiet", talk.at + 1)
    noted = fold(talk.state, [Reviewed(at=talk.at, message_id="m0", intent="greet", agent="kim")])
    for state in (talk.state, noted):
        assert [event async for event in turn(DOMAIN, state, sent, talk.ends.ports())]
    first, second = (call.key for call in talk.ends.calls)
    assert first == second


async def test_two_calls_of_one_action_in_one_turn_are_two() -> None:
    talk = Talk(Ends(actions={"action_silent": lambda call: ActionReply((FOLLOW,))}))
    await talk.say("quiet")
    keys = [call.key for call in talk.ends.calls]
    assert len(keys) == len(set(keys)) == 10


async def test_the_loop_event_is_on_record_when_a_form_starts_and_ends() -> None:
    talk = Talk()
    for text in ("i need a loan", "1", "a boat"):
        await talk.say(text)
    assert [event.name for event in talk.log if isinstance(event, LoopSet)] == ["loan_form", None]


@pytest.mark.parametrize("nothing", ["", "  ", "\u200b"])
async def test_a_message_without_words_is_asked_for_words_and_read_by_no_model(nothing: str) -> None:
    talk = Talk()
    events = await talk.say(nothing)
    assert texts(events) == [
        "I can only read written messages. Please tell me in words what I can do for you."
    ]
    assert decided(events) == ["wordless"]


async def test_a_message_without_words_fills_no_slot_and_the_form_asks_again() -> None:
    talk = Talk()
    asked = await talk.hear("i need a loan")
    events = await talk.say("")
    assert texts(events)[0].startswith("I can only read written messages")
    assert texts(events)[-1] == asked[-1]
    assert talk.state.slots.get("amount") is None
