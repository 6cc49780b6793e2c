"""`frontdesk learn`: one learning cycle, from the reviewed log to a candidate bundle with a verdict on it.

Knows the order of the verbs; each does its own work. Promotes nothing: that is a person's word.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bot.cli.actions import action_server
from bot.cli.child import run_training
from bot.cli.learn_report import as_markdown, as_text
from bot.cli.output import (
    database_option,
    device_option,
    examples,
    json_option,
    project_argument,
    recipe_option,
    seed_option,
    write_json,
)
from bot.cli.reviews import Reviews, read_reviews
from bot.cli.test import show_progress
from bot.cli.test_report import tests_json
from bot.cli.train import recipe_of, train_project
from bot.cli.workplace import work_folder
from bot.config import Settings, read_settings
from bot.emergencies import SENTENCES, rehearse_emergencies
from bot.errors import FrontdeskError
from bot.parts import open_bot
from bot.project.corpus import OUT_OF_SCOPE, compile_corpus
from bot.project.load import load_project
from bot.project.model import Project
from bot.project.tests_file import ConversationTest, read_tests
from bot.rehearsal import rehearse
from nlu.artifacts import Bundle, champion, find


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run: the project, what was reviewed, and the folder for what the steps hand each other."""

    settings: Settings
    project: Project
    reviews: Reviews
    folder: Path


@click.command(
    epilog=examples(
        "frontdesk learn my-bot", "frontdesk models promote ID my-bot     once you have read its report"
    )
)
@project_argument
@database_option
@recipe_option
@device_option
@seed_option
@click.option("--force", is_flag=True, help="Train though nothing is new since the serving bundle.")
@json_option
def learn(
    project: Path,
    database: str | None,
    recipe: str | None,
    device: str,
    seed: int,
    force: bool,
    json_file: str | None,
) -> int:
    """One learning cycle on PROJECT; it never promotes.

    \b
    1. export   reviewed messages of the log, redacted, join the project's examples
    2. train    a candidate bundle; a tenth of the rows is frozen and trains no bundle ever
    3. test     the conversation tests and emergencies on the candidate, the tests on the
                serving bundle
    4. gate     both bundles on the frozen rows: accuracy, intents, tests, reviews, size, time
    5. report   report.md and report.json under .frontdesk/reports/CANDIDATE

    Exit code 0: the candidate passed, or nothing was new; 1: it did not pass.
    """
    settings, loaded = read_settings(project, database=database), load_project(project)
    with work_folder(settings.home, "learn") as folder:
        cycle = Cycle(settings, loaded, asyncio.run(read_reviews(settings, loaded)), folder)
        report = _run(cycle, recipe=recipe, device=device, seed=seed, force=force)
    write_json(report, json_file)
    if json_file != "-":
        click.echo(as_text(report, project))
    return 0 if report.get("passed", True) else 1


def _run(cycle: Cycle, *, recipe: str | None, device: str, seed: int, force: bool) -> dict[str, Any]:
    """The report; without `passed` where nothing was new."""
    settings, reviews = cycle.settings, cycle.reviews
    identity = compile_corpus(cycle.project, cycle.folder / "corpus", reviewed=reviews.turns)
    data = {
        "corpus": identity,
        "rows": _count(cycle.folder / "corpus" / "intents.jsonl"),
        "gold": _count(cycle.folder / "corpus" / "gold.jsonl"),
        "reviewed": len(reviews.turns),
        "skipped": reviews.skipped,
    }
    serving = champion(settings.bundles)
    if serving and not force and _nothing_new(serving, identity, *recipe_of(cycle.project, recipe)):
        return {"new": False, "champion": serving.id, "data": data}
    made = train_project(
        settings, cycle.project, recipe=recipe, device=device, seed=seed, reviewed=reviews.turns
    )
    candidate = find(settings.bundles, made["bundle"])
    verdict = run_training(_gate(cycle, candidate, serving, seed))
    names = {"candidate": candidate.id, "champion": serving.id if serving else None}
    report = {"new": True, **names, "data": data, **verdict}
    where = _reports(settings, candidate)
    report["report"] = str(where / "report.md")
    (where / "report.json").write_text(
        json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (where / "report.md").write_text(as_markdown(report), encoding="utf-8")
    return report


def _nothing_new(serving: Bundle, identity: str, recipe: str, knobs: tuple[str, ...]) -> bool:
    made = serving.details.recipe
    before = {f"{name}={value}" for name, value in made.get("knobs", {}).items()}
    same = made.get("name") == recipe and before == set(knobs)
    return same and serving.details.data_sha256 == identity


def _gate(cycle: Cycle, candidate: Bundle, serving: Bundle | None, seed: int) -> list[str]:
    """Gathers the evidence in the cycle's folder; the gate's command line. What fails to be had is not there,
    and the gate says so.
    """
    folder = cycle.folder
    tests, findings = read_tests(cycle.settings.project, None)
    for finding in findings:
        click.echo(str(finding), err=True)
    _reviewed_rows(cycle.reviews, folder / "reviewed.jsonl")
    bundles = [("candidate", candidate), *([("champion", serving)] if serving else [])]
    for name, bundle in bundles:
        _play(cycle, tests, bundle, folder / f"{name}_tests.json", emergencies=name == "candidate")
    arguments = ["gate", "--gold", str(folder / "corpus" / "gold.jsonl")]
    arguments += [
        "--reviewed",
        str(folder / "reviewed.jsonl"),
        "--emergencies",
        str(folder / "emergencies.json"),
    ]
    for name, bundle in bundles:
        arguments += [f"--{name}", str(bundle.folder)]
    arguments += ["--tests", *(str(folder / f"{name}_tests.json") for name, _ in bundles)]
    return [
        *arguments,
        "--seed",
        str(seed),
        "--out",
        str(_reports(cycle.settings, candidate) / "report.json"),
    ]


def _play(
    cycle: Cycle, tests: Sequence[ConversationTest], bundle: Bundle, out: Path, *, emergencies: bool
) -> None:
    """Writes what the bundle's bot did with the tests, and with the emergencies beside it."""

    async def play(done: Callable[[int], None]) -> None:
        async with (
            action_server(cycle.project, cycle.settings, bundle=bundle.id) as url,
            open_bot(cycle.settings, cycle.project, bundle=bundle.id, action_url=url) as bot,
        ):
            write_json(tests_json({"live": await rehearse(tests, bot, done)}), str(out))
            if emergencies:
                missed = await rehearse_emergencies(bot)
                found = {"sentences": len(SENTENCES), "missed": missed}
                write_json(found, str(out.with_name("emergencies.json")))

    try:
        with show_progress(f"tests on {bundle.id}", len(tests)) as done:
            asyncio.run(play(done))
    except FrontdeskError as error:
        click.echo(f"The tests on {bundle.id} could not be played: {error.message}", err=True)


def _reviewed_rows(reviews: Reviews, out: Path) -> None:
    rows = [
        {
            "text": turn.text,
            "intent": turn.intent or OUT_OF_SCOPE,
            "language": turn.language,
            "source": turn.source,
        }
        for turn in reviews.turns
    ]
    out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _reports(settings: Settings, candidate: Bundle) -> Path:
    folder = settings.home / "reports" / candidate.id
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _count(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return sum(1 for _ in file)
