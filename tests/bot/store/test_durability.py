"""What was acknowledged survives: a killed process, a torn log, a busy file, a careless server."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from bot.dialogue.events import BotSaid, UserSaid
from bot.store.errors import StoreError, StoreUnavailable, UnsuitableDatabase
from bot.store.store import Store, open_store
from tests.bot.store.conftest import EmptyDatabase, execute
from tests.bot.store.talk import LEASE, accept, answer, claimed, message

# Answers odd messages, leaves even ones unanswered, and says what was acknowledged before it goes on.
WRITER = """
import asyncio, sys
from bot.dialogue.events import BotSaid, UserSaid
from bot.dialogue.message import InboundMessage
from bot.store.store import open_store

async def talk(store, name):
    number, seq = 0, 0
    while True:
        number += 1
        conversation = f"{name}-{number}"
        sent = InboundMessage(conversation, "rest", name, f"{conversation}:1", "hello", 1.0)
        receipt = await store.inbox.accept(sent, owner="doomed", now=1.0, lease_seconds=10.0)
        print("accepted", conversation, flush=True)
        if number % 2:
            asked = UserSaid(at=1.0, text="hello", message_id="m", channel="rest")
            said = [asked, BotSaid(at=1.0, text="hi")]
            await store.log.record(receipt.claim, events=said, after_seq=0, done=receipt.inbox_id, now=1.0,
                                   lease_seconds=10.0)
            print("answered", conversation, flush=True)

async def main():
    async with open_store(sys.argv[1]) as store:
        await asyncio.gather(*(talk(store, name) for name in "abcd"))

asyncio.run(main())
"""


def _write_until_killed(url: str, lines: int) -> tuple[set[str], set[str]]:
    """Run the writer, kill it after so many lines: what it called accepted, and answered."""
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), url],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        text=True,
    )
    assert process.stdout is not None
    told = [process.stdout.readline().split() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    told += [line.split() for line in process.stdout.read().splitlines() if len(line.split()) == 2]
    process.wait()
    process.stdout.close()
    return (
        {name for verb, name in told if verb == "accepted"},
        {name for verb, name in told if verb == "answered"},
    )


async def _check(store: Store, answered: set[str]) -> set[str]:
    """Every log is whole; the conversations found."""
    found = set()
    async for row in store.queue.each():
        found.add(row.id)
        log = await store.log.after(row.id)
        assert [type(item.event) for item in log] in ([], [UserSaid, BotSaid])
        assert row.last_seq == len(log) and row.pending == (0 if log else 1)
        assert log or row.id not in answered
    return found


async def test_what_was_acknowledged_survives_a_kill(url: str) -> None:
    accepted, answered = await asyncio.to_thread(_write_until_killed, url, 120)
    async with open_store(url) as store:
        found = await _check(store, answered)
        assert accepted <= found
        assert await store.claims.waiting(owner="next", now=10.9, lease_seconds=LEASE, limit=999) == []
        claims = await store.claims.waiting(owner="next", now=11.0, lease_seconds=LEASE, limit=999)
        assert {claim.conversation_id for claim in claims} >= accepted - answered - {
            row.id for row in [await store.queue.find(name) for name in accepted] if row and not row.pending
        }
        for claim in claims:
            pending = await store.inbox.next_message(claim)
            assert pending is not None
            assert await answer(store, claim, pending.inbox_id, now=11.0) is False


async def test_a_torn_write_ahead_log_loses_only_its_tail(
    empty_database: EmptyDatabase, tmp_path: Path
) -> None:
    url = await empty_database("sqlite")
    await asyncio.to_thread(_write_until_killed, url, 120)
    path = Path(str(make_url(url).database))
    size = path.with_name("bot.db-wal").stat().st_size
    rng = random.Random(7)
    for number in range(8):
        folder = tmp_path / f"torn{number}"
        shutil.copytree(path.parent, folder)
        wal = folder / "bot.db-wal"
        (folder / "bot.db-shm").unlink()
        cut = rng.randrange(size)
        wal.write_bytes(wal.read_bytes()[:cut] + rng.randbytes(min(64, size - cut)))
        async with open_store(f"sqlite+aiosqlite:///{folder / 'bot.db'}") as store:
            await _check(store, set())
        assert sqlite3.connect(folder / "bot.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_reading_goes_on_and_writing_waits_while_another_process_writes(
    empty_database: EmptyDatabase,
) -> None:
    url = await empty_database("sqlite")
    async with open_store(url) as store:
        await accept(store, message())
        busy = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        busy.execute("BEGIN IMMEDIATE")
        busy.execute("DELETE FROM settings")
        writing = asyncio.create_task(accept(store, message(number=2)))
        await asyncio.sleep(0.1)
        assert await store.queue.find("c") is not None
        assert not writing.done()
        busy.execute("COMMIT")
        busy.close()
        assert (await writing).fresh


async def test_a_writer_that_never_lets_go_makes_the_store_unavailable(
    empty_database: EmptyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.sqlite._BUSY_SECONDS", 0.1)
    url = await empty_database("sqlite")
    async with open_store(url) as store:
        busy = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        busy.execute("BEGIN IMMEDIATE")
        outcomes = await asyncio.gather(
            *(accept(store, message(number=number)) for number in range(3)), return_exceptions=True
        )
        assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
        busy.execute("COMMIT")
        busy.close()
        assert (await accept(store, message(number=1))).fresh


async def test_sqlite_is_set_to_flush_every_commit(empty_database: EmptyDatabase) -> None:
    url = await empty_database("sqlite")
    async with open_store(url) as store:
        for ask in (store.database.write, store.database.read):
            level = await ask(lambda connection: connection.exec_driver_sql("PRAGMA synchronous").scalar())
            mode = await ask(lambda connection: connection.exec_driver_sql("PRAGMA journal_mode").scalar())
            assert (level, mode) == (2, "wal")


@pytest.mark.parametrize("name", ["synchronous_commit"])
async def test_a_careless_server_is_refused(empty_database: EmptyDatabase, name: str) -> None:
    url = await empty_database("postgresql")
    await execute(url, f"ALTER DATABASE shared SET {name} = off")
    try:
        with pytest.raises(UnsuitableDatabase, match=name):
            async with open_store(url):
                pass
    finally:
        await execute(url, f"ALTER DATABASE shared RESET {name}")


async def test_a_server_that_is_away_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        async with open_store(f"postgresql+asyncpg://postgres@/x?host={tmp_path}"):
            pass
    with pytest.raises(StoreUnavailable):
        async with open_store(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder/bot.db"):
            pass


async def test_connections_that_a_server_dropped_are_replaced(empty_database: EmptyDatabase) -> None:
    url = await empty_database("postgresql")
    async with open_store(url) as store:
        await claimed(store)
        drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shared'"
        await execute(str(make_url(url).set(database="postgres").render_as_string(hide_password=False)), drop)
        outcomes = [await _outcome(store, number) for number in (2, 3, 4)]
        assert outcomes[-1] == "kept"
        assert set(outcomes) <= {"kept", "unavailable"}


async def _outcome(store: Store, number: int) -> str:
    try:
        await accept(store, message(number=number))
    except StoreUnavailable:
        return "unavailable"
    return "kept"


async def test_errors_never_show_what_was_written(store: Store) -> None:
    row = {"key": "secret words", "value": None}
    statement = text("INSERT INTO settings (key, value) VALUES (:key, :value)")
    with pytest.raises(StoreError) as refused:
        await store.database.write(lambda connection: connection.execute(statement, row).rowcount)
    shown = "".join(traceback.format_exception(refused.value))
    assert "secret words" not in shown


async def test_a_closed_store_refuses(url: str) -> None:
    async with open_store(url) as store:
        await store.close()
        await store.close()
        if url.startswith("sqlite"):
            with pytest.raises(StoreUnavailable):
                await accept(store, message())
