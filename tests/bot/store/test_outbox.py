"""Replies leave in order, one at a time in a conversation, until sent or given up."""

from __future__ import annotations

import asyncio

from bot.store.outbox import Delivery
from bot.store.store import Store
from tests.bot.store.talk import answer, claimed, reply


async def _due(store: Store, *, now: float = 5.0, limit: int = 10, owner: str = "me") -> list[Delivery]:
    return await store.outbox.due(owner=owner, now=now, lease_seconds=10.0, limit=limit)


async def _with_replies(store: Store, name: str, *bodies: str) -> None:
    claim, inbox_id = await claimed(store, name)
    await answer(store, claim, inbox_id, replies=[reply(1, body) for body in bodies])


async def test_a_delivery_carries_what_the_channel_needs(store: Store) -> None:
    await _with_replies(store, "c", "一")
    (first,) = await _due(store)
    assert (first.conversation_id, first.channel, first.address) == ("c", "rest", "customer")
    assert (first.seq, first.body, first.attempt) == (2, {"text": "一"}, 1)


async def test_the_next_reply_waits_for_the_one_before(store: Store) -> None:
    await _with_replies(store, "c", "1", "2", "3")
    await _with_replies(store, "d", "4")
    first = await _due(store)
    assert [one.body["text"] for one in first] == ["1", "4"]
    assert await _due(store) == []
    assert await store.outbox.sent(first[0], provider_id="p1")
    (second,) = await _due(store)
    assert second.body["text"] == "2"
    assert await store.outbox.give_up(second, error="blocked")
    (third,) = await _due(store)
    assert third.body["text"] == "3"


async def test_a_failed_attempt_comes_back_when_it_is_time_and_holds_up_the_rest(store: Store) -> None:
    await _with_replies(store, "c", "1", "2")
    (first,) = await _due(store, now=5.0)
    assert await store.outbox.retry(first, next_at=30.0, error="timeout")
    assert await _due(store, now=29.0) == []
    (again,) = await _due(store, now=30.0)
    assert (again.id, again.attempt, again.body["text"]) == (first.id, 2, "1")


async def test_an_attempt_whose_sender_died_is_made_again(store: Store) -> None:
    await _with_replies(store, "c", "1")
    (first,) = await _due(store, now=5.0, owner="dead")
    assert await _due(store, now=14.0) == []
    (again,) = await _due(store, now=15.0)
    assert (again.id, again.attempt) == (first.id, 2)
    # The late sender may not put off or give up what is no longer its own, but sent is sent.
    assert not await store.outbox.retry(first, next_at=99.0, error="timeout")
    assert not await store.outbox.give_up(first, error="timeout")
    assert await store.outbox.sent(first)
    assert not await store.outbox.sent(again)
    assert await _due(store, now=1000.0) == []


async def test_at_most_so_many_are_handed_out(store: Store) -> None:
    for number in range(5):
        await _with_replies(store, f"c{number}", "x")
    assert len(await _due(store, limit=3)) == 3
    assert len(await _due(store, limit=3)) == 2


async def test_two_processes_never_send_the_same_reply(store: Store, other: Store) -> None:
    for number in range(20):
        await _with_replies(store, f"c{number}", "1", "2")
    seen: list[tuple[str, str]] = []

    async def send(keeper: Store, owner: str) -> None:
        while len(seen) < 40:
            for delivery in await _due(keeper, limit=3, owner=owner):
                seen.append((delivery.conversation_id, str(delivery.body["text"])))
                assert await keeper.outbox.sent(delivery)

    await asyncio.gather(send(store, "a"), send(other, "b"), send(store, "c"))
    assert len(seen) == len(set(seen)) == 40
    for number in range(20):
        assert [text for name, text in seen if name == f"c{number}"] == ["1", "2"]
