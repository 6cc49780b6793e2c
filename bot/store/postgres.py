"""PostgreSQL: a pool of asyncpg connections; races lost to another process are run again.

Knows pools, lost races and the server settings that durability hangs on; not the tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.engine import Result, Work, write_json
from bot.store.errors import Contended, StoreError, StoreUnavailable, UnsuitableDatabase

# unique_violation (somebody wrote the row after we looked), serialization_failure, deadlock_detected
_LOST_RACES = ("23505", "40001", "40P01")
_ATTEMPTS = 5
_POOL = 8
# Off means that PostgreSQL may forget what it acknowledged, or tear a page, when the machine stops.
_NEEDED_ON = ("fsync", "full_page_writes", "synchronous_commit")


def postgres_engine(url: URL) -> AsyncEngine:
    """An engine that gives up on a silent server within seconds rather than hang."""
    try:
        return create_async_engine(
            url,
            pool_size=_POOL,
            max_overflow=_POOL,
            pool_timeout=5,
            json_serializer=write_json,
            hide_parameters=True,  # errors are logged; what customers wrote is not
            connect_args={"timeout": 5, "command_timeout": 15},
        )
    except ModuleNotFoundError as error:
        raise UnsuitableDatabase("PostgreSQL needs asyncpg: install frontdesk[postgres]") from error


class PostgresDatabase:
    """A Database over a PostgreSQL server."""

    def __init__(self, url: URL) -> None:
        self._engine = postgres_engine(url)
        # Reads are single statements: without a transaction around them they cost one round trip, not three.
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def check(self) -> None:
        """Raises UnsuitableDatabase unless the server flushes what it commits; StoreUnavailable."""
        with translated():
            async with self._reader.connect() as connection:
                for name in _NEEDED_ON:
                    value = (await connection.exec_driver_sql(f"SHOW {name}")).scalar_one()
                    if value == "off":
                        raise UnsuitableDatabase(
                            f"PostgreSQL has {name}=off and would lose acknowledged messages; turn it on"
                        )

    async def write(self, work: Work[Result]) -> Result:
        for attempt in range(_ATTEMPTS):
            try:
                with translated():
                    async with self._engine.begin() as connection:
                        return await connection.run_sync(work)
            except Contended:
                if attempt == _ATTEMPTS - 1:
                    raise
                await asyncio.sleep(0.005 * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def read(self, work: Work[Result]) -> Result:
        with translated():
            async with self._reader.connect() as connection:
                return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """A lost race as Contended, a server away or too slow as StoreUnavailable, a defect as StoreError."""
    try:
        yield
    except DBAPIError as error:
        # Not chained where PostgreSQL quotes the row in its message, and with it what a customer wrote.
        if getattr(error.orig, "sqlstate", None) in _LOST_RACES:
            raise Contended("PostgreSQL: another transaction was faster") from None
        if isinstance(error, (IntegrityError, DataError, ProgrammingError)):
            code = getattr(error.orig, "sqlstate", None)
            raise StoreError(f"PostgreSQL refused a statement of ours (SQLSTATE {code})") from None
        raise StoreUnavailable(f"PostgreSQL: {type(error.orig).__name__}") from error
    except (PoolTimeout, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"PostgreSQL: {type(error).__name__}") from error
