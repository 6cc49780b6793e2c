"""`frontdesk migrate`: brings a database to the tables of this version."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from bot.cli.output import database_option, examples, project_argument
from bot.config import read_settings
from bot.store.migrate import current
from bot.store.migrate import migrate as bring_up


@click.command(
    epilog=examples(
        "frontdesk migrate my-bot",
        "frontdesk migrate --database postgresql+asyncpg://user:password@host/name",
    )
)
@project_argument
@database_option
def migrate(project: Path, database: str | None) -> None:
    """Bring the database to this version's tables; a database that is up to date is left alone."""
    url = read_settings(project, database=database).database
    before, after = asyncio.run(_bring_up(url))
    click.echo(
        f"The tables are at {after}." if before == after else f"Brought the tables from {before} to {after}."
    )


async def _bring_up(url: str) -> tuple[str | None, str]:
    return await current(url), await bring_up(url)
