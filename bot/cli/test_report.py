"""What `frontdesk test` says of the conversations it played: as JSON, on the terminal, and as test files with
a remark on each line that went otherwise.

Knows the results; plays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from bot.played import Failure, Played, confusions, right
from bot.project.tests_write import stories_to_yaml

FAILED = {"live": "failed_live_stories.yml", "rasa": "failed_test_stories.yml"}
MISREAD = "stories_with_warnings.yml"
NO_FAILURE = "None of the conversations failed."
_NOTES = {
    "live": "Conversations that failed live, each up to its first failure: beside a line, what came instead.",
    "rasa": "Conversations that failed as Rasa grades: beside a line, what came instead.",
    MISREAD: "Conversations whose actions are right, but not each reading: beside an intent, the one read.",
}

Plays = Mapping[str, Sequence[Played]]
"""What came of the tests, by the way they were played."""


def tests_json(plays: Plays) -> dict[str, Any]:
    """What `--json` writes and the gate reads: a conversation passed that passed in every way it was played;
    one that failed is told once, as it failed first.
    """
    failures: dict[int, Failure] = {}
    for played in plays.values():
        for number, play in enumerate(played):
            if play.failure:
                failures.setdefault(number, play.failure)
    count = max(map(len, plays.values()), default=0)
    return {
        **_figures(count, [failures[number] for number in sorted(failures)]),
        "gradings": {way: _grading_json(played) for way, played in plays.items()},
    }


def _grading_json(played: Sequence[Played]) -> dict[str, Any]:
    actions = [pair for play in played for pair in play.actions]
    readings = [pair for play in played for pair in play.readings]
    return {
        **_figures(len(played), [play.failure for play in played if play.failure]),
        "actions": {"right": right(actions), "of": len(actions)},
        "intents": {"right": right(readings), "of": len(readings)},
        "confused": [
            {"expected": expected, "got": got, "times": times} for expected, got, times in confusions(played)
        ],
    }


def _figures(count: int, failures: Sequence[Failure]) -> dict[str, Any]:
    return {
        "conversations": count,
        "passed": count - len(failures),
        "failures": [failure.to_json() for failure in failures],
    }


def write_stories(plays: Plays, folder: Path) -> list[Path]:
    """Write the conversations that failed, and those misread; the files that hold any. A file of an earlier
    run is replaced though it be by an empty one.
    """
    chosen = {FAILED[way]: (_NOTES[way], [p for p in played if p.failure]) for way, played in plays.items()}
    if graded := plays.get("rasa"):
        chosen[MISREAD] = (_NOTES[MISREAD], [p for p in graded if p.misread and not p.failure])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (note, some) in chosen.items():
            stories = [(p.test.name, f"{p.test.file}:{p.test.line}", p.told) for p in some]
            (folder / name).write_text(
                stories_to_yaml(stories, note if some else NO_FAILURE), encoding="utf-8"
            )
    except OSError as error:
        message = f"cannot write in {folder}: {error.strerror}. Give --out a writable folder."
        raise click.ClickException(message) from error
    return [folder / name for name, (_, some) in chosen.items() if some]


def show(plays: Plays, written: Sequence[Path]) -> None:
    """The failures, what was confused with what, and the figures, on the terminal."""
    for way, played in plays.items():
        for play in played:
            if play.failure:
                _show_failure(way, play.failure)
        _show_confusions(way, confusions(played))
    for way, played in plays.items():
        told = _grading_json(played)
        actions, intents = told["actions"], told["intents"]
        read = f", {intents['right']} of {intents['of']} intents" if intents["of"] else ""
        click.echo(
            f"{way}: {told['passed']} of {told['conversations']} conversations passed, "
            f"{actions['right']} of {actions['of']} actions right{read}."
        )
    for path in written:
        click.echo(f"See {path}")


def _show_failure(way: str, failure: Failure) -> None:
    click.secho(f"{failure.file}:{failure.line}: {failure.name} ({way})", fg="red")
    click.echo(
        f"  message {failure.turn}: {failure.said}" + (f"  [{failure.intent}]" if failure.intent else "")
    )
    click.echo(f"  expected: {failure.expected}\n  got:      {failure.got}")


def _show_confusions(way: str, confused: Sequence[tuple[str, str, int]]) -> None:
    if not confused:
        return
    rows = [(f"{way}: expected", "got", "times"), *((e, g, str(times)) for e, g, times in confused)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for expected, got, times in rows:
        click.echo(f"  {expected:<{widths[0]}}  {got:<{widths[1]}}  {times:>5}")
