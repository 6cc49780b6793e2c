"""Turns driven over a real store: order, redelivery, fences, failures, and messages that nobody drove."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from bot.action_client import ActionClient
from bot.bot import Bot
from bot.dialogue.conversation import Conversation
from bot.dialogue.events import (
    AgentSaid,
    BotSaid,
    Event,
    Failed,
    HandedOver,
    Reason,
    SlotSet,
    TakenOver,
    UserSaid,
)
from bot.dialogue.fold import fold
from bot.dialogue.message import InboundMessage
from bot.dialogue.ports import ActionCall, ActionReply, ReadRequest
from bot.dialogue.reading import Reading
from bot.hub import Hub
from bot.inference import Inference
from bot.manager import Manager
from bot.outcome import apology, standing
from bot.store.migrate import migrate
from bot.store.store import Store, open_store
from tests.bot.dialogue.small_bot import DOMAIN, Ends

NOW = 1_000_000.0


class Clock:
    """Seconds since the epoch that pass when the test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Actions:
    """An action server that always gives the same reply, and counts."""

    def __init__(self, *events: Event) -> None:
        self.reply = ActionReply(events=events, responses=({"text": "Done."},))
        self.calls = 0

    async def run(self, call: ActionCall, earlier: Sequence[Event]) -> ActionReply:
        self.calls += 1
        return self.reply


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
            raise ZeroDivisionError(f"a bug in a model that read {request.text}")
        return await super().read(request)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path}/bot.db"
    await migrate(url)
    async with open_store(url) as opened:
        yield opened


@asynccontextmanager
async def managed(
    store: Store, ends: Gate, *, owner: str = "one", actions: Actions | None = None, **more: Any
) -> AsyncIterator[Manager]:
    bot = Bot(DOMAIN, cast(Inference, ends), cast(ActionClient | None, actions))
    settings = {"lease": 30.0, "at_once": 8, "clock": lambda: NOW, **more}
    manager = Manager(store, bot, Hub(), owner=owner, **settings)
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


async def test_a_red_flag_from_the_queue_brings_the_customer_to_its_head(store: Store) -> None:
    clock = Clock()
    async with managed(store, Gate(), clock=clock) as manager:
        await said(manager, "a person please", 1, conversation="first")
        await said(manager, "a person please", 1, conversation="second")
        clock.now += 60.0
        assert len(await said(manager, "my father is unconscious", 2, conversation="second")) == 1
    listed = await store.queue.waiting()
    assert [(item.id, item.standing.reason) for item in listed] == [
        ("second", "red_flag"),
        ("first", "customer_request"),
    ]
    assert listed[0].standing.waiting_since == NOW


@pytest.mark.parametrize(("slot", "value"), [("amount", float("inf")), ("language", "\ud800")])
async def test_a_turn_that_cannot_be_kept_ends_in_an_apology_and_is_not_tried_again(
    store: Store, slot: str, value: object
) -> None:
    actions = Actions(SlotSet(at=NOW, name=slot, value=value))
    async with managed(store, Gate(), actions=actions) as manager:
        assert len(await said(manager, "quiet", 1)) == 1
        assert len(await said(manager, "hi", 2)) == 1
    assert actions.calls == 1
    failed = [event for event in await log_of(store) if isinstance(event, Failed)]
    assert [(event.part, event.reason) for event in failed] == [("turn", "unstorable")]
    assert [item.id for item in await store.queue.waiting()] == ["c1"]


async def test_a_turn_that_waits_for_room_is_run_once(store: Store) -> None:
    ends, clock = Gate(), Clock()
    ends.go.clear()
    async with managed(store, ends, at_once=1, clock=clock) as manager:
        receipts = [await manager.accept(message("hi", 1, conversation=name)) for name in ("c1", "c2", "c3")]
        await ends.reading.wait()
        clock.now += 40.0  # all three leases have run out
        for _ in range(3):
            await manager.look()
        ends.go.set()
        for receipt in receipts:
            assert await manager.answered(receipt, timeout=5.0)
    assert ends.reads == 3


async def test_a_turn_that_another_process_drove_meanwhile_is_not_begun(store: Store) -> None:
    busy, free, clock = Gate(), Gate(), Clock()
    busy.go.clear()
    async with (
        managed(store, busy, at_once=1, clock=clock) as one,
        managed(store, free, owner="two", clock=clock) as two,
    ):
        first = await one.accept(message("hi", 1, conversation="c1"))
        await busy.reading.wait()
        second = await one.accept(message("hi", 1, conversation="c2"))
        clock.now += 40.0
        assert first.claim
        await store.claims.renew(first.claim, now=clock.now, lease_seconds=30.0)
        await two.look()
        assert await one.answered(second, timeout=5.0)
        busy.go.set()
        assert await one.answered(first, timeout=5.0)
    assert (busy.reads, free.reads) == (1, 1)


async def test_whoever_waits_gets_the_reply_of_another_process(store: Store) -> None:
    ends = Gate()
    ends.go.clear()
    async with managed(store, ends, owner="one") as one, managed(store, Gate(), owner="two") as two:
        await one.accept(message("hi", 1))
        await ends.reading.wait()
        receipt = await two.accept(message("hi", 2))
        waiting = asyncio.create_task(two.answered(receipt, timeout=10.0))
        await two.look()
        ends.go.set()
        items = await waiting
    assert items and any(isinstance(item.event, BotSaid) for item in items)


async def test_a_reply_is_found_at_the_end_of_the_wait_at_the_latest(store: Store) -> None:
    ends = Gate()
    ends.go.clear()
    async with managed(store, ends, owner="one") as one:
        other = Manager(store, one.bot, Hub(), owner="two", lease=30.0, at_once=8, clock=lambda: NOW)
        await one.accept(message("hi", 1))
        await ends.reading.wait()
        receipt = await other.accept(message("hi", 2))
        assert await other.answered(receipt, timeout=0.05) is None
        ends.go.set()
        for _ in range(500):
            if await store.log.turn(receipt.inbox_id):
                break
            await asyncio.sleep(0.01)
        assert await other.answered(receipt, timeout=0.05)


async def test_watchers_hear_what_another_process_recorded(store: Store) -> None:
    hub = Hub()
    bot = Bot(DOMAIN, cast(Inference, Gate()), None)
    here = Manager(store, bot, hub, owner="one", lease=30.0, at_once=8, clock=lambda: NOW)
    async with managed(store, Gate(), owner="two") as there:
        with hub.watching("c1") as bell, hub.watching("c2") as quiet:
            await said(there, "hi", 1)
            await here.look()
            assert bell.is_set() and not quiet.is_set()
            bell.clear()
            await here.look()
            assert not bell.is_set(), "nothing was recorded since the look before"
            await said(there, "hi", 2)
            await here.look()
            assert bell.is_set()


async def test_nothing_a_customer_wrote_is_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with managed(store, Gate()) as manager:
            await said(manager, "explode", 1)
    assert "ZeroDivisionError at test_manager.py" in caplog.text
    assert "explode" not in caplog.text


def handed(reason: Reason, *, at: float) -> HandedOver:
    return HandedOver(at=at, reason=reason, packet={})


def test_a_second_reason_to_wait_for_a_person_shows_in_lists() -> None:
    before = fold(Conversation("c1"), [handed(Reason.RULE, at=1.0)])
    told = [handed(Reason.RED_FLAG, at=2.0)]
    shown = standing(before, fold(before, told), told)
    assert shown and (shown.holder, shown.reason) == ("queue", "red_flag")


def test_beside_a_person_a_broken_turn_says_nothing() -> None:
    for before in ([TakenOver(at=1.0, agent="kim")], [handed(Reason.RULE, at=1.0)]):
        conversation = fold(Conversation("c1"), before)
        events = apology(conversation, message("hi", 1), DOMAIN, reason="internal")
        assert [type(event) for event in events] == [UserSaid, Failed]
