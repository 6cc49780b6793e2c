"""`frontdesk export`: the log's messages as JSON lines, redacted, for people and for training."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from bot.cli.output import database_option, examples, project_argument
from bot.config import read_settings
from bot.export import Export, Pseudonyms
from bot.store.migrate import migrate
from bot.store.store import open_store


@click.command(
    epilog=examples(
        "frontdesk export my-bot --out reviewed.jsonl", "frontdesk export my-bot --all --since 2026-01-31"
    )
)
@project_argument
@database_option
@click.option("--out", metavar="FILE", default="-", help="Where to; - is standard output, the default.")
@click.option(
    "--since",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="Only messages from this moment on, in UTC: 2026-01-31 or 2026-01-31T08:00:00.",
)
@click.option(
    "--reviewed-only/--all",
    default=True,
    show_default=True,
    help="Only messages whose intent a person has judged, or every message.",
)
def export(
    project: Path, database: str | None, out: str, since: datetime | None, reviewed_only: bool
) -> None:
    """Write PROJECT's conversations as JSON lines, one customer's message a line, redacted.

    \b
    A line holds the text, what the bot read and decided, and the intent that a person gave it.
    E-mail addresses, telephone, card, account, identity and reference numbers, links and names
    told as such become <email>, <phone> and so on. Conversations, contacts and agents appear
    under pseudonyms that only this server's secret could reproduce. Names and street addresses
    in running text are NOT found: treat the file as confidential.
    """
    settings = read_settings(project, database=database)
    start = since.replace(tzinfo=UTC).timestamp() if since else 0.0

    async def run(sink: TextIO) -> Export:
        await migrate(settings.database)
        async with open_store(settings.database) as store:
            work = Export(store, Pseudonyms.under(settings.secret), since=start, reviewed_only=reviewed_only)
            async for record in work.records():
                sink.write(json.dumps(record, ensure_ascii=False) + "\n")
            return work

    with _sink(out) as sink:
        done = asyncio.run(run(sink))
    kind = "reviewed messages" if reviewed_only else "messages"
    click.echo(f"{done.messages} {kind} of {done.conversations} conversations exported.", err=True)


@contextmanager
def _sink(out: str) -> Iterator[TextIO]:
    """Standard output, or a file that appears under its name only when it is whole, readable by its owner."""
    if out == "-":
        yield sys.stdout
        return
    target = Path(out)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    except OSError as error:
        raise click.ClickException(
            f"cannot write {out}: {error.strerror}. Give --out a writable path."
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as sink:
            yield sink
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
