"""What the rest of the store needs of a database: run this work in one transaction, or read with it.

Knows the contract and which URL means which database; sqlite.py and postgres.py keep it. The work is a plain
function of a SQLAlchemy Connection, the same for both. It may be run more than once, so it must touch nothing
but the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from bot.store.errors import UnstorableValue, UnsuitableDatabase, UnusableId

Result = TypeVar("Result")
Value = TypeVar("Value")
Work = Callable[[Connection], Result]

_SQLITE = ("sqlite", "sqlite+aiosqlite")
_POSTGRES = ("postgresql", "postgresql+asyncpg")
MAX_ID_BYTES = 512
MOST_PARAMETERS = 1000  # of one statement; SQLite and PostgreSQL stop at 32 thousand


class Database(Protocol):
    """One database, open."""

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in one transaction, on disk when this returns. Any exception from it undoes it all.

        Raises what `work` raises, StoreUnavailable, Contended.
        """
        ...

    async def read(self, work: Work[Result]) -> Result:
        """Run `work`, which only reads. Never waits for a writer. Raises StoreUnavailable."""
        ...

    async def close(self) -> None:
        """Finish what was asked, then let go of the database."""
        ...


def parse_url(url: str) -> tuple[str, URL]:
    """("sqlite" or "postgresql", the URL). Raises UnsuitableDatabase, which never shows a password."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UnsuitableDatabase(
            "the database URL cannot be read; write it like sqlite+aiosqlite:///bot.db or "
            "postgresql+asyncpg://user:password@host/name"
        ) from error
    if parsed.drivername in _POSTGRES:
        return "postgresql", parsed.set(drivername="postgresql+asyncpg")
    if parsed.drivername not in _SQLITE:
        raise UnsuitableDatabase(
            f"no support for '{parsed.drivername}' databases; use sqlite+aiosqlite:// or postgresql+asyncpg://"
        )
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise UnsuitableDatabase(
            "an SQLite database needs a plain file path, as in sqlite+aiosqlite:///bot.db"
        )
    return "sqlite", parsed.set(drivername="sqlite")


def check_id(value: str) -> None:
    """Raises UnusableId unless `value` can be a key on every database."""
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        size = 0
    if not 0 < size <= MAX_ID_BYTES or "\0" in value:
        raise UnusableId(f"an id must be 1 to {MAX_ID_BYTES} bytes of UTF-8 without NUL")


def in_parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in lists short enough for one statement on either database."""
    for start in range(0, len(values), MOST_PARAMETERS):
        yield values[start : start + MOST_PARAMETERS]


def write_json(value: Any) -> str:
    """Compact JSON that both databases take; lone surrogates, which UTF-8 cannot write, become escapes."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise UnstorableValue(f"a value cannot be kept as JSON: {type(error).__name__}") from error
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text
