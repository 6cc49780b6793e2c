"""How a flow mends itself: corrections where it asks to confirm, what is not understood, choices made in
between, and the end of a session.
"""

from __future__ import annotations

import pytest

from bot.project.check import check_project
from bot.project.load import read_project
from tests.bot.dialogue.small_bot import reading
from tests.bot.project.conftest import WriteProject
from tests.bot.project.test_flows import FILES, FLOWS, WORDS, made

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
