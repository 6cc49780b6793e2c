"""What `frontdesk import` tells when it is done: what was taken, what was not and why, and how to go on.

Knows the three reports; imports nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bot.documents.documents_import import DocumentsImport
from bot.errors import Level
from bot.project.answers_import import ImportReport
from bot.project.project_import import ProjectImport

SHOWN = 10


def show_project(report: ProjectImport) -> None:
    """What was done, what a person has to do, and how to go on."""
    for line in _told(report):
        click.echo(line)


def _told(report: ProjectImport) -> Iterator[str]:
    yield f"{_counted(len(report.copied), 'file')} in {report.folder}; the original is as it was."
    yield from _listed("Left behind", [f"{each.name}: {each.why}" for each in report.left])
    yield from _listed("From Markdown", [f"{old} is now {new}" for old, new in report.converted])
    migrated: dict[str, list[str]] = {}
    for each in report.migrated:
        migrated.setdefault(each.says, []).append(each.file)
    lines = [f"{says}: {', '.join(_shortened(files, SHOWN))}" for says, files in migrated.items()]
    yield from _listed("In Rasa 3's format now; before", lines, shown=None)
    anew = sorted({each.file for each in report.migrated if each.whole})
    yield from _listed("Written anew, without comments, since aliases stand in them", anew)
    by_hand = [f"{each.place}: {each.message} {each.mend}" for each in report.by_hand]
    yield from _listed("Left to you (lines of the original)", by_hand, shown=None)
    variables = [f"{each.name}, in {each.place}" for each in report.variables]
    yield from _listed("Secrets are not copied; set these variables before the start", variables, shown=None)
    warnings = len(report.findings) - report.errors
    yield (
        f"frontdesk check finds {_counted(report.errors, 'error')} and {_counted(warnings, 'warning')}"
        + (":" if report.errors else ".")
    )
    errors = [str(finding) for finding in report.findings if finding.level is Level.ERROR]
    yield from (f"  {line}" for line in _shortened(errors, SHOWN))
    verb = "check" if report.findings else "serve"
    yield f"Next: frontdesk {verb} {report.folder}"


def _listed(heading: str, lines: Sequence[str], *, shown: int | None = SHOWN) -> Iterator[str]:
    if lines:
        yield f"{heading}:"
        yield from (f"  {line}" for line in _shortened(lines, shown))


def _shortened(lines: Sequence[str], shown: int | None) -> Iterator[str]:
    yield from lines[:shown]
    if shown is not None and len(lines) > shown:
        yield f"… and {len(lines) - shown} more; --json FILE lists them all."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def show_documents(report: DocumentsImport, project: Path) -> None:
    """What became of the documents."""
    passages = f"{report.merged} passages merged" if report.merged != 1 else "1 passage merged"
    click.echo(
        f"{_counted(report.documents, 'document')} read: {_counted(report.taken, 'answer')} taken, "
        f"{passages}, {report.updated} updated, {report.unchanged} unchanged, {len(report.refused)} refused."
    )
    if report.other_language:
        click.echo(f"{_counted(report.other_language, 'document')} in another language left out.")
    refused = [f"{each.where}: {each.reason}" for each in report.refused]
    for line in _listed("Refused", refused):
        click.secho(line, fg="yellow")
    edited = [
        f"{each.id}: the document has changed too; compare them, or delete the answer to take it anew"
        if each.changed
        else each.id
        for each in sorted(report.edited, key=lambda each: not each.changed)
    ]
    for line in _listed("Edited by hand since the last import, and left as they are", edited):
        click.echo(line)
    for line in _listed(
        "In no document any more, and kept; delete them from the file if they are outdated", report.absent
    ):
        click.echo(line)
    _end(report.file, report.notes, project)


def show_table(report: ImportReport, project: Path) -> None:
    """What became of a table's rows."""
    click.echo(
        f"{report.taken} answers taken, {report.merged} rows merged, {report.updated} updated, "
        f"{report.unchanged} unchanged, {len(report.refused)} refused."
    )
    for line, reason in report.refused[:SHOWN]:
        click.secho(f"  line {line}: {reason}", fg="yellow")
    if len(report.refused) > SHOWN:
        click.echo(f"  … and {len(report.refused) - SHOWN} more; --json FILE lists them all.")
    _end(report.file, report.notes, project)


def _end(file: Path | None, notes: Sequence[str], project: Path) -> None:
    for note in notes:
        click.echo(note)
    if file:
        click.echo(f"They are in {file}. Talk to the bot: frontdesk serve {project}")
