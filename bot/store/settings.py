"""Small values that outlive a process and are no configuration (a channel's cursor, a preference)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.store.engine import Database, check_id
from bot.store.schema import settings as s


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys to JSON values."""

    database: Database

    async def get(self, key: str) -> Any:
        """The value, or None."""
        return await self.database.read(partial(_get, key))

    async def put(self, key: str, value: Any) -> None:
        """Raises UnusableId, UnstorableValue."""
        check_id(key)
        await self.database.write(partial(_put, key, value))


def _get(key: str, connection: Connection) -> Any:
    return connection.execute(select(s.c.value).where(s.c.key == key)).scalar_one_or_none()


def _put(key: str, value: Any, connection: Connection) -> None:
    if connection.execute(update(s).where(s.c.key == key).values(value=value)).rowcount == 0:
        connection.execute(insert(s), {"key": key, "value": value})
