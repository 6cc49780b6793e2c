"""`frontdesk test`: plays a project's test conversations against its trained bot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from bot.cli.actions import action_server
from bot.cli.output import examples, json_option, project_argument, write_json
from bot.cli.train import bundle_or_train
from bot.config import Settings, read_settings
from bot.errors import Level
from bot.parts import open_bot
from bot.project.load import load_project
from bot.project.model import Project
from bot.project.tests_file import ConversationTest, read_tests
from bot.rehearsal import Failure, rehearse


@click.command(
    epilog=examples("frontdesk test my-bot", "frontdesk test my-bot --stories my-bot/tests/test_first.yml")
)
@project_argument
@click.option(
    "--stories",
    "files",
    metavar="FILE",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Only these test files; may be given more than once.",
)
@click.option("--bundle", metavar="ID", help="Test this bundle instead of the one that serves.")
@json_option
def test(project: Path, files: tuple[Path, ...], bundle: str | None, json_file: str | None) -> int:
    """Play PROJECT's test conversations: only the customer's words go in, every action is compared.

    \b
    When one fails, the first place where the bot went another way is shown:
      expected  what the test says comes next; got  what the bot did instead.
    If the bot is right, correct the test at the file and line that are shown.
    If it took the message for another intent, add examples of that kind to
    data/ (in other words than the test's), then `frontdesk train PROJECT
    --promote`. If the intent is right, look for the rule that ran: `frontdesk
    chat PROJECT --why` shows, for each message, what was read and which row
    of the policy decided. A freshly trained bot may well fail a few tests.

    Exit code 0: all passed; 1: some did not.
    """
    loaded = load_project(project)
    tests, findings = read_tests(project, files or None)
    for finding in findings:
        click.secho(str(finding), fg="red" if finding.level is Level.ERROR else "yellow", err=True)
    settings = read_settings(project)
    identity = bundle or bundle_or_train(settings, loaded).id
    with show_progress("conversations", len(tests)) as done:
        failures = asyncio.run(_play(settings, loaded, tests, identity, done))
    result = tests_json(len(tests), failures)
    write_json(result, json_file)
    if json_file != "-":
        for failure in failures:
            _show(failure)
        click.echo(f"{result['passed']} of {result['conversations']} conversations passed.")
    return 1 if failures else 0


async def _play(
    settings: Settings,
    project: Project,
    tests: Sequence[ConversationTest],
    bundle: str,
    done: Callable[[int], None],
) -> list[Failure]:
    async with (
        action_server(project, settings, bundle=bundle) as url,
        open_bot(settings, project, bundle=bundle, action_url=url) as bot,
    ):
        return await rehearse(tests, bot, done)


@contextmanager
def show_progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere; called with how many are done."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, completed=count)


def tests_json(count: int, failures: Sequence[Failure]) -> dict[str, Any]:
    """What `--json` writes and the gate reads."""
    return {
        "conversations": count,
        "passed": count - len(failures),
        "failures": [failure.to_json() for failure in failures],
    }


def _show(failure: Failure) -> None:
    click.secho(f"{failure.file}:{failure.line}: {failure.name}", fg="red")
    click.echo(
        f"  message {failure.turn}: {failure.said}" + (f"  [{failure.intent}]" if failure.intent else "")
    )
    click.echo(f"  expected: {failure.expected}\n  got:      {failure.got}")
