"""The outbox loop against the real store and a channel that fails on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.contract import SendFailed
from bot.channels.sender import Patience, Sender
from bot.dialogue.events import AgentSaid, TakenOver
from bot.hub import Hub
from bot.store.migrate import migrate
from bot.store.outbox import Delivery
from bot.store.store import Store, open_store
from bot.store.turn import Outgoing
from tests.bot.channels.small_server import until


@dataclass
class Platform:
    """Takes replies; `fail` may raise for one, `hold` keeps every send waiting."""

    name: str = "sms"
    taken: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    fail: Callable[[Delivery], None] = lambda delivery: None
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hold.set()

    def routes(self) -> list[web.RouteDef]:
        return []

    async def send(self, delivery: Delivery) -> str | None:
        self.attempts.append(delivery.body["text"])
        self.fail(delivery)
        await self.hold.wait()
        self.taken.append(delivery.body["text"])
        return None


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
    await migrate(url)
    async with open_store(url) as opened:
        yield opened


async def put(store: Store, conversation: str, *texts: str) -> None:
    """Replies for the outbox, said by an agent."""
    if await store.log.open(conversation, channel="sms", sender="ann", now=1.0):
        await store.desk.take_over(conversation, TakenOver(at=1.0, agent="eve"), now=1.0)
    for text in texts:
        reply = Outgoing(0, "sms", "ann", {"text": text})
        await store.desk.say(conversation, AgentSaid(at=1.0, text=text, agent="eve"), reply=reply, now=1.0)


@asynccontextmanager
async def sending(store: Store, platform: Platform, hub: Hub, *, attempts: int = 5) -> AsyncIterator[Sender]:
    patience = Patience(first=0.01, most=0.02, attempts=attempts)
    sender = Sender(store.outbox, {platform.name: platform}, hub, "me", patience, look_again=0.1)
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_keeps_the_order_of_a_conversation_through_failures(store: Store) -> None:
    platform, failed = Platform(), set[str]()

    def fail_once(delivery: Delivery) -> None:
        text = delivery.body["text"]
        if text not in failed:
            failed.add(text)
            raise SendFailed("busy")

    platform.fail = fail_once
    await put(store, "a", "a1", "a2", "a3")
    await put(store, "b", "b1")
    async with sending(store, platform, Hub()):
        await until(lambda: len(platform.taken) == 4)
    assert [text for text in platform.taken if text.startswith("a")] == ["a1", "a2", "a3"]


async def test_a_reply_that_never_arrives_does_not_stop_the_next(store: Store) -> None:
    platform = Platform()

    def refuse(delivery: Delivery) -> None:
        if delivery.body["text"] == "bad":
            raise SendFailed("no")
        if delivery.body["text"] == "worse":
            raise SendFailed("never", permanent=True)
        if delivery.body["text"] == "broken":
            raise RuntimeError("a defect in a channel")

    platform.fail = refuse
    await put(store, "a", "bad", "worse", "broken", "good")
    async with sending(store, platform, Hub(), attempts=3):
        await until(lambda: platform.taken == ["good"])
    counted = {text: platform.attempts.count(text) for text in ("bad", "worse", "broken", "good")}
    assert counted == {"bad": 3, "worse": 1, "broken": 3, "good": 1}


async def test_a_slow_conversation_holds_up_no_other(store: Store) -> None:
    platform = Platform()
    platform.hold.clear()
    await put(store, "slow", "slow")
    async with sending(store, platform, Hub()) as sender:
        await until(lambda: platform.attempts == ["slow"])
        held, platform.hold = platform.hold, asyncio.Event()
        platform.hold.set()
        await put(store, "quick", "quick")
        sender.hub.ring("quick")
        await until(lambda: platform.taken == ["quick"])
        held.set()


async def test_ends_cleanly_with_what_is_under_way(store: Store) -> None:
    platform, hub = Platform(), Hub()
    platform.hold.clear()
    await put(store, "a", "one", "two")
    sender = Sender(store.outbox, {"sms": platform}, hub, "me")
    task = asyncio.create_task(sender.run())
    await until(lambda: platform.attempts == ["one"])
    task.cancel()
    await asyncio.sleep(0)
    platform.hold.set()
    await asyncio.gather(task, return_exceptions=True)
    assert platform.taken == ["one"]
    async with sending(store, platform, hub):
        await until(lambda: platform.taken == ["one", "two"])


async def test_waits_for_a_channel_that_is_closed(store: Store) -> None:
    await put(store, "a", "one")
    other = Platform(name="mail")
    async with sending(store, other, Hub(), attempts=1000) as sender:
        await until(lambda: sender._wake_at > 0)
    platform = Platform()
    async with sending(store, platform, Hub(), attempts=1000):
        await until(lambda: platform.taken == ["one"])


@settings(deadline=None)
@given(st.integers(1, 100), st.none() | st.floats(0, 1e9), st.floats(0, 1))
def test_waits_are_bounded(attempt: int, wish: float | None, chance: float) -> None:
    patience = Patience()
    wait = patience.wait(attempt, wish=wish, chance=chance)
    assert wait > 0 or wish == 0
    assert wait <= (patience.most if wish is None else patience.longest_wish + 1)
