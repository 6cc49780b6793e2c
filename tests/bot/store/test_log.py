"""A turn is written whole or not at all, and only by whoever may."""

from __future__ import annotations

import asyncio

import pytest

from bot.dialogue.events import BotSaid, HandedOver, Reason, Reviewed, SlotSet, TakenOver
from bot.store.errors import LogMoved, NoSuchConversation, StaleClaim, UnstorableValue, WrongChannel
from bot.store.store import Store
from bot.store.turn import Standing
from tests.bot.store.talk import LEASE, accept, answer, claimed, message, reply, said


async def test_events_are_numbered_from_one_and_read_back_equal(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    events = [*said("\0 \ud800 你好"), HandedOver(at=2.0, reason=Reason.RED_FLAG, packet={"slots": {"a": 1}})]
    assert await answer(store, claim, inbox_id, events=events) is False
    rows = await store.log.after("c")
    assert [row.seq for row in rows] == [1, 2, 3]
    assert [row.event for row in rows] == events
    assert await store.log.turn(inbox_id) == rows
    assert [row.seq for row in await store.log.after("c", 1, limit=1)] == [2]
    assert await store.log.after("nobody") == []


async def test_each_walks_a_long_log_page_by_page(store: Store) -> None:
    await store.log.open("c", channel="rest", sender="s", now=1.0)
    await store.log.append("c", [SlotSet(at=1.0, name="n", value=n) for n in range(25)], now=1.0)
    seqs = [row.seq async for row in store.log.each("c", page=10)]
    assert seqs == list(range(1, 26))


async def test_it_tells_how_long_many_logs_are(store: Store) -> None:
    for name, count in (("c", 3), ("d", 1), ("e", 0)):
        await store.log.open(name, channel="rest", sender="s", now=1.0)
        await store.log.append(name, [SlotSet(at=1.0, name="n", value=n) for n in range(count)], now=1.0)
    asked = ["c", *(f"nobody {number}" for number in range(2500)), "e"]
    assert await store.log.lengths(asked) == {"c": 3, "e": 0}
    assert await store.log.lengths([]) == {}


async def test_the_standing_is_replaced_or_left(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    standing = Standing(holder="queue", language="zh", reason="red_flag", waiting_since=3.0)
    await answer(store, claim, inbox_id, standing=standing, release=False)
    await answer(store, claim, None, after_seq=2)
    listed = await store.queue.find("c")
    assert listed is not None
    assert (listed.standing, listed.last_seq, listed.pending) == (standing, 4, 0)


async def test_the_lease_is_released_kept_or_renewed(store: Store) -> None:
    claim, inbox_id = await claimed(store, now=1.0)
    await answer(store, claim, inbox_id, now=2.0, release=False)
    assert (await accept(store, message(number=2), owner="another", now=2.0 + LEASE - 0.5)).claim is None
    await answer(store, claim, inbox_id + 1, after_seq=2, now=12.0)
    third = await accept(store, message(number=3), owner="another", now=12.0)
    assert third.claim is not None and third.claim.last_seq == 4


async def test_a_turn_of_an_old_epoch_is_refused(store: Store) -> None:
    claim, inbox_id = await claimed(store, now=1.0)
    taken = await store.claims.waiting(owner="another", now=1.0 + LEASE, lease_seconds=LEASE, limit=5)
    assert [one.epoch for one in taken] == [2]
    with pytest.raises(StaleClaim) as refused:
        await answer(store, claim, inbox_id, replies=[reply()])
    assert not isinstance(refused.value, LogMoved)
    assert await store.log.after("c") == []
    assert await store.outbox.due(owner="x", now=9.0, lease_seconds=1.0, limit=9) == []
    await answer(store, taken[0], inbox_id)


async def test_an_expired_lease_that_nobody_took_still_holds(store: Store) -> None:
    claim, inbox_id = await claimed(store, now=1.0)
    await answer(store, claim, inbox_id, now=1000.0)


async def test_a_log_that_has_grown_is_told_apart(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    await store.log.append("c", [Reviewed(at=1.0, message_id="m", intent=None, agent="ann")], now=1.0)
    with pytest.raises(LogMoved):
        await answer(store, claim, inbox_id)
    await answer(store, claim, inbox_id, after_seq=1)


async def test_a_message_is_answered_once_and_in_its_own_conversation(store: Store) -> None:
    claim, inbox_id = await claimed(store, "c")
    _, foreign = await claimed(store, "d")
    await answer(store, claim, inbox_id, release=False)
    for wrong in (inbox_id, foreign, 999):
        with pytest.raises(StaleClaim):
            await answer(store, claim, wrong, after_seq=2)
    assert len(await store.log.after("c")) == 2


async def test_a_turn_that_cannot_be_written_leaves_nothing(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    events = [*said(), SlotSet(at=1.0, name="n", value=float("inf"))]
    with pytest.raises(UnstorableValue):
        await answer(store, claim, inbox_id, events=events, replies=[reply()])
    assert await store.log.after("c") == []
    listed = await store.queue.find("c")
    assert listed is not None and (listed.last_seq, listed.pending) == (0, 1)
    await answer(store, claim, inbox_id)


async def test_a_failing_neighbour_does_not_touch_turns_committed_with_it(store: Store) -> None:
    held = [await claimed(store, f"c{number}") for number in range(12)]
    outcomes = await asyncio.gather(
        *(
            answer(store, claim, inbox_id, after_seq=0 if number % 3 else 7, replies=[reply()])
            for number, (claim, inbox_id) in enumerate(held)
        ),
        return_exceptions=True,
    )
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, LogMoved) if number % 3 == 0 else outcome is False
        assert len(await store.log.after(f"c{number}")) == (0 if number % 3 == 0 else 2)
    assert len(await store.outbox.due(owner="x", now=9.0, lease_seconds=1.0, limit=99)) == 8
    for claim, inbox_id in held[::3]:
        assert await answer(store, claim, inbox_id) is False


async def test_an_empty_turn_answers_a_message_too(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    assert await answer(store, claim, inbox_id, events=[]) is False
    assert await store.log.turn(inbox_id) == []
    assert (await accept(store, message())).state == "done"


async def test_appending_needs_a_conversation_and_open_makes_one(store: Store) -> None:
    with pytest.raises(NoSuchConversation):
        await store.log.append("c", said(), now=1.0)
    assert await store.log.open("c", channel="rest", sender="s", now=1.0) is True
    assert await store.log.open("c", channel="rest", sender="s", now=2.0) is False
    with pytest.raises(WrongChannel):
        await store.log.open("c", channel="slack", sender="s", now=2.0)
    assert await store.log.append("c", said(), now=1.0, standing=Standing(language="en")) == 2
    first = await accept(store, message())
    assert first.claim is not None and first.claim.last_seq == 2


async def test_appends_from_two_processes_leave_no_gap(store: Store, other: Store) -> None:
    await store.log.open("c", channel="rest", sender="s", now=1.0)
    seqs = await asyncio.gather(
        *(
            keeper.log.append("c", [BotSaid(at=1.0, text=str(number))], now=1.0)
            for number in range(10)
            for keeper in (store, other)
        )
    )
    assert sorted(seqs) == list(range(1, 21))
    assert [row.seq for row in await store.log.after("c")] == list(range(1, 21))


async def test_a_turn_under_way_loses_to_a_take_over(store: Store, other: Store) -> None:
    claim, inbox_id = await claimed(store)
    outcomes = await asyncio.gather(
        answer(store, claim, inbox_id, replies=[reply()]),
        other.desk.take_over("c", TakenOver(at=2.0, agent="ann"), now=2.0),
        return_exceptions=True,
    )
    rows = await store.log.after("c")
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    if isinstance(outcomes[0], StaleClaim):
        assert [type(row.event) for row in rows] == [TakenOver]
    else:
        assert outcomes[0] is False and isinstance(rows[-1].event, TakenOver)
