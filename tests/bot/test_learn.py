"""A learning cycle from a log to a verdict: which reviews teach, and the whole chain on a small project."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click import Command
from click.testing import CliRunner, Result

from bot.cli.learn import learn
from bot.cli.learn_report import as_markdown, as_text
from bot.cli.reviews import MOST_OF_ONE_CONTACT, Reviews, read_reviews
from bot.cli.train import train, train_project
from bot.config import Settings, read_settings
from bot.dialogue.events import Reviewed, UserSaid
from bot.dialogue.reading import Reading, Verdict
from bot.project.corpus import is_gold
from bot.project.load import load_project
from bot.store.migrate import migrate
from bot.store.store import open_store
from nlu.artifacts import champion, list_bundles, promote

PLACES = [
    "shop",
    "office",
    "branch",
    "counter",
    "desk",
    "house",
    "garage",
    "studio",
    "market",
    "library",
    "museum",
    "station",
]
PHRASES = {
    "ask_hours": (
        "when does the {} open",
        "opening hours of the {}",
        "is the {} open on sunday",
        "{} hours please",
    ),
    "ask_way": (
        "how do I get to the {}",
        "where is the {}",
        "show me the way to the {}",
        "{} on the map please",
    ),
    "ask_price": (
        "what does the {} cost",
        "price of the {} please",
        "how much is the {}",
        "is the {} expensive",
    ),
    "out_of_scope": (
        "sing about the {}",
        "paint the {} blue",
        "tell a joke about the {}",
        "is the {} haunted",
    ),
}
DOMAIN = """
version: "3.1"
intents: [ask_hours, ask_way, ask_price, out_of_scope]
responses:
  utter_hours: [{text: From nine to five.}]
  utter_way: [{text: Straight on.}]
  utter_price: [{text: Ten pounds.}]
"""
RULES = """
version: "3.1"
rules:
- {rule: hours, steps: [{intent: ask_hours}, {action: utter_hours}]}
- {rule: way, steps: [{intent: ask_way}, {action: utter_way}]}
- {rule: price, steps: [{intent: ask_price}, {action: utter_price}]}
"""
TESTS = """
version: "3.1"
stories:
- story: hours
  steps:
  - {user: when does the shop open, intent: ask_hours}
  - action: utter_hours
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of four intents with 48 examples each."""
    for name in ("FRONTDESK_DATABASE", "FRONTDESK_HOME", "FRONTDESK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "places"
    files = {
        "domain.yml": DOMAIN,
        "config.yml": "language: en\n",
        "data/rules.yml": RULES,
        "tests/test_a.yml": TESTS,
    }
    files["data/nlu.yml"] = 'version: "3.1"\nnlu:\n' + "".join(
        f"- intent: {intent}\n  examples: |\n"
        + "".join(f"    - {phrase.format(place)}\n" for phrase in phrases for place in PLACES)
        for intent, phrases in PHRASES.items()
    )
    for name, body in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(body, encoding="utf-8")
    return root


def review(settings: Settings, contact: str, judged: Sequence[tuple[str, str | None]]) -> None:
    """One conversation of a contact, every message of it judged by a person."""

    async def write() -> None:
        await migrate(settings.database)
        async with open_store(settings.database) as store:
            name = f"conversation of {contact}"
            await store.log.open(name, channel="rest", sender=contact, now=1.0)
            for number, (text, intent) in enumerate(judged):
                reading = Reading(verdicts=(Verdict("ask_hours", 0.6),), language="en", bundle="b")
                said = UserSaid(at=1.0, text=text, message_id=f"m{number}", channel="rest", reading=reading)
                judgement = Reviewed(at=2.0, message_id=f"m{number}", intent=intent, agent="nora")
                await store.log.append(name, [said, judgement], now=2.0)

    asyncio.run(write())


def reviews_of(folder: Path, settings: Settings) -> Reviews:
    return asyncio.run(read_reviews(settings, load_project(folder)))


def test_reviews_that_may_teach_are_redacted_and_say_where_they_are_from(folder: Path) -> None:
    settings = read_settings(folder)
    review(
        settings, "+447700900123", [("directions, mail jo@example.com", "ask_way"), ("what is love", None)]
    )
    found = reviews_of(folder, settings)
    assert [(t.text, t.intent, t.language) for t in found.turns] == [
        ("directions, mail <email>", "ask_way", "en"),
        ("what is love", None, "en"),
    ]
    assert found.skipped == {}
    assert all(t.source.startswith("review:") and "447700" not in t.source for t in found.turns)


def test_what_cannot_teach_is_left_out_and_counted(folder: Path) -> None:
    settings = read_settings(folder)
    judged = [
        ("/ask_hours", "ask_hours"),
        ("jo@example.com !", "ask_way"),
        ("hello", "greet"),
        ("when", "ask_hours"),
    ]
    review(settings, "a", judged)
    found = reviews_of(folder, settings)
    assert [t.text for t in found.turns] == ["when"]
    assert found.skipped == {"a pressed button": 1, "no words": 1, "an intent the project does not have": 1}


def test_no_contact_teaches_more_than_a_few_and_the_latest_count(folder: Path) -> None:
    settings = read_settings(folder)
    review(settings, "a", [(f"when {number}x", "ask_hours") for number in range(MOST_OF_ONE_CONTACT + 2)])
    review(settings, "b", [("where", "ask_way")])
    found = reviews_of(folder, settings)
    assert sorted(t.text for t in found.turns) == [
        "when 2x",
        "when 3x",
        "when 4x",
        "when 5x",
        "when 6x",
        "where",
    ]
    assert found.skipped == {f"over {MOST_OF_ONE_CONTACT} of one contact": 2}


def test_a_project_that_never_served_has_no_reviews(folder: Path) -> None:
    assert reviews_of(folder, read_settings(folder)) == Reviews((), {})


def run(folder: Path, *arguments: str, verb: Command = learn) -> tuple[Result, dict[str, Any]]:
    target = folder.parent / "report.json"
    words = [str(folder), "--json", str(target), *arguments]
    result = CliRunner().invoke(verb, words, standalone_mode=False)
    assert result.exception is None, result.exception
    return result, json.loads(target.read_text(encoding="utf-8"))


def failed(report: dict[str, Any]) -> list[str]:
    """The checks that failed; how long a reading took on a busy machine is no matter for a test."""
    return [c["name"] for c in report["checks"] if not c["passed"] and c["name"] != "reading time"]


@pytest.mark.slow
def test_training_takes_the_reviewed_messages_along_so_that_nothing_learned_is_lost(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FRONTDESK_DATABASE", "FRONTDESK_HOME", "FRONTDESK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    review(read_settings(project), "a", [("good day to all of you", "greet"), ("!!", "greet")])
    result, report = run(project, "--no-promote", verb=train)
    assert report["reviewed"] == 1
    assert "One reviewed message" in result.output and "no words: 1" in result.output
    promote(read_settings(project).bundles, report["bundle"])
    assert run(project)[1]["new"] is False  # a learning cycle would have made the same


@pytest.mark.parametrize(("arguments", "count"), [((), 1), (("--no-reviewed",), 0)])
def test_reviewed_messages_can_be_left_out_of_training(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], count: int
) -> None:
    review(read_settings(folder), "a", [("which bus goes there", "ask_way")])
    corpora: list[str] = []

    def child(command: Sequence[str]) -> dict[str, Any]:
        corpus = Path(command[command.index("--corpus") + 1])
        corpora.append("".join(path.read_text(encoding="utf-8") for path in sorted(corpus.iterdir())))
        return {"bundle": "b"}

    monkeypatch.setattr("bot.cli.train.run_training", child)
    _, report = run(folder, "--no-promote", *arguments, verb=train)
    assert report["reviewed"] == count
    assert ["which bus goes there" in corpus for corpus in corpora] == [bool(count)]


def test_training_makes_no_database(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.train.run_training", lambda command: {"bundle": "b"})
    run(folder, "--no-promote", verb=train)
    assert not list((folder / ".frontdesk").glob("bot.db*"))


def test_nothing_new_since_the_serving_bundle_stops_the_cycle(project: Path) -> None:
    result, report = run(project)
    assert result.return_value == 0 and "Nothing new" in result.output
    assert report["new"] is False and report["data"]["reviewed"] == 0
    assert len(list_bundles(read_settings(project).bundles)) == 1


@pytest.mark.slow
def test_a_cycle_makes_a_judged_candidate_and_promotes_nothing(folder: Path) -> None:
    settings = read_settings(folder)
    first = train_project(settings, load_project(folder), parts=("intents",))["bundle"]
    promote(settings.bundles, first)
    review(settings, "a", [("which bus goes there", "ask_way"), ("who won the match", None)])
    result, report = run(folder)
    assert report["champion"] == first and report["candidate"] != first
    assert failed(report) == [] and report["passed"] is (result.return_value == 0)
    assert report["data"]["reviewed"] == 2 and report["data"]["gold"] >= 20
    kept = settings.home / "reports" / report["candidate"]
    assert json.loads((kept / "report.json").read_text(encoding="utf-8")) == report
    page = (kept / "report.md").read_text(encoding="utf-8")
    assert "which bus" not in page and "| accuracy, refusals counted |" in page
    serving = champion(settings.bundles)
    assert serving is not None and serving.id == first
    assert not list(settings.home.glob("learn-*"))


def report_of(*, passed: bool, serving: str | None) -> dict[str, Any]:
    figures = {"accuracy": 0.9, "macro_f1": 0.8, "likeliest_accuracy": 0.95, "ece": 0.05, "read_ms": 3.0}
    bundles = [
        {"id": name, "bytes": 1, "gold": {**figures, "oos_recall": None}} for name in ("new", serving) if name
    ]
    turned = {
        "fixed": [f"data/nlu.yml:{n}" for n in range(12)],
        "broken": [f"review:p:{n}" for n in range(12)],
    }
    return {
        "new": True,
        "candidate": "new",
        "champion": serving,
        "seed": 0,
        "passed": passed,
        "report": "reports/new/report.md",
        "data": {"rows": 90, "gold": 10, "reviewed": 2, "skipped": {"no words": 3}},
        "checks": [{"name": "accuracy", "passed": passed, "detail": "90 %"}],
        "bundles": bundles,
        "groups": [{"intent": "a", "rows": 10, "accuracy": [1.0] * len(bundles)}],
        "changes": {"tests_fixed": ["t: b"], "tests_broken": [], "gold": turned, "reviewed": turned}
        if serving
        else None,
    }


def test_the_report_names_the_command_that_promotes_only_what_passed(tmp_path: Path) -> None:
    passed = as_text(report_of(passed=True, serving="old"), tmp_path)
    assert f"frontdesk models promote new {tmp_path}" in passed
    refused = as_text(report_of(passed=False, serving="old"), tmp_path)
    assert "promote" not in refused and "old keeps serving" in refused and "FAILED  accuracy" in refused


def test_the_page_shows_figures_beside_each_other_and_lists_what_turned() -> None:
    page = as_markdown(report_of(passed=True, serving="old"))
    assert "| macro F1 | 0.800 | 0.800 |" in page and "| out-of-scope recall | – | – |" in page
    assert "- test now passes: t: b" in page and "- … and 2 more" in page
    assert "reviews left out, no words: 3" in page
    alone = as_markdown(report_of(passed=False, serving=None))
    assert "absolute floors" in alone and "| a | 10 | 1.000 |" in alone


def test_a_report_without_figures_still_says_why() -> None:
    report = {**report_of(passed=False, serving="old"), "bundles": None, "groups": None, "changes": None}
    assert "the checks say why" in as_markdown(report)


def test_the_project_of_these_tests_has_gold_enough() -> None:
    texts = [phrase.format(place) for phrases in PHRASES.values() for phrase in phrases for place in PLACES]
    assert sum(map(is_gold, texts)) >= 20
