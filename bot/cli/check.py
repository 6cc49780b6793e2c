"""`frontdesk check`: every finding of a project's files with its file and line."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.output import examples, json_option, project_argument, write_json
from bot.errors import Level
from bot.project.check import check_folder


@click.command(epilog=examples("frontdesk check my-bot", "frontdesk check my-bot --json findings.json"))
@project_argument
@json_option
def check(project: Path, json_file: str | None) -> int:
    """Check PROJECT's files before training: what is broken, contradictory, missing or unused."""
    findings = check_folder(project)
    errors = sum(finding.level is Level.ERROR for finding in findings)
    write_json({"errors": errors, "findings": [finding.to_json() for finding in findings]}, json_file)
    if json_file != "-":
        for finding in findings:
            click.secho(str(finding), fg="red" if finding.level is Level.ERROR else "yellow")
        warnings = len(findings) - errors
        click.echo(f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}.")
    return 1 if errors else 0


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
