"""What an angry customer gets: an answer and the offer of a person, and the person where that did not
help.
"""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Thresholds
from bot.dialogue.events import BotSaid, Decided, Event, HandedOver, Reason, Returned, TakenOver, UserSaid
from bot.dialogue.message import Button
from bot.dialogue.reading import Reading, Sentiment
from bot.dialogue.wire import from_json, to_json
from tests.bot.dialogue.small_bot import ANSWER, DOMAIN, UNDERSTOOD, Ends, Talk, reading, texts

ANGRY = Sentiment(0.95, 0.03, 0.02, 0.9)
CALM = Sentiment(0.05, 0.9, 0.05, 0.01)
CROSS = Sentiment(0.9, 0.05, 0.05, 0.2)
LOST = Reading(out_of_scope=True, language="en")
EMERGENCY = "damn it, my husband has crushing chest pain and cannot breathe!"
PERSON = Button("Talk to a person", "/talk_to_human")

SAID = {
    **UNDERSTOOD,
    "when do you open, for god's sake?!": reading("faq", matches=(ANSWER,), sentiment=ANGRY),
    "useless!!": replace(LOST, sentiment=ANGRY),
    "气死我了！": replace(LOST, sentiment=ANGRY, language="zh"),
    "blah": replace(LOST, sentiment=CALM),
    "not what I hoped for": replace(LOST, sentiment=CROSS),
    "i need a damn loan!": reading("loan", sentiment=ANGRY),
    "get me a person!!": reading("talk_to_human", sentiment=ANGRY),
    "500!!!": reading(None, sentiment=ANGRY, language="en"),
    "fine": reading("greet", sentiment=CALM),
    EMERGENCY: replace(LOST, sentiment=ANGRY),
}


def talking(*, anger: float = 0.5) -> Talk:
    return Talk(Ends(SAID), replace(DOMAIN, thresholds=Thresholds(anger=anger)))


def handed(events: list[Event]) -> list[Reason]:
    return [event.reason for event in events if isinstance(event, HandedOver)]


def rows(events: list[Event]) -> list[str]:
    return [event.row for event in events if isinstance(event, Decided)]


def buttons(events: list[Event]) -> tuple[Button, ...]:
    return [event for event in events if isinstance(event, BotSaid)][-1].buttons


async def test_one_angry_message_is_answered_and_a_person_offered() -> None:
    talk = talking()
    events = await talk.say("when do you open, for god's sake?!")
    assert rows(events) == ["answer"]
    assert texts(events)[0] == "From nine to five." and len(texts(events)) == 2
    assert buttons(events) == (PERSON,)
    assert handed(await talk.say("/talk_to_human")) == [Reason.CUSTOMER_REQUEST]


async def test_a_calm_or_disappointed_customer_is_offered_nothing() -> None:
    for text in ("fine", "not what I hoped for", "when are you open?"):
        assert PERSON not in buttons(await talking().say(text))


async def test_a_second_angry_message_in_a_row_goes_to_a_person() -> None:
    talk = talking()
    await talk.say("when do you open, for god's sake?!")
    events = await talk.say("useless!!")
    assert rows(events) == ["frustrated"] and handed(events) == [Reason.FRUSTRATED]
    assert talk.state.holder is Holder.QUEUE and PERSON not in buttons(events)


async def test_a_calm_message_between_begins_the_count_anew() -> None:
    talk = talking()
    for text in ("when do you open, for god's sake?!", "fine", "when do you open, for god's sake?!"):
        events = await talk.say(text)
        assert handed(events) == []
    assert buttons(events) == (PERSON,)


async def test_anger_about_not_being_understood_goes_to_a_person_at_the_second_miss() -> None:
    talk = talking()
    await talk.say("blah")
    events = await talk.say("useless!!")
    assert rows(events) == ["hand_over"] and handed(events) == [Reason.FRUSTRATED]


async def test_a_miss_before_an_angry_message_that_is_understood_costs_no_person() -> None:
    talk = talking()
    await talk.say("blah")
    events = await talk.say("when do you open, for god's sake?!")
    assert rows(events) == ["answer"] and handed(events) == [] and buttons(events) == (PERSON,)


async def test_who_asks_for_a_person_angrily_has_asked_for_a_person() -> None:
    talk = talking()
    await talk.say("when do you open, for god's sake?!")
    assert handed(await talk.say("get me a person!!")) == [Reason.CUSTOMER_REQUEST]


async def test_an_emergency_goes_before_anger() -> None:
    talk = talking()
    await talk.say("useless!!")
    events = await talk.say(EMERGENCY)
    assert rows(events) == ["red_flag"] and handed(events) == [Reason.RED_FLAG]


async def test_beside_an_agent_and_in_the_queue_anger_changes_nothing() -> None:
    talk = talking()
    for text in ("useless!!", "useless!!"):
        await talk.say(text)
    assert handed(await talk.say("useless!!")) == []
    talk.tell(TakenOver(at=talk.at, agent="kim"))
    assert texts(await talk.say("useless!!")) == []


async def test_back_with_the_bot_old_anger_is_forgotten() -> None:
    talk = talking()
    for text in ("useless!!", "useless!!"):
        await talk.say(text)
    talk.tell(TakenOver(at=talk.at, agent="kim"), Returned(at=talk.at, agent="kim"))
    events = await talk.say("when do you open, for god's sake?!")
    assert handed(events) == [] and buttons(events) == (PERSON,)


async def test_in_a_form_the_offer_comes_after_its_question_and_the_form_runs_on() -> None:
    talk = talking()
    events = await talk.say("i need a damn loan!")
    assert texts(events)[0] == "How much?" and buttons(events) == (PERSON,)
    assert await talk.hear("500") == ["What for?"]


async def test_the_choices_before_the_offer_can_still_be_pressed() -> None:
    understood = {**SAID, "hours or loan": replace(UNDERSTOOD["hours or loan"], sentiment=ANGRY)}
    talk = Talk(Ends(understood), DOMAIN)
    events = await talk.say("hours or loan")
    assert buttons(events).count(PERSON) == 1  # the question already offers one
    assert len([event for event in events if isinstance(event, BotSaid)]) == 1


async def test_the_offer_is_made_in_the_customers_language() -> None:
    events = await talking().say("气死我了！")
    assert texts(events)[-1].startswith("如果您更希望") and buttons(events)[-1].title == "转人工客服"


async def test_without_a_rule_for_that_wish_nothing_is_offered() -> None:
    talk = Talk(Ends(SAID), replace(DOMAIN, rules=()))
    assert buttons(await talk.say("useless!!")) == ()


async def test_a_project_can_turn_it_off() -> None:
    talk = talking(anger=1.0)
    for text in ("when do you open, for god's sake?!", "when do you open, for god's sake?!"):
        events = await talk.say(text)
        assert rows(events) == ["answer"] and buttons(events) == ()


async def test_the_agent_sees_the_mood_and_the_log_keeps_it() -> None:
    talk = talking()
    for text in ("useless!!", "useless!!"):
        await talk.say(text)
    (packet,) = [event.packet for event in talk.log if isinstance(event, HandedOver)]
    assert packet["sentiment"] == {"negative": 0.95, "neutral": 0.03, "positive": 0.02, "anger": 0.9}
    (said, _) = [event for event in talk.log if isinstance(event, UserSaid)]
    assert from_json(to_json(said)) == said and said.reading and said.reading.sentiment == ANGRY


async def test_a_log_of_before_says_nothing_of_moods() -> None:
    talk = Talk()
    await talk.say("hi")
    (said,) = [event for event in talk.log if isinstance(event, UserSaid)]
    stored = to_json(said)
    del stored["parse_data"]["sentiment"]
    assert from_json(stored) == said
    assert Conversation("c").tempers == ()
