"""Two databases for every test: an SQLite file and a PostgreSQL server that the tests start for themselves.

The server comes from the `pgserver` package. PostgreSQL refuses to run as root; pgserver then makes a user
for it, so its data lie in a folder of their own under the system temporary folder, which that user may enter.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.migrate import migrate
from bot.store.schema import metadata
from bot.store.store import Store, open_store

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where there is no XDG_RUNTIME_DIR
    from pgserver.postgres_server import get_server

KINDS = ("sqlite", "postgresql")
# For a few rows DELETE is many times faster than TRUNCATE, which makes new files.
_EMPTY = [delete(table) for table in reversed(metadata.sorted_tables)]


async def execute(url: str, *statements: str) -> list[Any]:
    """Run statements outside any transaction; the rows of the last, if it gives any."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            result = None
            for statement in statements:
                result = await connection.execute(text(statement))
            return list(result) if result is not None and result.returns_rows else []
    finally:
        await engine.dispose()


async def empty(url: str) -> None:
    """Take every row out of a PostgreSQL database."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in _EMPTY:
            await connection.execute(statement)
    await engine.dispose()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A running PostgreSQL: the URL of its first database, as SQLAlchemy writes it."""
    folder = tempfile.mkdtemp(prefix="frontdesk-pg-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = get_server(folder, cleanup_mode="delete")
    try:
        url = make_url(running.get_uri()).set(drivername="postgresql+asyncpg")
        yield url.render_as_string(hide_password=False)
    finally:
        running.cleanup()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated(server: str) -> str:
    """A migrated PostgreSQL database that tests share; they empty its tables first."""
    asyncio.run(execute(server, "CREATE DATABASE shared"))
    url = make_url(server).set(database="shared").render_as_string(hide_password=False)
    asyncio.run(migrate(url))
    return url


EmptyDatabase = Callable[[str], Awaitable[str]]


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> EmptyDatabase:
    """Gives the URL of a migrated database without rows, of the kind asked for."""

    async def make(kind: str) -> str:
        if kind == "sqlite":
            path = Path(tempfile.mkdtemp(dir=tmp_path)) / "bot.db"
            shutil.copy(request.getfixturevalue("template"), path)
            return f"sqlite+aiosqlite:///{path}"
        url = str(request.getfixturevalue("migrated"))
        await empty(url)
        return url

    for (
        kind
    ) in KINDS:  # session fixtures run an event loop of their own, so they must be there before the test's
        request.getfixturevalue("template" if kind == "sqlite" else "migrated")
    return make


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def url(kind: str, empty_database: EmptyDatabase) -> str:
    """A migrated database without rows."""
    return await empty_database(kind)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        yield opened


@pytest.fixture
async def other(url: str) -> AsyncIterator[Store]:
    """A second process's view of the same database."""
    async with open_store(url) as opened:
        yield opened


@pytest.fixture
async def bare_url(kind: str, server: str, tmp_path: Path) -> AsyncIterator[str]:
    """A database without any table."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'bare.db'}"
        return
    await execute(server, "CREATE DATABASE bare")
    yield make_url(server).set(database="bare").render_as_string(hide_password=False)
    await execute(server, "DROP DATABASE bare WITH (FORCE)")
