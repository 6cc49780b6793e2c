"""What a conversation is about, at a glance: for lists, which must not read whole logs.

Knows which two events of a log say it; not how a list is ordered (queue) or who may see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, bindparam, case, literal_column, select

from bot.store.engine import Database, in_parts
from bot.store.schema import conversations as c
from bot.store.schema import events as e


@dataclass(frozen=True, slots=True)
class Glimpse:
    """`said` is the customer's latest recorded message as they saw it. The rest is of the hand-over to
    whoever has the conversation now: the `question` that led to it, the intent and the running form.
    """

    said: str | None = None
    question: str | None = None
    intent: str | None = None
    form: str | None = None


async def glimpses(database: Database, conversation_ids: Sequence[str]) -> dict[str, Glimpse]:
    """A glimpse of each of these conversations that exists."""
    found: dict[str, Glimpse] = {}
    for part in in_parts(conversation_ids):
        found |= await database.read(partial(_read, part))
    return found


def _latest(kind: str) -> Any:
    """The body of the latest event of this kind; read from the log's end by its key."""
    return (
        select(e.c.body)
        .where(e.c.conversation_id == c.c.id, e.c.kind == literal_column(f"'{kind}'"))
        .order_by(e.c.seq.desc())
        .limit(literal_column("1"))
        .scalar_subquery()
    )


_glimpse = select(
    c.c.id,
    _latest("user").label("said"),
    # Only of those that a person has or waits for: there the hand-over is near the log's end.
    case((c.c.holder != literal_column("'bot'"), _latest("handed_over"))).label("handed"),
).where(c.c.id.in_(bindparam("ids", expanding=True)))


def _read(conversation_ids: Sequence[str], connection: Connection) -> dict[str, Glimpse]:
    rows = connection.execute(_glimpse, {"ids": conversation_ids})
    return {row.id: _glimpsed(row.said or {}, (row.handed or {}).get("packet") or {}) for row in rows}


def _glimpsed(said: dict[str, Any], packet: dict[str, Any]) -> Glimpse:
    shown = (said.get("metadata") or {}).get("title") or said.get("text")
    return Glimpse(shown, packet.get("question") or None, packet.get("intent"), packet.get("form"))
