"""SQLite: a writing thread that commits whatever waits for it together, and reading threads beside it.

Knows threads, pragmas and transactions; not the tables. A commit waits for the disk (about as long as a whole
transaction computes), so that callers who arrive meanwhile share the next one: group commit, as databases do
it (Gray and Reuter, Transaction Processing, 1992, 9.4.6). Each caller's work runs under its own savepoint and
fails alone. SQLAlchemy's aiosqlite dialect is not used: it crosses threads three times a statement, this once
a transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.store.engine import Result, Work, write_json
from bot.store.errors import StoreError, StoreUnavailable, UnsuitableDatabase

_BUSY_SECONDS = 5.0
_RETRY_SECONDS = 0.01
_READERS = 2
# Enough to share a commit among all that wait, few enough that the first does not wait long for the last.
_GROUP = 64
# RETURNING came with 3.35.
_OLDEST = (3, 35, 0)


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


_Jobs = SimpleQueue[_Job | None]
_Run = Callable[[Connection, list[_Job]], None]


def sqlite_engine(url: URL, *, writes: bool) -> Engine:
    """An engine whose connections keep what they commit: WAL, synchronous=FULL, foreign keys."""
    engine = create_engine(
        url,
        poolclass=NullPool,
        json_serializer=write_json,
        hide_parameters=True,  # errors are logged; what customers wrote is not
        # isolation_level=None: sqlite3 begins nothing by itself, so that BEGIN is ours to choose.
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    event.listen(engine, "connect", _set_up if writes else _set_up_reader)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    mode = _write_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level != 2:
        raise UnsuitableDatabase(
            f"SQLite gives journal_mode={mode}, synchronous={level} where wal and 2 keep what is "
            "acknowledged; put the file on a local disk"
        )


def _write_ahead(connection: sqlite3.Connection) -> str:
    """The journal mode after asking for WAL.

    Tried again by hand: where two processes open a new file together, SQLite refuses one of them at once
    instead of letting it wait (https://sqlite.org/c3ref/busy_handler.html).
    """
    give_up = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(_RETRY_SECONDS)


def _set_up_reader(connection: sqlite3.Connection, record: object) -> None:
    _set_up(connection, record)
    connection.execute("PRAGMA query_only=ON")


class SqliteDatabase:
    """A Database over one SQLite file."""

    def __init__(self, url: URL) -> None:
        """Opens the file and starts the threads. Raises UnsuitableDatabase, StoreUnavailable."""
        if sqlite3.sqlite_version_info < _OLDEST:
            raise UnsuitableDatabase(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or later is needed")
        self._writes: _Jobs = SimpleQueue()
        self._reads: _Jobs = SimpleQueue()
        with translated():
            writer = sqlite_engine(url, writes=True).connect()
            reader = sqlite_engine(url, writes=False)
            self._threads = [
                Thread(
                    target=_work_through, args=(writer, self._writes, _GROUP, _commit), name="store-writer"
                )
            ]
            for number in range(_READERS):
                lane = (reader.connect(), self._reads, 1, _read)
                self._threads.append(Thread(target=_work_through, args=lane, name=f"store-reader-{number}"))
        for thread in self._threads:
            thread.daemon = True
            thread.start()
        self._closed = False

    async def write(self, work: Work[Result]) -> Result:
        return await self._ask(self._writes, work)

    async def read(self, work: Work[Result]) -> Result:
        return await self._ask(self._reads, work)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._writes.put(None)
        for _ in range(_READERS):
            self._reads.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    async def _ask(self, jobs: _Jobs, work: Work[Result]) -> Result:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        jobs.put(_Job(work, future, loop))
        return await future


def _work_through(connection: Connection, jobs: _Jobs, most: int, run: _Run) -> None:
    """The life of a thread: take what waits, at most `most` at once, run it, tell; until told to stop."""
    stopping = False
    with connection:
        while not stopping:
            group, stopping = _take(jobs, most)
            if group:
                run(connection, group)
                _tell(group)


def _take(jobs: _Jobs, most: int) -> tuple[list[_Job], bool]:
    """Wait for a job, then take those behind it; and whether the end was among them."""
    job = jobs.get()
    group: list[_Job] = []
    while job is not None:
        group.append(job)
        if len(group) == most:
            return group, False
        try:
            job = jobs.get_nowait()
        except Empty:
            return group, False
    return group, True


def _tell(group: list[_Job]) -> None:
    """Hand the outcomes to their event loops, waking each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, told)
        except RuntimeError:
            continue  # that loop is closed: nobody waits for these any more


def _settle(group: list[_Job]) -> None:
    for job in group:
        if job.future.done():
            continue  # the caller was cancelled
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)


def _read(connection: Connection, group: list[_Job]) -> None:
    for job in group:
        _run_alone(connection, job)


def _commit(connection: Connection, group: list[_Job]) -> None:
    if len(group) > 1:
        try:
            with connection.begin():
                for job in group:
                    _run_in_savepoint(connection, job)
            return
        except Exception:  # whatever broke the group: each runs again alone
            connection.rollback()
    for job in group:
        _run_alone(connection, job)


def _run_in_savepoint(connection: Connection, job: _Job) -> None:
    """An error of the work itself stays with its job; what breaks the whole transaction is raised."""
    job.result = job.error = None
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        with translated():
            job.result = job.work(connection)
    except StoreUnavailable:
        raise
    except Exception as error:  # it is the caller's, and is raised there
        job.error = error
        connection.exec_driver_sql("ROLLBACK TO job")
    connection.exec_driver_sql("RELEASE job")


def _run_alone(connection: Connection, job: _Job) -> None:
    job.result = job.error = None
    try:
        with translated(), connection.begin():
            job.result = job.work(connection)
    except Exception as error:  # it is the caller's, and is raised there
        job.error = error


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's trouble with its file or its locks as StoreUnavailable, a defect of ours as StoreError."""
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable(f"SQLite: {error.orig}") from error
    except DBAPIError as error:
        raise StoreError(f"SQLite refused a statement of ours: {error.orig}") from error
