"""Who did what to what, and when: written by the console for every act of a person, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, insert, select

from bot.store.engine import Database
from bot.store.schema import audit as t


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: `actor` did `verb` to `subject` (ids) at `at`, seconds since the epoch."""

    id: int
    at: float
    actor: str
    verb: str
    subject: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The book of people's acts."""

    database: Database

    async def note(self, *, at: float, actor: str, verb: str, subject: str) -> None:
        """Write an entry; ids only, no message text."""
        row = {"at": at, "actor": actor, "verb": verb, "subject": subject}
        await self.database.write(partial(_note, row))

    async def page(self, *, limit: int = 100, before: int | None = None) -> list[Entry]:
        """The latest entries first; `before` is the last id of the page before."""
        return await self.database.read(partial(_page, limit, before))


def _note(row: dict[str, object], connection: Connection) -> None:
    connection.execute(insert(t), row)


def _page(limit: int, before: int | None, connection: Connection) -> list[Entry]:
    query = select(t).order_by(t.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(t.c.id < before)
    return [Entry(row.id, row.at, row.actor, row.verb, row.subject) for row in connection.execute(query)]
