"""Timers: set and ended with a turn's events, made one message when due, whoever looks, restarts included."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete

from bot.dialogue.events import (
    ActionRun,
    Event,
    Failed,
    ReminderCancelled,
    ReminderScheduled,
    Restarted,
    Returned,
    Rewound,
    SessionStarted,
    TakenOver,
    Undone,
    UserSaid,
)
from bot.dialogue.message import IS_EXTERNAL, InboundMessage
from bot.dialogue.reading import Entity
from bot.store.inbox import Pending
from bot.store.migrate import migrate
from bot.store.schema import conversations, timers
from bot.store.store import Store, open_store
from bot.store.timers import Timer
from tests.bot.store.conftest import empty, execute
from tests.bot.store.talk import LEASE, accept, answer, claimed, message

Result = TypeVar("Result")
DAY = 24 * 3600.0
NOON = 1_800_000_000.0
CAR = Entity("car", "red")


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def reminder(due: float | datetime = NOON, **more: Any) -> ReminderScheduled:
    moment = due if isinstance(due, datetime) else at(due)
    return ReminderScheduled(**{"at": 1.0, "intent": "EXTERNAL_water", **more, "due": moment})


def customer(text: str = "hello") -> UserSaid:
    return UserSaid(at=1.0, text=text, message_id="m", channel="rest")


def external(intent: str = "EXTERNAL_water") -> UserSaid:
    said = f"EXTERNAL: {intent}"
    return UserSaid(at=1.0, text=said, message_id="r", channel="rest", metadata={IS_EXTERNAL: True})


async def talked(store: Store, *events: Event, name: str = "c") -> None:
    """A conversation whose first turn gave these events."""
    claim, inbox_id = await claimed(store, name)
    await answer(store, claim, inbox_id, events=[customer(), *events])


async def due(store: Store, *, now: float = NOON, limit: int = 10) -> list[Timer]:
    return await store.timers.due(now=now, limit=limit)


async def take_up_all(store: Store, *, now: float = NOON) -> int:
    """How many timers became messages."""
    found = [await store.timers.take_up(timer, now=now, too_late=DAY) for timer in await due(store, now=now)]
    return sum(found)


async def waiting(store: Store, *, now: float = NOON) -> list[InboundMessage]:
    """The messages that wait for their turn, claimed here."""
    claims = await store.claims.waiting(owner="me", now=now, lease_seconds=LEASE, limit=50)
    pending = [await store.inbox.next_message(claim) for claim in claims]
    return [each.message for each in pending if isinstance(each, Pending)]


LISTENS, ACTS = ActionRun(at=1.0, name="action_listen"), ActionRun(at=1.0, name="action_remind")


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ((LISTENS, ACTS, reminder(name="a"), Rewound(at=1.0)), []),
        ((LISTENS, ACTS, Rewound(at=1.0), reminder(name="a")), [5]),
        ((LISTENS, ACTS, reminder(name="a"), Undone(at=1.0)), []),
        ((ACTS, reminder(name="a", until_message=False), LISTENS, customer(), Rewound(at=1.0)), [3]),
        (
            (ACTS, reminder(name="a", until_message=False), LISTENS, customer(), Rewound(at=1.0, messages=2)),
            [],
        ),
        ((ACTS, reminder(name="a"), LISTENS, external(), Rewound(at=1.0)), [3]),
        ((reminder(name="a"), SessionStarted(at=1.0), Rewound(at=1.0)), [2]),
        ((ACTS, reminder(name="a"), LISTENS, customer(), Rewound(at=1.0, messages=9, keeps_latest=True)), []),
    ],
)
async def test_what_is_taken_back_takes_the_reminders_that_it_set_with_it(
    store: Store, events: tuple[Event, ...], left: list[int]
) -> None:
    await talked(store, *events)
    assert [timer.seq for timer in await due(store)] == left


async def test_a_later_turn_takes_back_what_an_earlier_one_set(store: Store) -> None:
    await talked(store, ACTS, reminder(until_message=False), LISTENS)
    for number, messages, left in ((2, 1, 1), (3, 2, 0)):
        receipt = await accept(store, message(number=number), now=2.0)
        assert receipt.claim
        told = [customer(), Rewound(at=2.0, messages=messages), LISTENS]
        after = 4 + 3 * (number - 2)
        await answer(store, receipt.claim, receipt.inbox_id, after_seq=after, events=told, now=3.0)
        assert len(await due(store)) == left


async def test_a_due_timer_becomes_one_external_message_of_its_conversation(store: Store) -> None:
    await talked(store, reminder(entities=(CAR,)))
    assert await take_up_all(store, now=NOON - 1) == 0
    assert await take_up_all(store) == 1
    assert await take_up_all(store, now=NOON + 60) == 0
    (made,) = await waiting(store)
    assert (made.conversation_id, made.channel, made.sender) == ("c", "rest", "customer")
    assert (made.text, made.at, made.trusted, made.external) == ("EXTERNAL: EXTERNAL_water", NOON, True, True)
    assert made.metadata["entities"] == [{"entity": "car", "value": "red"}]


@pytest.fixture
def in_india(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server whose clock on the wall is 5:30 hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


async def test_a_time_without_a_zone_is_the_servers_local_time(store: Store, in_india: None) -> None:
    on_the_wall = (at(NOON) + timedelta(hours=5, minutes=30)).replace(tzinfo=None)
    await talked(store, reminder(due=on_the_wall))
    await talked(store, reminder(due=on_the_wall.replace(year=1, month=1, day=1)), name="before")
    await talked(store, reminder(due=on_the_wall.replace(year=9999, month=12, day=31)), name="after")
    assert [timer.due_at for timer in await due(store) if timer.conversation_id != "before"] == [NOON]


async def test_a_timer_waits_for_the_turn_of_a_message_that_came_before_it_was_due(store: Store) -> None:
    await talked(store, reminder(name="stays", until_message=False), reminder(name="goes"))
    receipt = await accept(store, message(number=2), now=NOON - 1)
    assert await take_up_all(store) == 0
    assert receipt.claim
    await answer(store, receipt.claim, receipt.inbox_id, after_seq=3, events=[customer()], now=NOON)
    (timer,) = await due(store)
    assert timer.seq == 2
    assert await take_up_all(store) == 1


async def test_a_timer_found_due_is_left_alone_if_a_message_comes_first(store: Store) -> None:
    await talked(store, reminder())
    (timer,) = await due(store)
    await accept(store, message(number=2), now=NOON)
    assert not await store.timers.take_up(timer, now=NOON, too_late=DAY)


async def test_timers_of_one_conversation_are_taken_up_one_after_the_other(store: Store) -> None:
    await talked(store, reminder(NOON - 10, intent="second"), reminder(NOON - 20, intent="first"))
    assert await take_up_all(store) == 1
    (first,) = await waiting(store)
    assert first.text == "EXTERNAL: first"


async def test_a_reminder_of_the_same_name_takes_the_place_of_the_one_before(store: Store) -> None:
    await talked(
        store, reminder(name="a"), reminder(NOON + 60, name="a"), reminder(name=None), reminder(name=None)
    )
    assert [(timer.seq, timer.due_at) for timer in await due(store, now=NOON + 60)] == [
        (4, NOON),
        (5, NOON),
        (3, NOON + 60),
    ]


@pytest.mark.parametrize(
    ("cancelled", "left"),
    [
        (ReminderCancelled(at=1.0), []),
        (ReminderCancelled(at=1.0, name="a"), [3, 4]),
        (ReminderCancelled(at=1.0, name="nobody"), [2, 3, 4]),
        (ReminderCancelled(at=1.0, intent="EXTERNAL_water"), [4]),
        (ReminderCancelled(at=1.0, intent="EXTERNAL_water", entities=(CAR,)), [2, 4]),
        (ReminderCancelled(at=1.0, entities=(CAR,)), [2, 4]),
        (ReminderCancelled(at=1.0, name="a", intent="other"), [2, 3, 4]),
    ],
)
async def test_what_is_given_says_which_reminders_are_called_off(
    store: Store, cancelled: ReminderCancelled, left: list[int]
) -> None:
    await talked(store, reminder(name="a"), reminder(name="b", entities=(CAR,)), reminder(intent="other"))
    await talked(store, reminder(name="a"), name="another")
    await store.log.append("c", [cancelled], now=2.0)
    found = await due(store)
    assert [timer.seq for timer in found if timer.conversation_id == "c"] == left
    assert [timer.seq for timer in found if timer.conversation_id == "another"] == [2]


async def test_events_count_in_their_order(store: Store) -> None:
    await talked(store, reminder(name="a"), ReminderCancelled(at=1.0), reminder(NOON + 1, name="a"))
    assert [timer.seq for timer in await due(store, now=NOON + 1)] == [4]


async def test_the_customers_next_message_ends_a_reminder_unless_it_says_otherwise(store: Store) -> None:
    await talked(store, reminder(name="ends"), reminder(name="stays", until_message=False))
    await store.log.append("c", [external()], now=2.0)
    assert len(await due(store)) == 2, "a message that no customer wrote ends nothing"
    await store.log.append("c", [customer()], now=2.0)
    assert [timer.seq for timer in await due(store)] == [3]


async def test_a_new_session_leaves_reminders_and_a_restart_ends_them(store: Store) -> None:
    await talked(store, reminder(until_message=False))
    await store.log.append("c", [SessionStarted(at=2.0)], now=2.0)
    assert len(await due(store)) == 1
    await store.log.append("c", [Restarted(at=2.0)], now=2.0)
    assert await due(store) == []


async def test_what_a_conversations_return_sets_is_set_too(store: Store) -> None:
    await talked(store)
    await store.desk.take_over("c", TakenOver(at=2.0, agent="kim"), now=2.0)
    await store.desk.hand_back("c", Returned(at=3.0, agent="kim"), then=[reminder()], now=3.0)
    assert len(await due(store)) == 1


async def test_a_refused_turn_sets_no_timer(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    await store.desk.take_over("c", TakenOver(at=1.0, agent="kim"), now=1.0)
    with pytest.raises(Exception, match="epoch"):
        await answer(store, claim, inbox_id, events=[customer(), reminder()])
    assert await due(store) == []


async def test_a_reminder_that_comes_hopelessly_late_is_let_go_on_record(store: Store) -> None:
    await talked(store, reminder(NOON), reminder(NOON + 60))
    assert await take_up_all(store, now=NOON + DAY + 1) == 1
    last = (await store.log.after("c"))[-1]
    assert last.seq == 4
    assert isinstance(last.event, Failed) and (last.event.part, last.event.reason) == ("reminder", "too_late")
    (made,) = await waiting(store, now=NOON + DAY + 1)
    assert made.external


async def test_timers_outlive_the_process_that_set_them(url: str) -> None:
    async with open_store(url) as before:
        await talked(before, reminder())
    async with open_store(url) as after:
        assert await take_up_all(after, now=NOON + 3600) == 1
        assert await take_up_all(after, now=NOON + 3600) == 0


async def test_processes_that_race_make_each_timer_one_message(store: Store, other: Store) -> None:
    names = [f"c{number}" for number in range(20)]
    for name in names:
        await talked(store, reminder(until_message=False), reminder(NOON + 1, until_message=False), name=name)

    async def work(keeper: Store, owner: str) -> list[str]:
        done: list[str] = []
        for _ in range(30):
            for timer in await due(keeper, now=NOON + 1, limit=7):
                await keeper.timers.take_up(timer, now=NOON + 1, too_late=DAY)
            for claim in await keeper.claims.waiting(owner=owner, now=NOON, lease_seconds=LEASE, limit=5):
                pending = await keeper.inbox.next_message(claim)
                assert pending
                events: list[Event] = [external()]
                await answer(
                    keeper, claim, pending.inbox_id, after_seq=claim.last_seq, events=events, now=NOON
                )
                done.append(pending.message.external_id)
        return done

    parts = await asyncio.gather(work(store, "a"), work(other, "b"), work(store, "c"))
    done = [each for part in parts for each in part]
    assert len(done) == len(set(done)) == 40
    for name in names:
        assert sum(isinstance(row.event, UserSaid) for row in await store.log.after(name)) == 3
    assert await due(store, now=NOON + 1) == []


async def test_a_forged_message_id_cannot_stop_other_reminders(store: Store) -> None:
    await talked(store, reminder())
    forged = InboundMessage("c", "rest", "customer", "reminder:2:c", "hello", at=2.0)
    receipt = await accept(store, forged, now=3.0)
    assert receipt.claim
    await answer(store, receipt.claim, receipt.inbox_id, after_seq=2, events=[external()], now=4.0)
    await talked(store, reminder(), name="d")
    assert await take_up_all(store) == 1
    assert await due(store) == []


async def test_the_customers_latest_words_are_not_those_of_a_reminder(store: Store) -> None:
    await talked(store)
    await store.log.append("c", [external()], now=2.0)
    found = await store.queue.find("c")
    assert found
    assert (await store.queue.glimpses([found]))["c"].said == "hello"


async def test_timers_go_with_their_conversation(store: Store) -> None:
    await talked(store, reminder())
    await talked(store, reminder(), name="other")
    await store.database.write(lambda tx: tx.execute(delete(conversations).where(conversations.c.id == "c")))
    left = await store.database.read(lambda tx: tx.execute(timers.select()).all())
    assert [row.conversation_id for row in left] == ["other"]


async def test_a_database_of_the_version_before_gets_its_timers(bare_url: str) -> None:
    await migrate(bare_url)
    await execute(bare_url, "DROP TABLE timers", "UPDATE alembic_version SET version_num = '0001'")
    await migrate(bare_url)
    async with open_store(bare_url) as store:
        await talked(store, reminder())
        assert len(await due(store)) == 1


NAMES = ("a", "b")
NAMED = st.sampled_from([None, "x", "y"])
INTENT = st.sampled_from(["water", "feed"])
ENTITIES = st.sampled_from([(), (CAR,)])


class Model(RuleBasedStateMachine):
    """Two processes, two conversations, one clock; beside them, in a plain list, the reminders that stand."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open = AsyncExitStack()
        self.stores: list[Store] = []
        self.now = NOON
        self.standing: list[tuple[str, ReminderScheduled]] = []
        self.made: dict[str, list[str]] = {name: [] for name in NAMES}
        self.expected: dict[str, list[str]] = {name: [] for name in NAMES}
        self.folder = tempfile.mkdtemp()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    @initialize()
    def start(self) -> None:
        url = self.url
        if url.startswith("sqlite"):
            path = Path(self.folder) / "bot.db"
            shutil.copy(url.removeprefix("sqlite+aiosqlite:///"), path)
            url = f"sqlite+aiosqlite:///{path}"
        else:
            self.run(empty(url))
        self.stores = [self.run(self.open.enter_async_context(open_store(url))) for _ in range(2)]
        for name in NAMES:
            self.run(talked(self.stores[0], name=name))

    def teardown(self) -> None:
        self.run(self.open.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)

    def happens(self, who: int, name: str, event: Event) -> None:
        self.run(self.stores[who].log.append(name, [event], now=self.now))

    @rule(
        who=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        delay=st.integers(-3, 5),
        called=NAMED,
        intent=INTENT,
        entities=ENTITIES,
        ends=st.booleans(),
    )
    def an_action_sets_one(
        self, who: int, name: str, delay: int, called: str | None, intent: str, entities: Any, ends: bool
    ) -> None:
        due_at = at(self.now) + timedelta(hours=delay)
        event = ReminderScheduled(
            at=self.now, intent=intent, due=due_at, entities=entities, name=called, until_message=ends
        )
        self.happens(who, name, event)
        self.standing = [
            (where, each)
            for where, each in self.standing
            if (where, each.name) != (name, called) or called is None
        ]
        self.standing.append((name, event))

    @rule(
        who=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        called=NAMED,
        intent=st.none() | INTENT,
        entities=ENTITIES,
    )
    def an_action_calls_some_off(
        self, who: int, name: str, called: str | None, intent: str | None, entities: Any
    ) -> None:
        self.happens(who, name, ReminderCancelled(at=self.now, name=called, intent=intent, entities=entities))
        for where, each in list(self.standing):
            asked = [(called, each.name), (intent, each.intent), (entities, each.entities)]
            if where == name and all(wanted == had for wanted, had in asked if wanted):
                self.standing.remove((where, each))

    @rule(who=st.integers(0, 1), name=st.sampled_from(NAMES), whose=st.sampled_from(["customer", "other"]))
    def somebody_writes(self, who: int, name: str, whose: str) -> None:
        self.happens(who, name, customer() if whose == "customer" else external())
        if whose == "customer":
            self.standing = [one for one in self.standing if one[0] != name or not one[1].until_message]

    @rule(name=st.sampled_from(NAMES))
    def it_begins_anew(self, name: str) -> None:
        self.happens(0, name, Restarted(at=self.now))
        self.standing = [one for one in self.standing if one[0] != name]

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += 3600.0 * hours

    @rule(who=st.integers(0, 1))
    def a_process_looks(self, who: int) -> None:
        """Until nothing is due: each is made a message once, or let go where it is over a day late."""
        store = self.stores[who]
        while found := self.run(due(store, now=self.now)):
            for timer in found:
                self.run(self.stores[1 - who].timers.take_up(timer, now=self.now, too_late=DAY))
                self.run(store.timers.take_up(timer, now=self.now, too_late=DAY))
            for claim in self.run(
                store.claims.waiting(owner="me", now=self.now, lease_seconds=LEASE, limit=9)
            ):
                pending = self.run(store.inbox.next_message(claim))
                assert pending
                self.made[claim.conversation_id].append(pending.message.text.removeprefix("EXTERNAL: "))
                turn = answer(
                    store,
                    claim,
                    pending.inbox_id,
                    after_seq=claim.last_seq,
                    events=[external()],
                    now=self.now,
                )
                self.run(turn)
        for where, each in sorted(self.standing, key=lambda one: one[1].due):
            late = self.now - each.due.timestamp()
            if late >= 0:
                self.standing.remove((where, each))
                self.expected[where] += [each.intent] if late <= DAY else []

    @invariant()
    def each_was_made_a_message_once(self) -> None:
        assert {name: sorted(made) for name, made in self.made.items()} == {
            name: sorted(expected) for name, expected in self.expected.items()
        }

    @invariant()
    def exactly_the_standing_ones_wait(self) -> None:
        if self.stores:
            rows = self.run(self.stores[0].database.read(lambda tx: tx.execute(timers.select()).all()))
            found = sorted((row.conversation_id, row.due_at) for row in rows)
            assert found == sorted((name, each.due.timestamp()) for name, each in self.standing)


def test_timers_are_as_the_model_says(url: str) -> None:
    class Here(Model):
        pass

    Here.url = url
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=25 if url.startswith("sqlite") else 10,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
