"""Turns driven over a real store: order, redelivery, fences, failures, and messages that nobody drove."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from bot.dialogue.events import AgentSaid, BotSaid, Event, Failed, HandedOver, TakenOver, UserSaid
from bot.dialogue.message import InboundMessage
from bot.dialogue.ports import ReadRequest
from bot.dialogue.reading import Reading
from bot.hub import Hub
from bot.inference import Inference
from bot.manager import Bot, Manager
from bot.store.migrate import migrate
from bot.store.store import Store, open_store
from tests.bot.dialogue.small_bot import DOMAIN, Ends

NOW = 1_000_000.0


class Gate(Ends):
    """Ends that can be held: `reading` is set when a read began, and it ends when `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.go.set()
        self.reading = asyncio.Event()
        self.reads = 0

    async def read(self, request: ReadRequest) -> Reading:
        self.reads += 1
        self.reading.set()
        await self.go.wait()
        if request.text == "explode":
            raise ZeroDivisionError("a bug in a model")
        return await super().read(request)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    await migrate(url)
    async with open_store(url) as opened:
        yield opened


@asynccontextmanager
async def managed(store: Store, ends: Gate, *, owner: str = "one", **more: Any) -> AsyncIterator[Manager]:
    bot = Bot(DOMAIN, cast(Inference, ends), None)
    manager = Manager(store, bot, Hub(), owner=owner, lease=30.0, at_once=8, clock=lambda: NOW, **more)
    async with manager.running():
        yield manager


def message(text: str, number: int, *, conversation: str = "c1", channel: str = "rest") -> InboundMessage:
    return InboundMessage(conversation, channel, "me", f"{conversation}-{number}", text, NOW, seed=number)


async def said(manager: Manager, text: str, number: int, **more: Any) -> list[str]:
    receipt = await manager.accept(message(text, number, **more))
    events = await manager.answered(receipt, timeout=5.0)
    assert events is not None
    return [item.event.text or "" for item in events if isinstance(item.event, BotSaid)]


async def log_of(store: Store, conversation: str = "c1") -> list[Event]:
    return [item.event for item in await store.log.after(conversation)]


async def test_messages_of_one_conversation_are_answered_in_order_of_arrival(store: Store) -> None:
    ends = Gate()
    ends.go.clear()
    async with managed(store, ends) as manager:
        receipts = [
            await manager.accept(message(text, n)) for n, text in enumerate(("i need a loan", "1", "a boat"))
        ]
        ends.go.set()
        for receipt in receipts:
            assert await manager.answered(receipt, timeout=5.0)
    texts = [event.text for event in await log_of(store) if isinstance(event, UserSaid)]
    assert texts == ["i need a loan", "1", "a boat"]


async def test_a_redelivered_message_has_one_turn_and_the_same_answer(store: Store) -> None:
    ends = Gate()
    async with managed(store, ends) as manager:
        first = await said(manager, "hi", 1)
        assert await said(manager, "hi", 1) == first
    assert ends.reads == 1


async def test_a_redelivery_while_its_turn_runs_waits_for_that_turn(store: Store) -> None:
    ends = Gate()
    ends.go.clear()
    async with managed(store, ends) as manager:
        both = asyncio.gather(said(manager, "hi", 1), said(manager, "hi", 1))
        await ends.reading.wait()
        ends.go.set()
        first, second = await both
    assert first == second
    assert ends.reads == 1


async def test_a_bot_turn_that_an_agent_overtook_is_dropped(store: Store) -> None:
    ends = Gate()
    async with managed(store, ends) as manager:
        await said(manager, "hi", 1)
        ends.go.clear()
        ends.reading.clear()
        await manager.accept(message("hi", 2))
        await ends.reading.wait()
        await store.desk.take_over("c1", TakenOver(at=NOW, agent="kim"), now=NOW)
        await store.desk.say("c1", AgentSaid(at=NOW, text="I am here.", agent="kim"), reply=None, now=NOW)
        ends.go.set()
        receipt = await manager.accept(message("and now?", 3))
        assert await manager.answered(receipt, timeout=5.0) is not None
    events = await log_of(store)
    after_take_over = events[[isinstance(event, TakenOver) for event in events].index(True) :]
    assert not any(isinstance(event, BotSaid) for event in after_take_over)
    assert [event.text for event in events if isinstance(event, UserSaid)] == ["hi", "hi", "and now?"]


async def test_a_log_that_grew_in_the_meantime_is_read_again_and_the_turn_decided_anew(store: Store) -> None:
    ends = Gate()
    ends.go.clear()
    async with managed(store, ends) as manager:
        receipt = await manager.accept(message("hi", 1))
        await ends.reading.wait()
        await store.log.append("c1", [Failed(at=NOW, part="operator", reason="note")], now=NOW)
        ends.go.set()
        assert await manager.answered(receipt, timeout=5.0)
    assert sum(isinstance(event, UserSaid) for event in await log_of(store)) == 1


async def test_whatever_breaks_in_a_turn_the_customer_gets_a_sentence_and_a_person(store: Store) -> None:
    async with managed(store, Gate()) as manager:
        assert len(await said(manager, "explode", 1)) == 1
    events = await log_of(store)
    assert any(isinstance(event, Failed) for event in events)
    assert any(isinstance(event, HandedOver) for event in events)
    listed = await store.queue.waiting()
    assert [item.id for item in listed] == ["c1"]


async def test_a_message_that_nobody_drove_is_found_and_answered(store: Store) -> None:
    dead = await store.inbox.accept(message("hi", 1), owner="gone", now=NOW - 60, lease_seconds=30.0)
    assert dead.claim is not None
    async with managed(store, Gate()) as manager:
        for _ in range(100):
            if await store.log.turn(dead.inbox_id):
                break
            await asyncio.sleep(0.05)
        assert await manager.answered(dead, timeout=1.0)
    assert any(isinstance(event, BotSaid) for event in await log_of(store))


async def test_two_servers_over_one_store_answer_each_message_once(store: Store) -> None:
    ends = [Gate(), Gate()]
    async with managed(store, ends[0], owner="one") as one, managed(store, ends[1], owner="two") as two:
        pairs = [(one if n % 2 else two, message("hi", n, conversation=f"c{n % 5}")) for n in range(40)]
        receipts = [await manager.accept(sent) for manager, sent in pairs]
        for _ in range(200):
            if all([await store.log.turn(receipt.inbox_id) for receipt in receipts]):
                break
            await asyncio.sleep(0.05)
    for number in range(5):
        users = [e.message_id for e in await log_of(store, f"c{number}") if isinstance(e, UserSaid)]
        assert len(users) == len(set(users)) == 8


async def test_replies_of_a_push_channel_go_through_the_outbox(store: Store) -> None:
    async with managed(store, Gate(), push=frozenset({"telegram"})) as manager:
        await said(manager, "hi", 1, conversation="telegram:7", channel="telegram")
        await said(manager, "hi", 1, conversation="c1")
    due = await store.outbox.due(owner="sender", now=NOW, lease_seconds=10.0, limit=10)
    assert [(item.channel, item.address, item.body["text"]) for item in due] == [
        ("telegram", "me", "Hello {name}")
    ]


async def test_what_a_list_shows_follows_the_conversation(store: Store) -> None:
    async with managed(store, Gate()) as manager:
        await said(manager, "a person please", 1)
    listed = await store.queue.waiting()
    assert listed[0].standing.reason == "customer_request"
    assert listed[0].standing.waiting_since == NOW
