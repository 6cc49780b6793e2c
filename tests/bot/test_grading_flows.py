"""Rasa's grading of tests with flows: what the bot did passes as its own test, what no flow does fails."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.dialogue.domain import Domain
from bot.dialogue.events import SlotSet
from bot.dialogue.ports import ActionReply
from bot.dialogue.reading import Match
from bot.project.load import load_project
from bot.project.tests_file import ConversationTest, ExpectedAction, ExpectedLoop, UserTurn
from tests.bot.dialogue.small_bot import Talk, reading
from tests.bot.project.test_flows import FILES, WORDS
from tests.bot.test_grading import Server, as_test, graded

NEAR = (Match("hours", 0.95, "When are you open?", "From nine to five.", "en"),)
SAID = [*WORDS, "Anna", "50", "6000", "savings", "stop", "no idea"]
SAID += ["no, to Ben", "no, the amount is wrong", "no, someone else", "a lot", "/greet", "/tell"]


@pytest.fixture(scope="module")
def flowing(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    folder = tmp_path_factory.mktemp("bot")
    for name, content in FILES.items():
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
