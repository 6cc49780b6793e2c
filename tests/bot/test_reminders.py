"""Reminders from the action that sets them to the customer who reads them, over rasa-sdk's own server."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from sqlalchemy import update

from bot.action_client import ActionClient
from bot.bot import Bot
from bot.channels.frames import frame
from bot.dialogue.events import (
    ActionFailed,
    BotSaid,
    Decided,
    Event,
    Failed,
    ReminderScheduled,
    TakenOver,
    UserSaid,
)
from bot.dialogue.external_message import external_message
from bot.dialogue.message import InboundMessage
from bot.dialogue.reading import Entity
from bot.hub import Hub
from bot.inference import Inference
from bot.manager import Manager
from bot.project.check import check_folder
from bot.project.load import load_project
from bot.store.migrate import migrate
from bot.store.schema import events
from bot.store.store import Store, open_store
from tests.bot.dialogue.small_bot import Ends
from tests.bot.serving import free_port

PROJECT = Path(__file__).parents[1] / "reminder_project"
DOMAIN = load_project(PROJECT).domain
DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def actions() -> Iterator[str]:
    """rasa-sdk's server over the project's actions: its URL."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            assert child.poll() is None
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/webhook"
    finally:
        child.terminate()
        child.wait(20)


@dataclass
class Clock:
    """Seconds since the epoch that pass when the test says so; actions have the real time."""

    now: float

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
async def url(tmp_path: Path) -> str:
    database = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    await migrate(database)
    return database


@dataclass
class Server:
    """One process: a store of its own over the database, and a manager."""

    store: Store
    manager: Manager
    hub: Hub
    clock: Clock

    async def say(self, text: str, number: int) -> list[str]:
        """What the bot answers; `text` is a payload, which is taken at its word here."""
        now = self.clock()
        message = InboundMessage("telegram:7", "telegram", "7", f"m{number}", text, now, trusted=True)
        items = await self.manager.answered(await self.manager.accept(message), timeout=20.0)
        assert items
        assert not any(isinstance(item.event, ActionFailed) for item in items)
        return [item.event.text or "" for item in items if isinstance(item.event, BotSaid)]

    async def look(self) -> None:
        """Go the rounds until whatever was found is answered."""
        await self.manager.look()
        for _ in range(400):
            found = await self.store.queue.find("telegram:7")
            if found is None or not found.pending:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("a message waits for its turn")

    async def log(self) -> list[Event]:
        return [item.event for item in await self.store.log.after("telegram:7")]

    async def sent(self) -> list[str]:
        """What went out to the platform since the last time."""
        texts = []
        while due := await self.store.outbox.due(owner="s", now=self.clock(), lease_seconds=9.0, limit=9):
            for delivery in due:
                texts.append(str(delivery.body["text"]))
                await self.store.outbox.sent(delivery)
        return texts


Open = Callable[..., contextlib.AbstractAsyncContextManager[Server]]


@pytest.fixture
def server(url: str, actions: str, clock: Clock) -> Open:
    @asynccontextmanager
    async def start(owner: str = "one") -> AsyncIterator[Server]:
        async with aiohttp.ClientSession() as session, open_store(url) as store:
            bot = Bot(DOMAIN, cast(Inference, Ends()), ActionClient(session, actions, DOMAIN, 10.0))
            hub = Hub()
            push = frozenset({"telegram"})
            manager = Manager(store, bot, hub, owner=owner, lease=30.0, at_once=8, clock=clock, push=push)
            yield Server(store, manager, hub, clock)

    return start


def external(events: list[Event]) -> list[UserSaid]:
    return [event for event in events if isinstance(event, UserSaid) and event.external]


async def test_a_reminder_is_said_once_when_it_is_due(server: Open, clock: Clock) -> None:
    async with server() as one:
        assert await one.say('/remind{"plant": "fern"}', 1) == ["I will."]
        await one.look()
        assert await one.sent() == ["I will."]
        clock.now += 5.0
        with one.hub.watching("telegram:7") as bell:
            await one.look()
            assert bell.is_set(), "who has the page open sees it at once"
        await one.look()
        assert await one.sent() == ["Time to water the fern."]
        (said,) = external(await one.log())
        assert (said.at, said.text) == (clock.now, "EXTERNAL: EXTERNAL_water")
        shown = [frame(item, {}) for item in await one.store.log.after("telegram:7")]
        assert [line["who"] for line in shown if line] == ["customer", "bot", "bot"]


async def test_a_server_that_starts_anew_says_what_fell_due_meanwhile(server: Open, clock: Clock) -> None:
    async with server() as before:
        await before.say('/remind{"plant": "fern"}', 1)
        await before.sent()
    clock.now += 3600.0
    async with server("two") as after:
        await after.look()
        await after.look()
        assert await after.sent() == ["Time to water the fern."]


async def test_what_is_over_a_day_late_is_let_go_on_record(server: Open, clock: Clock) -> None:
    async with server() as one:
        await one.say('/remind{"plant": "fern"}', 1)
        await one.sent()
        clock.now += DAY + 60.0
        await one.look()
        assert await one.sent() == []
        assert [event.reason for event in await one.log() if isinstance(event, Failed)] == ["too_late"]
        assert external(await one.log()) == []


async def test_two_servers_over_one_database_say_it_once(server: Open, clock: Clock) -> None:
    async with server("one") as one, server("two") as two:
        await one.say('/remind{"plant": "fern"}', 1)
        await one.sent()
        clock.now += 5.0
        await asyncio.gather(one.look(), two.look())
        await asyncio.gather(one.look(), two.look())
        assert await one.sent() == ["Time to water the fern."]
        assert len(external(await two.log())) == 1


@pytest.mark.parametrize(
    ("setting", "after"),
    [
        ("/remind", ["Time to water the {plant}."]),
        ("/remind_unless_written", []),
    ],
)
async def test_a_word_of_the_customer_ends_it_if_the_action_wished_so(
    server: Open, clock: Clock, setting: str, after: list[str]
) -> None:
    async with server() as one:
        await one.say(setting, 1)
        await one.say("/greet", 2)
        await one.sent()
        clock.now += 5.0
        await one.look()
        assert await one.sent() == after


async def test_an_action_calls_it_off(server: Open, clock: Clock) -> None:
    async with server() as one:
        await one.say("/remind", 1)
        assert await one.say("/forget", 2) == ["Forgotten."]
        await one.sent()
        clock.now += 5.0
        await one.look()
        assert await one.sent() == []


async def test_beside_an_agent_it_stays_on_record(server: Open, clock: Clock) -> None:
    async with server() as one:
        await one.say("/remind", 1)
        await one.sent()
        await one.store.desk.take_over("telegram:7", TakenOver(at=clock(), agent="kim"), now=clock())
        clock.now += 5.0
        await one.look()
        assert await one.sent() == []
        assert len(external(await one.log())) == 1
        assert [event.row for event in await one.log() if isinstance(event, Decided)][-1] == "held"


async def test_something_outside_triggers_an_intent_on_the_same_path(server: Open, clock: Clock) -> None:
    async with server() as one:
        await one.say("/greet", 1)
        await one.sent()
        found = await one.store.queue.find("telegram:7")
        assert found
        message = external_message(
            conversation_id=found.id,
            channel=found.channel,
            sender=found.sender,
            external_id="trigger:1",
            intent="EXTERNAL_water",
            entities=(Entity("plant", "fern"),),
            at=clock(),
        )
        items = await one.manager.answered(await one.manager.accept(message), timeout=20.0)
        assert items and any(isinstance(item.event, BotSaid) for item in items)
        assert await one.sent() == ["Time to water the fern."]


async def test_a_timer_that_cannot_be_taken_up_does_not_hold_up_the_others(
    server: Open, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with server() as one:
        await one.say('/remind{"plant": "fern"}', 1)
        await one.sent()
        await one.store.log.open("broken", channel="rest", sender="me", now=clock())
        due = datetime.fromtimestamp(clock(), UTC)
        await one.store.log.append(
            "broken", [ReminderScheduled(at=clock(), intent="EXTERNAL_water", due=due)], now=clock()
        )
        spoil = update(events).where(events.c.conversation_id == "broken").values(body={"event": "reminder"})
        await one.store.database.write(lambda transaction: transaction.execute(spoil))
        clock.now += 5.0
        await one.look()
        assert "a timer could not be taken up: WireError" in caplog.text
        assert await one.sent() == ["Time to water the fern."]


def test_an_intent_that_only_reminders_have_needs_no_examples() -> None:
    assert not any("EXTERNAL" in str(finding) for finding in check_folder(PROJECT))
