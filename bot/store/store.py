"""The store as the rest of the bot holds it: its parts over one open database.

Knows the parts by name and how to open and close; each part's file says what it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.store.accounts import Accounts
from bot.store.answers import Answers
from bot.store.audit import Audit
from bot.store.claims import Claims
from bot.store.desk import Desk
from bot.store.engine import Database, parse_url
from bot.store.errors import SchemaOutdated
from bot.store.inbox import Inbox
from bot.store.log import Log
from bot.store.migrate import head, revision_of
from bot.store.outbox import Outbox
from bot.store.postgres import PostgresDatabase
from bot.store.queue import Queue
from bot.store.settings import Settings
from bot.store.sqlite import SqliteDatabase
from bot.store.timers import Timers


@dataclass(frozen=True, slots=True)
class Store:
    """Everything that is kept. Safe to use from many tasks of one event loop."""

    database: Database
    inbox: Inbox
    claims: Claims
    log: Log
    desk: Desk
    outbox: Outbox
    timers: Timers
    queue: Queue
    answers: Answers
    accounts: Accounts
    settings: Settings
    audit: Audit

    async def close(self) -> None:
        """Finish what was asked, then let go of the database."""
        await self.database.close()


def store_over(database: Database) -> Store:
    """The parts over an open database."""
    return Store(
        database=database,
        inbox=Inbox(database),
        claims=Claims(database),
        log=Log(database),
        desk=Desk(database),
        outbox=Outbox(database),
        timers=Timers(database),
        queue=Queue(database),
        answers=Answers(database),
        accounts=Accounts(database),
        settings=Settings(database),
        audit=Audit(database),
    )


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """The store at `url`, brought to this version's tables beforehand (`migrate`), closed on leaving.

    Raises UnsuitableDatabase where the database would not keep what it acknowledges, SchemaOutdated,
    StoreUnavailable.
    """
    database = await _open_database(url)
    try:
        found = await database.read(revision_of)
        if found != head():
            raise SchemaOutdated(
                f"the database is at revision {found or 'none'}, not {head()}: run `frontdesk migrate`"
            )
        yield store_over(database)
    finally:
        await database.close()


async def _open_database(url: str) -> Database:
    kind, parsed = parse_url(url)
    if kind == "sqlite":
        return await asyncio.to_thread(SqliteDatabase, parsed)
    database = PostgresDatabase(parsed)
    try:
        await database.check()
    except BaseException:
        await database.close()
        raise
    return database
