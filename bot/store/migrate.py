"""Brings a database's tables to this version of the program.

Knows how to run the packaged Alembic migrations from code; there is no alembic.ini.
"""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from bot.store import postgres, sqlite
from bot.store.engine import Result, Work, parse_url
from bot.store.errors import UnsuitableDatabase

# Any number will do, as long as every process of this program takes the same.
_LOCK = 7_305_512_044


async def migrate(url: str) -> str:
    """Bring the database at `url`, fresh or existing, to the newest tables, all or nothing. Its revision.

    Safe to call from several processes at once. Raises UnsuitableDatabase, StoreUnavailable.
    """
    await _run(url, _upgrade)
    return head()


async def current(url: str) -> str | None:
    """The revision of the database's tables; None for a database without any."""
    return await _run(url, revision_of)


def revision_of(connection: Connection) -> str | None:
    """The revision written in the database."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str:
    """The revision this version of the program needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None, "the migrations are packaged with the program"
    return revision


def _config(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = revision_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise UnsuitableDatabase(
            f"the database is at revision {found}, newer than this program; upgrade the program"
        )
    command.upgrade(_config(connection=connection), "head")


async def _run(url: str, work: Work[Result]) -> Result:
    kind, parsed = parse_url(url)
    if kind == "sqlite":
        return await asyncio.to_thread(_run_sqlite, parsed, work)
    engine = postgres.postgres_engine(parsed)
    try:
        with postgres.translated():
            async with engine.begin() as connection:
                return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _run_sqlite(url: URL, work: Work[Result]) -> Result:
    with sqlite.translated(), sqlite.sqlite_engine(url, writes=True).begin() as connection:
        return work(connection)
