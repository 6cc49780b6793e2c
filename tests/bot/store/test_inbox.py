"""A message is kept once, in order, and drives its conversation exactly when nobody else does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.dialogue.message import InboundMessage
from bot.store.errors import UnstorableValue, UnusableId, WrongChannel
from bot.store.store import Store
from tests.bot.store.talk import LEASE, accept, answer, claimed, message


async def test_a_first_message_opens_and_claims_its_conversation(store: Store) -> None:
    receipt = await accept(store, message(), now=5.0)
    assert receipt.fresh and receipt.alone and receipt.state == "pending"
    assert receipt.claim is not None
    assert (receipt.claim.conversation_id, receipt.claim.epoch, receipt.claim.last_seq) == ("c", 1, 0)
    listed = await store.queue.find("c")
    assert listed is not None
    assert (listed.channel, listed.sender, listed.pending, listed.opened_at) == ("rest", "customer", 1, 5.0)


async def test_a_message_comes_back_as_it_was_sent(store: Store) -> None:
    sent = InboundMessage(
        "c",
        "rest",
        "顾客",
        "id",
        "NUL \0, half a pair \ud83d, 你好 😀",
        1.5,
        2**40,
        True,
        {"a": [1, None, {"b": "é"}]},
    )
    receipt = await accept(store, sent)
    assert receipt.claim is not None
    pending = await store.inbox.next_message(receipt.claim)
    assert pending is not None
    assert pending.message == sent and pending.inbox_id == receipt.inbox_id


async def test_a_second_message_waits_behind_the_first(store: Store) -> None:
    first = await accept(store, message(number=1))
    second = await accept(store, message(number=2))
    assert second.fresh and second.claim is None and not second.alone
    assert first.claim is not None
    pending = await store.inbox.next_message(first.claim)
    assert pending is not None and pending.inbox_id == first.inbox_id
    assert await answer(store, first.claim, first.inbox_id) is True
    pending = await store.inbox.next_message(first.claim)
    assert pending is not None and pending.inbox_id == second.inbox_id
    assert await answer(store, first.claim, second.inbox_id, after_seq=2) is False
    assert await store.inbox.next_message(first.claim) is None


async def test_a_redelivery_while_the_turn_runs_changes_nothing(store: Store) -> None:
    first = await accept(store, message())
    again = await accept(store, message(), owner="another")
    assert not again.fresh and again.claim is None and again.alone
    assert (again.inbox_id, again.state) == (first.inbox_id, "pending")
    listed = await store.queue.find("c")
    assert listed is not None and listed.pending == 1


async def test_a_redelivery_after_the_turn_names_its_events(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    await answer(store, claim, inbox_id)
    again = await accept(store, message(), now=1000.0)
    assert (again.fresh, again.claim, again.state) == (False, None, "done")
    assert (again.first_seq, again.last_seq) == (1, 2)
    assert [row.seq for row in await store.log.turn(again.inbox_id)] == [1, 2]
    assert again.inbox_id == inbox_id


async def test_a_redelivery_after_a_crash_takes_the_conversation_up(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    again = await accept(store, message(), owner="survivor", now=1.0 + LEASE)
    assert not again.fresh and again.inbox_id == inbox_id
    assert again.claim is not None and again.claim.epoch == claim.epoch + 1


async def test_the_same_id_on_another_channel_is_another_message(store: Store) -> None:
    await accept(store, message("c"))
    sent = replace(message("d", channel="telegram"), external_id="c:1")
    assert (await accept(store, sent)).fresh


async def test_a_redelivery_under_another_conversation_is_still_one_message(store: Store) -> None:
    first = await accept(store, message("c"))
    moved = replace(message("c"), conversation_id="d")
    again = await accept(store, moved)
    assert (again.inbox_id, again.conversation_id, again.fresh) == (first.inbox_id, "c", False)
    assert await store.queue.find("d") is None


async def test_a_conversation_belongs_to_one_channel(store: Store) -> None:
    await accept(store, message())
    with pytest.raises(WrongChannel):
        await accept(store, message(number=2, channel="telegram"))
    listed = await store.queue.find("c")
    assert listed is not None and listed.pending == 1


@pytest.mark.parametrize("bad", ["", "a\0b", "\ud800", "x" * 513, "好" * 171])
@pytest.mark.parametrize("field", ["conversation_id", "external_id", "sender", "channel"])
async def test_ids_no_database_can_hold_are_refused(store: Store, field: str, bad: str) -> None:
    values: dict[str, Any] = {field: bad}
    with pytest.raises(UnusableId):
        await accept(store, replace(message(), **values))


async def test_metadata_that_is_no_json_is_refused_and_nothing_kept(store: Store) -> None:
    for value in (float("nan"), object()):
        with pytest.raises(UnstorableValue):
            await accept(store, replace(message(), metadata={"x": value}))
    assert await store.queue.find("c") is None


async def test_many_deliveries_at_once_from_two_processes_are_kept_once(store: Store, other: Store) -> None:
    sent = [message("c", number) for number in range(10)]
    receipts = await asyncio.gather(
        *(
            accept(keeper, one, owner=name)
            for _ in range(4)
            for one in sent
            for name, keeper in (("a", store), ("b", other))
        )
    )
    assert sum(receipt.fresh for receipt in receipts) == 10
    assert len({receipt.inbox_id for receipt in receipts}) == 10
    assert sum(receipt.claim is not None for receipt in receipts) == 1
    listed = await store.queue.find("c")
    assert listed is not None and listed.pending == 10


async def test_messages_sent_one_after_another_keep_their_order_across_processes(
    store: Store, other: Store
) -> None:
    for number in range(8):
        await accept((store, other)[number % 2], message("c", number))
    claim = (await store.claims.waiting(owner="x", now=100.0, lease_seconds=LEASE, limit=1))[0]
    texts = []
    while pending := await store.inbox.next_message(claim):
        texts.append(pending.message.external_id)
        await answer(store, claim, pending.inbox_id, after_seq=2 * len(texts) - 2)
    assert texts == [f"c:{number}" for number in range(8)]


async def test_it_tells_which_of_many_messages_still_wait(store: Store) -> None:
    claim, answered = await claimed(store, "c")
    await answer(store, claim, answered)
    waiting = [(await accept(store, message(name))).inbox_id for name in ("d", "e")]
    assert await store.inbox.unanswered([answered, *waiting, *range(10**6, 10**6 + 2500)]) == set(waiting)
    assert await store.inbox.unanswered([]) == set()
