"""`frontdesk import`: tables and documents become answers of a project, a Rasa project a clean copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.cli.import_report import show_documents, show_project, show_table
from bot.cli.output import examples, json_option, write_json
from bot.documents.documents_import import Progress as Told
from bot.documents.documents_import import import_documents
from bot.documents.readers import LARGEST
from bot.documents.sources import is_document_source
from bot.project.answers_import import import_answers
from bot.project.project_import import import_project

# What each option is for; --json is for all.
MEANT_FOR = {
    "columns": ("a table",),
    "largest": ("documents",),
    **dict.fromkeys(("language", "encoding", "vetted"), ("a table", "documents")),
}

HELP = """Bring SOURCE into PROJECT: questions and answers, documents, or a whole Rasa project.

\b
a table     CSV, TSV, JSON or JSON Lines: its rows become answers of PROJECT.
a document  Markdown, HTML, DOCX or PDF: each passage becomes an answer that
            is asked for by its headings; what is marked as question and
            answer is taken as such. Where it stood is on record.
a folder    of documents; with a sitemap.xml, the pages that it names. Links
            out of the folder are not followed, and nothing is fetched.
a project   The folder of a Rasa project, of whatever version: the files that
            make up the bot are copied into PROJECT, which must be new. What
            Rasa 2 and 1 wrote otherwise is brought into Rasa 3's format,
            comments and order kept; all else is copied as it is. Secrets in
            credentials.yml and endpoints.yml become ${VARIABLES}, which you
            are told to set.

Importing a table or documents again updates their answers and doubles none. Files written by hand are
left alone, and so are answers of documents that somebody edited since. SOURCE is not changed.

--columns is for tables, --largest for documents; of the options below a project takes --json alone.
"""


@click.command(
    "import",
    help=HELP,
    epilog=examples(
        "frontdesk import faq.csv my-bot",
        "frontdesk import fragen.csv my-bot --columns question=Frage,answer=Antwort",
        "frontdesk import handbook.pdf my-bot",
        "frontdesk import docs my-bot            a folder of documents, or a site with sitemap.xml",
        "frontdesk import my-rasa-bot my-bot     a clean copy, in Rasa 3's format",
    ),
)
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("project", type=click.Path(file_okay=False, path_type=Path))
@click.option("--language", metavar="CODE", help="Only rows or documents in this language, such as en or zh.")
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
    "--largest",
    type=click.IntRange(min=1),
    default=LARGEST,
    show_default=True,
    metavar="MIB",
    help="How large a document may be; a DOCX may unpack to twice as much.",
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
    largest: int,
    vetted: bool,
    json_file: str | None,
) -> int:
    """Each kind of source has its own way in."""
    if is_document_source(source):
        _refuse_options(context, "documents")
        with _progress() as told:
            documents = import_documents(
                source,
                project,
                language=language,
                encoding=encoding,
                vetted=vetted,
                largest=largest,
                progress=told,
            )
        write_json(documents.to_json(), json_file)
        if json_file != "-":
            show_documents(documents, project)
        return 0 if documents.file else 1
    if source.is_dir():
        _refuse_options(context, "a Rasa project")
        return _import_project(source, project, json_file)
    _refuse_options(context, "a table")
    report = import_answers(
        source, project, language=language, columns=_columns(columns), encoding=encoding, vetted=vetted
    )
    write_json(report.to_json(), json_file)
    if json_file != "-":
        show_table(report, project)
    return 0 if report.file else 1


def _refuse_options(context: click.Context, source: str) -> None:
    """An option that would do nothing is a misunderstanding."""
    for name, meant in MEANT_FOR.items():
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and source not in meant:
            raise click.UsageError(f"--{name} is for {' or '.join(meant)}; SOURCE is {source}.", context)


def _import_project(source: Path, project: Path, json_file: str | None) -> int:
    report = import_project(source, project)
    write_json(report.to_json(), json_file)
    if json_file != "-":
        show_project(report)
    return 0


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on a terminal; elsewhere a line once there is more than one document."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("documents")

        def told(done: int, total: int, name: str) -> None:
            if not console.is_terminal and not done and total > 1:
                console.print(f"reading {total} documents …", highlight=False)
            bar.update(task, completed=done, total=total, description=name[-40:] or "documents")

        yield told


def _columns(given: str | None) -> dict[str, str]:
    """`question=Frage,answer=Antwort` as a mapping."""
    pairs = [pair.partition("=") for pair in (given or "").split(",") if pair.strip()]
    if any(not sign or not name.strip() for _, sign, name in pairs):
        raise click.BadParameter("write it as question=NAME,answer=NAME.", param_hint="--columns")
    return {kind.strip(): name.strip() for kind, _, name in pairs}
