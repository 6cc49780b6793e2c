"""`frontdesk check`: every finding of a project's files with its file and line, and a diagram of the bot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from bot.cli.output import examples, json_option, project_argument, write_json
from bot.errors import Level
from bot.picture.graph import Graph
from bot.picture.page import page_of
from bot.picture.survey import graph_of
from bot.picture.svg import svg_of
from bot.project.check import checked

_DRAWINGS: Mapping[str, Callable[[Graph], str]] = {".html": page_of, ".svg": svg_of}


def _ending(context: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and file.suffix.lower() not in _DRAWINGS:
        raise click.BadParameter(f"{file.name} ends neither in .html nor in .svg: give it one of the two.")
    return file


@click.command(
    epilog=examples(
        "frontdesk check my-bot",
        "frontdesk check my-bot --json findings.json",
        "frontdesk check my-bot --graph bot.html     how the bot goes, on one page",
    )
)
@project_argument
@click.option(
    "--graph",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_ending,
    help="Draw what intents, rules, stories and forms lead to, with what is wrong marked. FILE.html is a "
    "page to search and click through, without a network; FILE.svg one picture.",
)
@json_option
def check(project: Path, graph: Path | None, json_file: str | None) -> int:
    """Check PROJECT's files before training: what is broken, contradictory, missing or unused."""
    read = checked(project)
    findings = read.findings
    errors = sum(finding.level is Level.ERROR for finding in findings)
    write_json({"errors": errors, "findings": [finding.to_json() for finding in findings]}, json_file)
    if json_file != "-":
        for finding in findings:
            click.secho(str(finding), fg="red" if finding.level is Level.ERROR else "yellow")
        warnings = len(findings) - errors
        click.echo(f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}.")
    if graph is not None:
        _draw(graph_of(read), graph)
        click.echo(f"Drawn in {graph}.", err=json_file == "-")
    return 1 if errors else 0


def _draw(graph: Graph, file: Path) -> None:
    try:
        file.write_text(_DRAWINGS[file.suffix.lower()](graph), encoding="utf-8")
    except OSError as error:
        mend = "Give --graph a file in a folder that is there and can be written."
        raise click.ClickException(f"cannot write {file}: {error.strerror}. {mend}") from error


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
