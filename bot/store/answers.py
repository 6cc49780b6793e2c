"""Answer templates as people edit them live; the model bundle's base index is overlaid with what changed.

Knows revisions; not what a template's body means (bot.project) or how it is searched (retrieval).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.store.engine import Database, check_id
from bot.store.schema import answers as a
from bot.store.schema import settings as s

# The settings row that numbers the changes.
_COUNTER = "answers.revision"


@dataclass(frozen=True, slots=True)
class Answer:
    """One template. `revision` grows over all answers together: later changes have greater ones."""

    id: str
    body: Mapping[str, Any]
    state: Literal["active", "retired"]
    updated_at: float
    updated_by: str
    revision: int


@dataclass(frozen=True, slots=True)
class Answers:
    """The live answer templates."""

    database: Database

    async def upsert(self, answer_id: str, body: Mapping[str, Any], *, by: str, now: float) -> int:
        """Write an answer, new or changed, and make it active. Its revision.

        Raises UnusableId, UnstorableValue.
        """
        check_id(answer_id)
        values = {"body": dict(body), "state": "active", "updated_at": now, "updated_by": by}
        return await self.database.write(partial(_upsert, answer_id, values))

    async def retire(self, answer_id: str, *, by: str, now: float) -> int | None:
        """Take an answer out of use; it stays on record. Its revision, or None if there is no such answer."""
        values = {"state": "retired", "updated_at": now, "updated_by": by}
        return await self.database.write(partial(_change, answer_id, values))

    async def find(self, answer_id: str) -> Answer | None:
        """The answer of this id, retired ones included."""
        found = await self.database.read(partial(_list, select(a).where(_is), {"answer": answer_id}))
        return found[0] if found else None

    async def changed_since(self, revision: int = 0, *, limit: int = 10_000) -> list[Answer]:
        """What changed after `revision`, retired ones included, in the order of the changes."""
        return await self.database.read(partial(_list, _newer, {"after": revision, "most": limit}))


_is = a.c.id == bindparam("answer")
_newer = select(a).where(a.c.revision > bindparam("after")).order_by(a.c.revision).limit(bindparam("most"))
_counter = select(s.c.value).where(s.c.key == _COUNTER).with_for_update()


def _next_revision(connection: Connection) -> int:
    """Number a change. The locked row makes revisions appear in their order: a reader never overlooks one."""
    last = connection.execute(_counter).scalar_one_or_none()
    if last is None:
        connection.execute(insert(s), {"key": _COUNTER, "value": 1})
        return 1
    connection.execute(update(s).where(s.c.key == _COUNTER).values(value=last + 1))
    return int(last) + 1


def _change(answer_id: str, values: dict[str, Any], connection: Connection) -> int | None:
    if connection.execute(select(a.c.id).where(_is), {"answer": answer_id}).one_or_none() is None:
        return None
    revision = _next_revision(connection)
    connection.execute(update(a).where(a.c.id == answer_id).values(**values, revision=revision))
    return revision


def _upsert(answer_id: str, values: dict[str, Any], connection: Connection) -> int:
    revision = _change(answer_id, values, connection)
    if revision is None:
        revision = _next_revision(connection)
        connection.execute(insert(a), {"id": answer_id, "revision": revision, **values})
    return revision


def _list(query: Any, values: dict[str, Any], connection: Connection) -> list[Answer]:
    return [Answer(**row) for row in connection.execute(query, values).mappings()]
