"""`frontdesk import`: a FAQ table becomes answers of a project, and a project if there is none yet."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.output import examples, json_option, write_json
from bot.project.answers_import import ImportReport, import_answers

SHOWN_REFUSALS = 10


@click.command(
    "import",
    epilog=examples(
        "frontdesk import faq.csv my-bot",
        "frontdesk import fragen.csv my-bot --columns question=Frage,answer=Antwort",
    ),
)
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
def import_(
    source: Path,
    project: Path,
    language: str | None,
    columns: str | None,
    encoding: str | None,
    vetted: bool,
    json_file: str | None,
) -> int:
    """Make answers of PROJECT from SOURCE: a CSV, TSV, JSON or JSON Lines file of questions and answers.

    Importing the same file again updates its answers and doubles none; files written by hand are left alone.
    """
    report = import_answers(
        source, project, language=language, columns=_columns(columns), encoding=encoding, vetted=vetted
    )
    write_json(report.to_json(), json_file)
    if json_file != "-":
        _show(report, project)
    return 0 if report.file else 1


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
    for line, reason in report.refused[:SHOWN_REFUSALS]:
        click.secho(f"  line {line}: {reason}", fg="yellow")
    if len(report.refused) > SHOWN_REFUSALS:
        click.echo(f"  … and {len(report.refused) - SHOWN_REFUSALS} more; --json FILE lists them all.")
    for note in report.notes:
        click.echo(note)
    if report.file:
        click.echo(f"They are in {report.file}. Talk to the bot: frontdesk serve {project}")
