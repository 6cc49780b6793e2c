"""Waiting conversations are claimed once, longest waiting first, and again when a lease runs out."""

from __future__ import annotations

import asyncio

import pytest

from bot.store.claims import Claim
from bot.store.errors import StaleClaim
from bot.store.store import Store
from tests.bot.store.talk import LEASE, accept, answer, claimed, message


async def _waiting(store: Store, *, owner: str = "me", now: float, limit: int = 10) -> list[Claim]:
    return await store.claims.waiting(owner=owner, now=now, lease_seconds=LEASE, limit=limit)


async def test_nothing_is_claimed_while_leases_live(store: Store) -> None:
    await claimed(store, now=1.0)
    assert await _waiting(store, now=LEASE) == []


async def test_the_longest_waiting_come_first(store: Store) -> None:
    for place, name in enumerate("cab"):
        await accept(store, message(name), owner="dead", now=1.0 + place)
    assert [claim.conversation_id for claim in await _waiting(store, now=50.0, limit=2)] == ["c", "a"]
    assert [claim.conversation_id for claim in await _waiting(store, now=50.0, limit=2)] == ["b"]
    assert await _waiting(store, now=50.0) == []


async def test_answered_conversations_are_not_claimed(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    await answer(store, claim, inbox_id, release=False)
    assert await _waiting(store, now=1000.0) == []


async def test_a_claim_says_where_the_log_ends(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    await accept(store, message(number=2))
    await answer(store, claim, inbox_id)
    assert await _waiting(store, owner="next", now=100.0) == [Claim("c", 2, "next", 2)]


async def test_a_lease_can_be_renewed_and_released(store: Store) -> None:
    claim, _ = await claimed(store, now=1.0)
    await store.claims.renew(claim, now=10.0, lease_seconds=LEASE)
    assert await _waiting(store, now=19.0) == []
    await store.claims.release(claim)
    assert len(await _waiting(store, now=19.0)) == 1


async def test_a_lost_claim_can_neither_be_renewed_nor_released(store: Store) -> None:
    claim, _ = await claimed(store, now=1.0)
    (taken,) = await _waiting(store, owner="me", now=100.0)
    with pytest.raises(StaleClaim):
        await store.claims.renew(claim, now=100.0, lease_seconds=LEASE)
    with pytest.raises(StaleClaim):
        await store.claims.release(claim)
    await store.claims.renew(taken, now=100.0, lease_seconds=LEASE)


async def test_no_conversation_is_given_to_two_processes(store: Store, other: Store) -> None:
    names = [f"c{number:02}" for number in range(30)]
    for name in names:
        await accept(store, message(name), owner="dead", now=1.0)
    given = await asyncio.gather(
        *(
            _waiting(keeper, owner=owner, now=100.0, limit=4)
            for _ in range(6)
            for owner, keeper in (("a", store), ("b", other))
        )
    )
    got = [claim.conversation_id for claims in given for claim in claims]
    assert len(got) == len(set(got))
    # A row that another process was just locking is passed over; one more look finds it.
    got += [claim.conversation_id for claim in await _waiting(store, now=100.0, limit=99)]
    assert sorted(got) == names
