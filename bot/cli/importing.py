"""`frontdesk import`: a FAQ table becomes answers of a project, a Rasa project a clean copy of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bot.cli.output import examples, json_option, write_json
from bot.errors import Level
from bot.project.answers_import import ImportReport, import_answers
from bot.project.project_import import ProjectImport, import_project

SHOWN = 10
_OF_TABLES = ("language", "columns", "encoding", "vetted")


@click.command(
    "import",
    epilog=examples(
        "frontdesk import faq.csv my-bot",
        "frontdesk import fragen.csv my-bot --columns question=Frage,answer=Antwort",
        "frontdesk import my-rasa-bot my-bot     a clean copy, in Rasa 3's format",
    ),
)
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("project", type=click.Path(file_okay=False, path_type=Path))
@click.option("--language", metavar="CODE", help="Only rows in this language, such as en or zh.")
@click.option(
    "--columns",
    metavar="KIND=NAME,…",
    help="Which column is what, if names do not say: question=Frage,answer=Antwort; also id and language. "
    "Numbers (question=1,answer=2) for a table without a header.",
)
@click.option(
    "--encoding", metavar="NAME", help="The file's encoding, such as gb18030, if it is guessed wrongly."
)
@click.option(
    "--vetted/--not-vetted", default=True, show_default=True, help="Whether a person approved them."
)
@json_option
@click.pass_context
def import_(
    context: click.Context,
    source: Path,
    project: Path,
    language: str | None,
    columns: str | None,
    encoding: str | None,
    vetted: bool,
    json_file: str | None,
) -> int:
    """Bring SOURCE into PROJECT: a table of questions and answers, or a whole Rasa project.

    \b
    a file    CSV, TSV, JSON or JSON Lines: its rows become answers of PROJECT.
              Importing it again updates them and doubles none; files written
              by hand are left alone.
    a folder  A Rasa project, of whatever version: the files that make up the
              bot are copied into PROJECT, which must be new. What Rasa 2 and 1
              wrote otherwise is brought into Rasa 3's format, comments and
              order kept; all else is copied as it is. Secrets in
              credentials.yml and endpoints.yml become ${VARIABLES}, which you
              are told to set. SOURCE is not changed.

    The options below, save --json, are for tables.
    """
    if source.is_dir():
        _refuse_options(context)
        return _import_project(source, project, json_file)
    report = import_answers(
        source, project, language=language, columns=_columns(columns), encoding=encoding, vetted=vetted
    )
    write_json(report.to_json(), json_file)
    if json_file != "-":
        _show(report, project)
    return 0 if report.file else 1


def _refuse_options(context: click.Context) -> None:
    """An option that would do nothing is a misunderstanding."""
    for name in _OF_TABLES:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} is for a table; SOURCE is a folder.", context)


def _import_project(source: Path, project: Path, json_file: str | None) -> int:
    report = import_project(source, project)
    write_json(report.to_json(), json_file)
    if json_file != "-":
        for line in _told(report):
            click.echo(line)
    return 0


def _told(report: ProjectImport) -> Iterator[str]:
    """What was done, what a person has to do, and how to go on."""
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


def _columns(given: str | None) -> dict[str, str]:
    """`question=Frage,answer=Antwort` as a mapping."""
    pairs = [pair.partition("=") for pair in (given or "").split(",") if pair.strip()]
    if any(not sign or not name.strip() for _, sign, name in pairs):
        raise click.BadParameter("write it as question=NAME,answer=NAME.", param_hint="--columns")
    return {kind.strip(): name.strip() for kind, _, name in pairs}


def _show(report: ImportReport, project: Path) -> None:
    click.echo(
        f"{report.taken} answers taken, {report.merged} rows merged, {report.updated} updated, "
        f"{report.unchanged} unchanged, {len(report.refused)} refused."
    )
    for line, reason in report.refused[:SHOWN]:
        click.secho(f"  line {line}: {reason}", fg="yellow")
    if len(report.refused) > SHOWN:
        click.echo(f"  … and {len(report.refused) - SHOWN} more; --json FILE lists them all.")
    for note in report.notes:
        click.echo(note)
    if report.file:
        click.echo(f"They are in {report.file}. Talk to the bot: frontdesk serve {project}")
