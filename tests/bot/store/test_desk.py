"""Agents take over, speak and hand back; what the bot had under way is dropped."""

from __future__ import annotations

import pytest

from bot.dialogue.events import AgentSaid, Returned, TakenOver
from bot.store.errors import HeldByAnother, NoSuchConversation, StaleClaim
from bot.store.store import Store
from bot.store.turn import Standing
from tests.bot.store.talk import LEASE, accept, answer, claimed, conversation, message, reply

QUEUED = Standing(holder="queue", language="en", reason="customer_request", waiting_since=1.0)


def _take(agent: str) -> TakenOver:
    return TakenOver(at=3.0, agent=agent)


def _words(agent: str) -> AgentSaid:
    return AgentSaid(at=4.0, text="I am here", agent=agent)


async def test_a_conversation_is_taken_served_and_handed_back(store: Store) -> None:
    await conversation(store, "c", QUEUED)
    assert await store.desk.take_over("c", _take("ann"), now=3.0) == 3
    taken = await store.queue.find("c")
    assert taken is not None
    assert taken.standing == Standing(holder="agent", agent="ann", language="en", reason="customer_request")
    assert await store.desk.say("c", _words("ann"), reply=reply(0, "I am here"), now=4.0) == 4
    (delivery,) = await store.outbox.due(owner="x", now=9.0, lease_seconds=1.0, limit=9)
    assert (delivery.seq, delivery.body) == (4, {"text": "I am here"})
    assert await store.desk.hand_back("c", Returned(at=5.0, agent="ann"), now=5.0) == 5
    back = await store.queue.find("c")
    assert back is not None and back.standing == Standing(language="en")
    assert [type(row.event) for row in await store.log.after("c", 2)] == [TakenOver, AgentSaid, Returned]


async def test_a_turn_under_way_is_dropped_and_its_message_claimed_anew(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    await store.desk.take_over("c", _take("ann"), now=3.0)
    with pytest.raises(StaleClaim):
        await answer(store, claim, inbox_id, replies=[reply()])
    (again,) = await store.claims.waiting(owner="me", now=3.0, lease_seconds=LEASE, limit=9)
    assert (again.epoch, again.last_seq) == (claim.epoch + 2, 1)
    await answer(store, again, inbox_id, after_seq=1)


async def test_a_message_to_an_agent_does_not_stop_the_agent(store: Store) -> None:
    await conversation(store, "c", QUEUED)
    await store.desk.take_over("c", _take("ann"), now=3.0)
    receipt = await accept(store, message(number=2), now=4.0)
    assert receipt.claim is not None
    assert await store.desk.say("c", _words("ann"), reply=None, now=5.0) == 4
    await answer(store, receipt.claim, receipt.inbox_id, after_seq=4)


async def test_only_the_holder_speaks_and_hands_back(store: Store) -> None:
    await conversation(store, "c", QUEUED)
    for agent in ("ann", "bob"):
        with pytest.raises(HeldByAnother):
            await store.desk.say("c", _words(agent), reply=reply(0), now=4.0)
        with pytest.raises(HeldByAnother):
            await store.desk.hand_back("c", Returned(at=5.0, agent=agent), now=5.0)
    await store.desk.take_over("c", _take("ann"), now=3.0)
    with pytest.raises(HeldByAnother):
        await store.desk.say("c", _words("bob"), reply=reply(0), now=4.0)
    assert len(await store.log.after("c")) == 3
    assert await store.outbox.due(owner="x", now=9.0, lease_seconds=1.0, limit=9) == []


async def test_taking_from_another_agent_must_be_meant(store: Store) -> None:
    await conversation(store, "c", QUEUED)
    await store.desk.take_over("c", _take("ann"), now=3.0)
    with pytest.raises(HeldByAnother):
        await store.desk.take_over("c", _take("bob"), now=3.0)
    await store.desk.take_over("c", _take("bob"), now=3.0, force=True)
    found = await store.queue.find("c")
    assert found is not None and found.standing.agent == "bob"


async def test_an_unknown_conversation_is_named_as_such(store: Store) -> None:
    with pytest.raises(NoSuchConversation):
        await store.desk.take_over("c", _take("ann"), now=3.0)
    with pytest.raises(NoSuchConversation):
        await store.desk.say("c", _words("ann"), reply=None, now=3.0)
    with pytest.raises(NoSuchConversation):
        await store.desk.hand_back("c", Returned(at=3.0, agent="ann"), now=3.0)
