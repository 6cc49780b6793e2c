"""Lists of conversations: who waits for a person, who holds what, and everything for the export.

Reads only; knows orders and pages, nothing of the log. Pages are by key, so that a long list costs no more at
its end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
    tuple_,
)

from bot.dialogue.events import Reason
from bot.store.engine import Database
from bot.store.glimpses import Glimpse, glimpses
from bot.store.schema import conversations as c
from bot.store.turn import Standing

Cursor = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """One conversation as lists show it. `pending` counts its unanswered messages."""

    id: str
    channel: str
    sender: str
    standing: Standing
    last_seq: int
    pending: int
    epoch: int
    opened_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Queue:
    """Conversations in the orders that the console and the export read them."""

    database: Database

    async def find(self, conversation_id: str) -> Listed | None:
        """The conversation of this id."""
        rows = await self.database.read(partial(_list, _one, {"conversation": conversation_id}))
        return rows[0] if rows else None

    async def waiting(self, *, limit: int = 50, after: Cursor | None = None) -> list[Listed]:
        """Those waiting for a person, emergencies before all others, then longest first; `after` is
        (waiting_since, id) of the last one seen.
        """
        return await self._page(_WAITING, limit, after)

    async def waiting_count(self) -> int:
        """How many wait for a person."""
        return await self.database.read(partial(_number, _count, {}))

    async def position(self, conversation_id: str) -> int | None:
        """The place in the queue, 1 for the next to be served; None if it does not wait."""
        place = await self.database.read(partial(_number, _place, {"conversation": conversation_id}))
        return place or None

    async def mine(self, agent: str, *, limit: int = 50, after: Cursor | None = None) -> list[Listed]:
        """Those `agent` holds, latest activity first; `after` is (updated_at, id) of the last one seen."""
        return await self._page(_MINE, limit, after, agent=agent)

    async def all(self, *, limit: int = 50, after: Cursor | None = None) -> list[Listed]:
        """All, latest activity first; `after` is (updated_at, id) of the last one seen."""
        return await self._page(_ALL, limit, after)

    async def glimpses(self, rows: Sequence[Listed]) -> dict[str, Glimpse]:
        """What each of these is about, by id."""
        return await glimpses(self.database, [row.id for row in rows])

    async def each(self, *, page: int = 500) -> AsyncIterator[Listed]:
        """Every conversation by id, in constant memory: for the export."""
        last = ""
        while rows := await self.database.read(partial(_list, _by_id, {"last": last, "limit": page})):
            for row in rows:
                yield row
            last = rows[-1].id

    async def _page(
        self, pages: dict[bool, Select[Any]], limit: int, after: Cursor | None, **values: Any
    ) -> list[Listed]:
        if after is not None:
            values |= {"last": after[0], "last_id": after[1]}
        return await self.database.read(partial(_list, pages[after is not None], {**values, "limit": limit}))


# The predicates of partial indexes are written as literals: a bound parameter would hide the match from the
# planner.
_waits = c.c.holder == literal_column("'queue'")
_held = (c.c.holder == literal_column("'agent'")) & (c.c.agent == bindparam("agent"))


def _rank(table: FromClause) -> ColumnElement[int]:
    """0 for an emergency, 1 for everybody else."""
    red_flag: ColumnElement[str] = literal_column(f"'{Reason.RED_FLAG.value}'")
    return case((table.c.reason == red_flag, literal_column("0")), else_=literal_column("1"))


_urgency = _rank(c)
_last_one = c.alias("last_one")
_last_urgency = func.coalesce(
    select(_rank(_last_one)).where(_last_one.c.id == bindparam("last_id")).scalar_subquery(),
    literal_column("1"),
)


def _pages(query: Select[Any]) -> dict[bool, Select[Any]]:
    """The first page of a list, latest activity first (False), and any later one (True)."""
    here = tuple_(c.c.updated_at, c.c.id)
    last = tuple_(bindparam("last", type_=c.c.updated_at.type), bindparam("last_id"))
    first = query.order_by(c.c.updated_at.desc(), c.c.id.desc()).limit(bindparam("limit"))
    return {False: first, True: first.where(here < last)}


_first_waiting = (
    select(c).where(_waits).order_by(_urgency, c.c.waiting_since, c.c.id).limit(bindparam("limit"))
)
_WAITING = {
    False: _first_waiting,
    True: _first_waiting.where(
        tuple_(_urgency, c.c.waiting_since, c.c.id)
        > tuple_(_last_urgency, bindparam("last", type_=c.c.waiting_since.type), bindparam("last_id"))
    ),
}
_MINE = _pages(select(c).where(_held))
_ALL = _pages(select(c))
_one = select(c).where(c.c.id == bindparam("conversation"))
_by_id = select(c).where(c.c.id > bindparam("last")).order_by(c.c.id).limit(bindparam("limit"))
_count = select(func.count()).select_from(c).where(_waits)
_it = c.alias("it")
_place = (
    select(func.count())
    .select_from(c)
    .join(_it, _it.c.id == bindparam("conversation"))
    .where(
        _waits,
        _it.c.holder == literal_column("'queue'"),
        tuple_(_urgency, c.c.waiting_since, c.c.id) <= tuple_(_rank(_it), _it.c.waiting_since, _it.c.id),
    )
)


def _list(query: Select[Any], values: dict[str, Any], connection: Connection) -> list[Listed]:
    return [_listed(row) for row in connection.execute(query, values)]


def _number(query: Select[Any], values: dict[str, Any], connection: Connection) -> int:
    return int(connection.execute(query, values).scalar_one())


def _listed(row: Any) -> Listed:
    standing = Standing(
        holder=row.holder,
        agent=row.agent,
        language=row.language,
        reason=row.reason,
        waiting_since=row.waiting_since,
    )
    return Listed(
        id=row.id,
        channel=row.channel,
        sender=row.sender,
        standing=standing,
        last_seq=row.last_seq,
        pending=row.pending,
        epoch=row.epoch,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
    )
