"""`frontdesk test`: plays a project's test conversations against its trained bot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from bot.cli.actions import action_server
from bot.cli.output import examples, json_option, project_argument, write_json
from bot.cli.test_report import show, tests_json, write_stories
from bot.cli.train import bundle_or_train
from bot.config import Settings, read_settings
from bot.errors import Level
from bot.grading import grade
from bot.parts import open_bot
from bot.played import Played
from bot.project.load import load_project
from bot.project.model import Project
from bot.project.tests_file import ConversationTest, read_tests
from bot.rehearsal import rehearse

# Each way of playing a test, in the order in which they are played and told.
GRADINGS = {"live": rehearse, "rasa": grade}


@click.command(
    epilog=examples(
        "frontdesk test my-bot",
        "frontdesk test my-bot --stories my-bot/tests/test_first.yml",
        "frontdesk test my-bot --grading rasa --stories my-bot/data     do the stories play themselves?",
    )
)
@project_argument
@click.option(
    "--stories",
    "files",
    metavar="FILE",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Only these test or story files, or folders of them; may be given more than once.",
)
@click.option(
    "--grading",
    type=click.Choice(["both", *GRADINGS]),
    default="both",
    show_default=True,
    help="live: only the customer's words go in; rasa: the test's own intents and entities do.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where failed conversations are written as test files, with what came instead beside each line. "
    "Default: .frontdesk/results in the project.",
)
@click.option("--bundle", metavar="ID", help="Test this bundle instead of the one that serves.")
@json_option
def test(
    project: Path,
    files: tuple[Path, ...],
    grading: str,
    out: Path | None,
    bundle: str | None,
    json_file: str | None,
) -> int:
    """Play PROJECT's test conversations, in two ways that find different faults.

    \b
    live  Only the customer's words go in; the bot reads them, runs its actions
          and is compared message by message, up to the first failure.
    rasa  As `rasa test core`: the test's intents and entities are fed back, no
          action runs (slot_was_set and active_loop say what each changed), and
          every next action is compared, listening too, to the end.

    \b
    Failed live alone: the message was misread, or an action did something
      else. Add examples to data/, in other words than the test's, and train.
    Failed both ways: look at rules and stories. `frontdesk chat PROJECT --why`
      shows, for each message, which row of the policy decided.
    Failed as Rasa grades alone: the test does not tell all that actions set.
    If the bot is right, correct the test at the file and line that are shown.

    Exit code 0: all passed; 1: some did not.
    """
    loaded, tests, settings = load_project(project), _read(project, files), read_settings(project)
    identity = bundle or bundle_or_train(settings, loaded).id
    ways = list(GRADINGS) if grading == "both" else [grading]
    plays = asyncio.run(_play(settings, loaded, tests, identity, ways))
    result = tests_json(plays)
    written = write_stories(plays, out or settings.home / "results")
    write_json(result, json_file)
    if json_file != "-":
        show(plays, written)
    return 1 if result["failures"] else 0


def _read(project: Path, files: Sequence[Path]) -> Sequence[ConversationTest]:
    tests, findings = read_tests(project, files or None)
    for finding in findings:
        click.secho(str(finding), fg="red" if finding.level is Level.ERROR else "yellow", err=True)
    return tests


async def _play(
    settings: Settings,
    project: Project,
    tests: Sequence[ConversationTest],
    bundle: str,
    ways: Sequence[str],
) -> dict[str, list[Played]]:
    """What came of each way. Only live play runs actions."""
    async with AsyncExitStack() as stack:
        url = None
        if "live" in ways:
            url = await stack.enter_async_context(action_server(project, settings, bundle=bundle))
        bot = await stack.enter_async_context(open_bot(settings, project, bundle=bundle, action_url=url))
        plays = {}
        for way in ways:
            with show_progress(f"conversations, {way}", len(tests)) as done:
                plays[way] = await GRADINGS[way](tests, bot, done)
        return plays


@contextmanager
def show_progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere; called with how many are done."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, completed=count)
