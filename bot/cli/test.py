"""`frontdesk test`: plays a project's test conversations against its trained bot."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from bot.cli.actions import action_server
from bot.cli.output import json_option, project_argument, write_json
from bot.cli.train import bundle_or_train
from bot.config import read_settings
from bot.errors import Level
from bot.parts import open_bot
from bot.project.load import load_project
from bot.project.tests_file import read_tests
from bot.rehearsal import Failure, rehearse


@click.command()
@project_argument
@click.option(
    "--stories",
    "files",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Only these test files; may be given more than once.",
)
@click.option("--bundle", metavar="ID", help="Test this bundle instead of the one that serves.")
@json_option
def test(project: Path, files: tuple[Path, ...], bundle: str | None, json_file: str | None) -> int:
    """Play PROJECT's test conversations: only the customer's words go in, every action is compared."""
    loaded = load_project(project)
    tests, findings = read_tests(project, files or None)
    for finding in findings:
        click.secho(str(finding), fg="red" if finding.level is Level.ERROR else "yellow", err=True)
    settings = read_settings(project)
    identity = bundle or bundle_or_train(settings, loaded).id
    console = Console(stderr=True)

    async def play() -> list[Failure]:
        async with (
            action_server(loaded, settings, bundle=identity) as url,
            open_bot(settings, loaded, bundle=identity, action_url=url) as bot,
        ):
            with Progress(console=console, disable=not console.is_terminal) as bar:
                task = bar.add_task("conversations", total=len(tests))
                return await rehearse(tests, bot, lambda count: bar.update(task, completed=count))

    failures = asyncio.run(play())
    result: dict[str, Any] = {
        "conversations": len(tests),
        "passed": len(tests) - len(failures),
        "failures": [failure.to_json() for failure in failures],
    }
    write_json(result, json_file)
    if json_file != "-":
        for failure in failures:
            _show(failure)
        click.echo(f"{result['passed']} of {result['conversations']} conversations passed.")
    return 1 if failures else 0


def _show(failure: Failure) -> None:
    click.secho(f"{failure.file}:{failure.line}: {failure.name}", fg="red")
    click.echo(
        f"  message {failure.turn}: {failure.said}" + (f"  [{failure.intent}]" if failure.intent else "")
    )
    click.echo(f"  expected: {failure.expected}\n  got:      {failure.got}")
