"""The packaged migrations make exactly the tables the code describes, from nothing and from what exists."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.store.errors import SchemaOutdated, UnsuitableDatabase
from bot.store.migrate import current, head, migrate
from bot.store.schema import metadata
from bot.store.store import open_store
from tests.bot.store.conftest import execute


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_migrations_make_exactly_the_described_tables(bare_url: str) -> None:
    await migrate(bare_url)
    engine = create_async_engine(bare_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_a_database_is_migrated_once_and_then_left_alone(bare_url: str) -> None:
    assert await current(bare_url) is None
    assert await migrate(bare_url) == head()
    await execute(bare_url, "INSERT INTO settings (key, value) VALUES ('kept', '1')")
    assert await migrate(bare_url) == head()
    assert await current(bare_url) == head()
    assert len(await execute(bare_url, "SELECT * FROM settings")) == 1


async def test_processes_may_migrate_at_the_same_time(bare_url: str) -> None:
    assert await asyncio.gather(*(migrate(bare_url) for _ in range(8))) == [head()] * 8


async def test_a_store_opens_only_over_its_own_tables(bare_url: str) -> None:
    with pytest.raises(SchemaOutdated, match="frontdesk migrate"):
        async with open_store(bare_url):
            pass
    await migrate(bare_url)
    await execute(bare_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaOutdated):
        async with open_store(bare_url):
            pass
    with pytest.raises(UnsuitableDatabase, match="newer"):
        await migrate(bare_url)


async def test_hot_statements_use_an_index_on_sqlite(template: Path) -> None:
    """A full scan here would make every turn slower as the business grows."""
    held = "UPDATE conversations SET epoch = 1 WHERE id = 'c'"
    queries = {
        "SELECT id FROM conversations WHERE pending > 0 AND lease_until <= ? ORDER BY pending_since, id": 1,
        "SELECT * FROM conversations WHERE holder = 'queue' ORDER BY waiting_since, id LIMIT ?": 1,
        "SELECT * FROM conversations WHERE holder = 'agent' AND agent = ? ORDER BY updated_at DESC": 1,
        "SELECT * FROM conversations ORDER BY updated_at DESC, id DESC LIMIT ?": 1,
        "SELECT * FROM inbox WHERE conversation_id = ? AND state = 'pending' ORDER BY id LIMIT 1": 1,
        "SELECT * FROM inbox WHERE channel = ? AND external_id = ?": 2,
        "SELECT * FROM outbox WHERE state = 'pending' AND next_at <= ? ORDER BY next_at, id": 1,
        "SELECT * FROM outbox WHERE conversation_id = ? AND state = 'pending' AND id < 5": 1,
        "DELETE FROM outbox WHERE conversation_id = ?": 1,
        "SELECT * FROM timers JOIN conversations c ON c.id = timers.conversation_id"
        " WHERE due_at <= ? AND c.pending = 0 ORDER BY due_at": 1,
        "SELECT * FROM timers WHERE conversation_id = ?": 1,
        held: 0,
    }
    connection = sqlite3.connect(template)
    for query, count in queries.items():
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", [1] * count).fetchall()
        steps = [row[3] for row in plan]
        assert all("INDEX" in step for step in steps), (query, steps)
    connection.close()


async def test_only_named_databases_in_files_or_on_servers_will_do() -> None:
    for url in ("sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "mysql://u:hidden@h/d", "bot.db"):
        with pytest.raises(UnsuitableDatabase) as refused:
            await migrate(url)
        assert "hidden" not in str(refused.value)
    assert make_url("sqlite+aiosqlite:///bot.db").database == "bot.db"
