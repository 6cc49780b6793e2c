"""What comes next, asked of a conversation: at every point of a log the action that the turn then ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.conversation import Conversation
from bot.dialogue.events import (
    ActionRejected,
    ActionRun,
    Decided,
    Event,
    FollowupSet,
    Restarted,
    SessionStarted,
    UserSaid,
)
from bot.dialogue.fold import fold
from bot.dialogue.names import LISTEN
from bot.dialogue.next_action import next_action
from tests.bot.dialogue.small_bot import DOMAIN, UNDERSTOOD, Talk, reading
from tests.bot.dialogue.test_stories import MOOD, domain

SAID = [*UNDERSTOOD, "500", "a house", "lorem ipsum", "help, chest pain"]


def said(intent: str) -> UserSaid:
    return UserSaid(at=1.0, text=f"/{intent}", message_id="", channel="", reading=reading(intent))


def before_actions(log: Sequence[Event]) -> Iterator[tuple[Sequence[Event], str]]:
    """The log up to each action of a turn, the first as the bot stood before it decided, and the action."""
    decided: int | None = None
    for place, event in enumerate(log):
        if isinstance(event, Decided):
            decided = place
        elif isinstance(event, ActionRun) and any(isinstance(e, UserSaid) for e in log[:place]):
            yield log[: place if decided is None else decided], event.name
            decided = None


def did(name: str) -> ActionRun:
    return ActionRun(at=1.0, name=name)


def coming(*events: Event) -> str:
    return next_action(DOMAIN, fold(Conversation("c"), (SessionStarted(at=0.0), *events))).action


@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=8))
async def test_it_is_what_the_turn_does(messages: list[str]) -> None:
    talk = Talk()
    for text in messages:
        await talk.say(text)
    for earlier, action in before_actions(talk.log):
        assert next_action(DOMAIN, fold(Conversation("c1"), earlier)).action == action


@given(st.lists(st.sampled_from(sorted(domain().intents)), min_size=1, max_size=8))
async def test_stories_are_gone_on_with(intents: list[str]) -> None:
    made = domain(MOOD)
    talk = Talk(domain=made)
    for intent in intents:
        await talk.say(f"/{intent}", trusted=True)
    for earlier, action in before_actions(talk.log):
        assert next_action(made, fold(Conversation("c1"), earlier)).action == action


def test_the_bot_waits_before_the_first_message_and_after_it_listened() -> None:
    assert next_action(DOMAIN, Conversation("c")).action == LISTEN
    assert coming(said("greet")) == "utter_greet"
    assert coming(said("greet"), did("utter_greet")) == LISTEN
    assert coming(said("greet"), did(LISTEN)) == LISTEN
    assert coming(said("greet"), Restarted(at=1.0)) == LISTEN


def test_an_action_that_another_named_comes_first() -> None:
    followup = FollowupSet(at=1.0, name="utter_done")
    assert coming(said("greet"), followup) == "utter_done"
    assert coming(said("greet"), did("utter_greet"), did(LISTEN), followup) == "utter_done"


def test_what_refused_to_run_does_not_come_again() -> None:
    refused = ActionRejected(at=1.0, name="action_silent")
    assert coming(said("silent")) == "action_silent"
    assert coming(said("silent"), refused) == LISTEN


def test_what_no_model_read_goes_to_a_person() -> None:
    assert coming(UserSaid(at=1.0, text="hm", message_id="", channel="")) == "action_hand_over"
    assert coming(UserSaid(at=1.0, text="", message_id="", channel="")) == "utter_only_text"


def test_who_knows_whether_the_form_takes_a_message_says_so() -> None:
    state = fold(Conversation("c"), [SessionStarted(at=0.0), said("loan"), did("loan_form")])
    asked = replace(state, loop="loan_form", slots={"requested_slot": "amount"})
    asked = fold(asked, [did(LISTEN), said("greet")])
    assert next_action(DOMAIN, asked, taken=True).action == "loan_form"
    assert next_action(DOMAIN, asked, taken=False).action == "utter_greet"


def test_it_says_who_wants_it_and_why() -> None:
    state = fold(Conversation("c"), [SessionStarted(at=0.0), said("greet")])
    following = next_action(DOMAIN, state)
    assert (following.policy, following.row, following.intent) == ("rule: on greet", "rule", "greet")
