"""Rasa's grading of tests with flows: what the bot did passes as its own test, what no flow does fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, SlotSet
from bot.dialogue.ports import ActionReply
from bot.dialogue.reading import Entity, Match
from bot.project.load import load_project
from bot.project.tests_file import ConversationTest, ExpectedAction, ExpectedLoop, UserTurn
from tests.bot.dialogue.small_bot import Talk, reading
from tests.bot.project.test_flow_confirmation import PARCEL, validate
from tests.bot.project.test_flows import FILES, WORDS
from tests.bot.test_grading import Server, as_test, graded

NEAR = (Match("hours", 0.95, "When are you open?", "From nine to five.", "en"),)
SAID = [*WORDS, "Anna", "50", "6000", "savings", "stop", "no idea"]
SAID += ["no, to Ben", "no, the amount is wrong", "no, someone else", "a lot", "/greet", "/tell"]


@pytest.fixture(scope="module")
def flowing(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    return loaded(tmp_path_factory.mktemp("bot"), FILES)


@pytest.fixture(scope="module")
def ordering(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    return loaded(tmp_path_factory.mktemp("bot"), {**FILES, **PARCEL})


def loaded(folder: Path, files: Mapping[str, str]) -> Domain:
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return load_project(folder).domain


def ends() -> Server:
    enough = ActionReply((SlotSet(at=0.0, name="enough", value=True),))
    understood = {**WORDS, "when are you open?": reading("faq", matches=NEAR)}
    return Server(
        understood, {"action_check": lambda call: enough, "action_send": lambda call: ActionReply()}
    )


def as_written(domain: Domain, test: ConversationTest) -> ConversationTest:
    """As people write it: that a flow runs stands after what it does first."""
    steps = list(test.steps)
    for place, step in enumerate(test.steps[:-1]):
        if not isinstance(step, ExpectedLoop) or step.name not in domain.flows:
            continue
        before = (one for one in reversed(steps[:place]) if isinstance(one, (UserTurn, ExpectedAction)))
        if isinstance(next(before), UserTurn):
            first = next(n for n in range(place, len(steps)) if isinstance(steps[n], ExpectedAction))
            steps.insert(first, steps.pop(place))
    return replace(test, steps=tuple(steps))


async def talked(domain: Domain, said: list[str]) -> Talk:
    talk = Talk(ends(), domain)
    for text in said:
        await talk.say(text)
    return talk


@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=9))
@example(["my balance", "no, 70", "no, 70", "my balance", "no, 70"])  # asked for again: understood
@example(["send money", "what is on my account", "send money", "send money", "send money"])  # given up
@example(["send money", "send money", "no, 70", "50", "yes", "no, 70", "no, 70"])  # corrected: understood
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_the_bot_did_passes_as_a_test_of_itself(flowing: Domain, said: list[str]) -> None:
    talk = await talked(flowing, said)
    play = await graded([as_written(flowing, as_test(flowing, talk.log))], flowing, ends=ends())
    assert play.failure is None, play.failure


ORDERS = ["order", "small", "a large one", "yes", "no", "C-2", "12 Elm Street, Leeds", "hm", "moved"]
ORDERS += ["no, to 5 Mill Lane, York", "no, send it elsewhere", "no, send it home", "the address is wrong"]
ORDERS += ["no, wrong customer number"]


@given(st.lists(st.sampled_from(ORDERS), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_was_mended_passes_as_a_test_of_itself(ordering: Domain, said: list[str]) -> None:
    talk = Talk(server := orders(), ordering)
    for text in ["order", *said]:
        events = await talk.say(text)
        ran = [event.name for event in events if isinstance(event, ActionRun)]
        assert text == "yes" or "action_order" not in ran
        assert talk.state.loop == (talk.state.stack[-1].flow if talk.state.stack else None)
    play = await graded([as_written(ordering, as_test(ordering, talk.log))], ordering, ends=server)
    assert play.failure is None, play.failure


def orders() -> Server:
    numbers = {f"C-{n}": reading("order", entities=(Entity("number", f"C-{n}"),)) for n in (1, 2)}
    plain = {"yes": reading("affirm"), "no": reading("deny"), "moved": reading("move")}
    answers = {"action_order": lambda call: ActionReply(), "validate_order": validate}
    return Server({**plain, **numbers, "order": numbers["C-1"]}, answers)


WHOLE = ["send money", "Anna", "50", "no, 70", "yes"]


@pytest.mark.parametrize("said", [WHOLE, ["send 50", "my balance", "savings", "stop"], ["send money", "hi"]])
async def test_what_no_flow_does_fails(flowing: Domain, said: list[str]) -> None:
    talk = await talked(flowing, said)
    test = as_written(flowing, as_test(flowing, talk.log))
    for place, step in enumerate(test.steps):
        if isinstance(step, ExpectedAction):
            wrong = (*test.steps[:place], replace(step, name="utter_other"), *test.steps[place + 1 :])
            play = await graded([replace(test, steps=wrong)], flowing, ends=ends())
            assert play.failure is not None, (place, step)
