"""How a flow mends itself: corrections where it asks to confirm, what is not understood, choices made in
between, and the end of a session.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue.conversation import Conversation
from bot.dialogue.events import BotSaid, Decided
from bot.dialogue.fold import fold
from bot.dialogue.reading import Reading, Verdict
from bot.project.check import check_project
from bot.project.load import read_project
from tests.bot.dialogue.small_bot import Talk, reading, texts
from tests.bot.project.conftest import WriteProject
from tests.bot.project.test_flows import CONFIRM, DOMAIN, FILES, FLOWS, RULES, WORDS, did, made


@pytest.fixture
def talk(write_project: WriteProject) -> Talk:
    return made(write_project)


HOURS_LATER = 7200.0  # more than a session lasts


async def test_what_an_unfinished_flow_collected_ends_with_the_session(write_project: WriteProject) -> None:
    talk = made(write_project)
    for text in ("send 50", "Anna"):
        await talk.say(text)
    assert await talk.hear("send money", later=HOURS_LATER) == ["To whom?"]
    assert not {"amount", "recipient"} & talk.state.slots.keys()


async def test_what_a_flow_keeps_outlives_the_session(write_project: WriteProject) -> None:
    begins = "    steps:\n    - collect: recipient"
    kept = FLOWS.replace(begins, f"    persisted_slots: [recipient]\n{begins}")
    talk = made(write_project, **{"flows.yml": kept})
    for text in ("send 50", "Anna"):
        await talk.say(text)
    assert await talk.hear("send money", later=HOURS_LATER) == ["How much?"]
    assert talk.state.slots["recipient"] == "Anna"


async def test_a_flow_is_called_by_its_name_in_the_customers_language(write_project: WriteProject) -> None:
    names = "    name: {en: send money, zh: 转账}\n    description: {en: to anybody you like, zh: 给任何人}\n"
    written = FLOWS.replace("    name: send money\n    description: to anybody you like\n", names)
    talk = made(write_project, **{"flows.yml": written, "config.yml": "languages: [en, zh]\n"})
    talk.ends.understood = {**WORDS, "你能做什么": reading("tell", language="zh")}
    assert (await talk.hear("help"))[0].endswith("- send money: to anybody you like\n- Balance")
    assert (await talk.hear("你能做什么"))[0].endswith("- 转账: 给任何人\n- Balance")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("{en: send money, zh: 转账}", None),
        ("send money", None),  # for every language
        ("{en: send money}", "The flow `send_money` has no name in zh."),
        ("{en: send money, zh: 转账, fr: virer}", "has a name in `fr`, no language of the project"),
        ("{en: send money, zh: [转账]}", "must be a text"),
    ],
)
def test_a_name_is_missing_in_no_language(write_project: WriteProject, name: str, told: str | None) -> None:
    written = FLOWS.replace("name: send money\n", f"name: {name}\n")
    files = {**FILES, "flows.yml": written, "config.yml": "languages: [en, zh]\n"}
    findings = [str(finding) for finding in check_project(read_project(write_project(files)))]
    found = [line for line in findings if line.startswith("flows.yml")]
    assert any(told in line for line in found) if told else found == [], found


async def test_what_is_not_understood_gets_the_question_again(talk: Talk) -> None:
    for text in ("send money", "Anna"):
        await talk.say(text)
    events = await talk.say("a lot")
    assert texts(events) == ["Sorry, I need a number here.\nHow much?"]
    assert [event.row for event in events if isinstance(event, Decided)] == ["not_understood"]
    await talk.say("50")
    said = await talk.say("no idea really")
    assert texts(said) == [f"Sorry, please say yes or no, or tell me what to change.\n{CONFIRM}"]
    assert [button.title for e in said if isinstance(e, BotSaid) for button in e.buttons] == ["Yes", "No"]


async def test_two_that_were_not_understood_bring_a_person(talk: Talk) -> None:
    for text in ("send money", "Anna", "a lot", "quite a lot", "you know"):
        await talk.say(text)
    assert talk.state.holder == "queue"


async def test_the_questions_picture_comes_after_what_was_not_understood(write_project: WriteProject) -> None:
    domain = DOMAIN.replace(
        'utter_ask_amount: [{text: "How much?"}]', "utter_ask_amount: [{image: money.png}]"
    )
    talk = made(write_project, **{"domain.yml": domain})
    for text in ("send money", "Anna"):
        await talk.say(text)
    said = [(e.text, e.image) for e in await talk.say("a lot") if isinstance(e, BotSaid)]
    assert said == [("Sorry, I need a number here.", None), (None, "money.png")]


async def test_a_project_has_its_own_action_for_what_is_not_understood(write_project: WriteProject) -> None:
    rules = f"{RULES}- rule: lost\n  steps: [{{intent: nlu_fallback}}, {{action: action_check}}]\n"
    talk = made(write_project, **{"data/rules.yml": rules})
    for text in ("send money", "Anna"):
        await talk.say(text)
    assert did(await talk.say("a lot")) == ["action_check", "send_money"]


@pytest.mark.parametrize("gone", ["flow", "step"])
async def test_a_flow_that_the_project_has_no_more_ends(talk: Talk, gone: str) -> None:
    await talk.say("send money")
    await talk.say("my balance")
    flow = talk.domain.flows["send_money"]
    moved = {f"{name}_now": step for name, step in flow.steps.items()}
    left = {} if gone == "flow" else {"send_money": replace(flow, steps=moved)}
    talk.domain = replace(talk.domain, flows=left)
    assert await talk.hear("hi") == ["Hello"]
    assert talk.state.stack == () and talk.state.loop is None and talk.state.requested_slot is None
    assert fold(Conversation("c1"), talk.log) == talk.state


def tied(*intents: str) -> Reading:
    return Reading(verdicts=tuple(Verdict(i, 0.45) for i in intents), prediction_set=intents, language="en")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("/greet", ["Hello", "Back to where we were.", "How much?"]),
        ("/affirm", ["How much?"]),
        ("/tell", ["How much?"]),
        ("/repeat", ["How much?"]),
        ("/send_money", ["How much?"]),
    ],
)
async def test_after_a_choice_that_changes_nothing_the_flow_asks_on(
    write_project: WriteProject, choice: str, said: list[str]
) -> None:
    repeat = "- rule: again\n  steps: [{intent: repeat}, {action: action_repeat}]\n"
    domain = DOMAIN.replace("greet, stop", "greet, repeat, stop")
    for rules in (RULES, RULES + repeat):
        talk = made(write_project, **{"domain.yml": domain, "data/rules.yml": rules})
        talk.ends.understood = {**WORDS, "either": tied(choice[1:], "check_balance")}
        for text in ("send money", "Anna"):
            await talk.say(text)
        assert await talk.hear("either") == ["Which of these do you mean?"]
        assert await talk.hear(choice) == said
        assert talk.state.misses == 0


async def test_a_press_is_no_value(talk: Talk) -> None:
    await talk.say("send money")
    await talk.say("what can you do?")
    assert await talk.hear("/check_balance") == ["Which account?"]
    assert talk.state.slots.get("recipient") is None
