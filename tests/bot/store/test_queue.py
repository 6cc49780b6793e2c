"""Lists show the right conversations in the right order, page by page."""

from __future__ import annotations

from bot.dialogue.events import TakenOver
from bot.store.queue import Cursor, Listed
from bot.store.store import Store
from bot.store.turn import Standing
from tests.bot.store.talk import answer, claimed, conversation


def _queued(since: float) -> Standing:
    return Standing(holder="queue", reason="rule", waiting_since=since)


def _names(rows: list[Listed]) -> list[str]:
    return [row.id for row in rows]


async def test_the_queue_is_first_come_first_served(store: Store) -> None:
    for name, since in (("late", 9.0), ("early", 2.0), ("tied-b", 5.0), ("tied-a", 5.0)):
        await conversation(store, name, _queued(since))
    await conversation(store, "bots", Standing())
    order = ["early", "tied-a", "tied-b", "late"]
    assert _names(await store.queue.waiting()) == order
    assert await store.queue.waiting_count() == 4
    assert [await store.queue.position(name) for name in order] == [1, 2, 3, 4]
    assert await store.queue.position("bots") is None
    assert await store.queue.position("nobody") is None
    pages: list[str] = []
    cursor: Cursor | None = None
    while page := await store.queue.waiting(limit=2, after=cursor):
        pages += _names(page)
        assert page[-1].standing.waiting_since is not None
        cursor = (page[-1].standing.waiting_since, page[-1].id)
    assert pages == order


async def test_an_agent_sees_its_own_latest_first(store: Store) -> None:
    for place, (name, agent) in enumerate((("a", "ann"), ("b", "bob"), ("c", "ann"), ("d", "ann"))):
        await conversation(store, name, _queued(1.0))
        await store.desk.take_over(name, TakenOver(at=1.0, agent=agent), now=10.0 + place)
    mine = await store.queue.mine("ann")
    assert _names(mine) == ["d", "c", "a"]
    assert _names(await store.queue.mine("ann", limit=5, after=(mine[0].updated_at, "d"))) == ["c", "a"]
    assert await store.queue.mine("nobody") == []
    assert await store.queue.waiting() == []


async def test_all_come_latest_first_and_each_comes_once(store: Store) -> None:
    names = [f"c{number:02}" for number in range(23)]
    for place, name in enumerate(names):
        await conversation(store, name, Standing(), now=float(place // 2))
    seen: list[Listed] = []
    while page := await store.queue.all(limit=4, after=(seen[-1].updated_at, seen[-1].id) if seen else None):
        seen += page
    assert _names(seen) == sorted(names, reverse=True)
    assert [row.id async for row in store.queue.each(page=5)] == names


async def test_the_export_misses_none_whatever_the_script(store: Store) -> None:
    names = ["B", "a", "ä", "a b", "a-b", "好", "_"]
    for name in names:
        await conversation(store, name, Standing())
    exported = [row.id async for row in store.queue.each(page=2)]
    assert sorted(exported) == sorted(names)


async def test_an_unknown_conversation_is_none(store: Store) -> None:
    assert await store.queue.find("c") is None


async def test_emergencies_come_first_on_every_page(store: Store) -> None:
    for number in range(8):
        reason = "red_flag" if number in (3, 6) else "rule"
        await conversation(
            store, f"c{number}", Standing(holder="queue", reason=reason, waiting_since=float(number))
        )
    order = [f"c{number}" for number in (3, 6, 0, 1, 2, 4, 5, 7)]
    for size in (1, 2, 3, 8):
        seen: list[str] = []
        cursor: Cursor | None = None
        while page := await store.queue.waiting(limit=size, after=cursor):
            seen += _names(page)
            cursor = (page[-1].standing.waiting_since or 0.0, page[-1].id)
        assert seen == order
    assert [await store.queue.position(name) for name in order] == list(range(1, 9))


async def test_who_waits_already_keeps_the_time_for_which_they_have_waited(store: Store) -> None:
    claim, inbox_id = await claimed(store)
    await answer(store, claim, inbox_id, standing=_queued(3.0), release=False)
    again = Standing(holder="queue", reason="red_flag", waiting_since=9.0)
    await answer(store, claim, None, after_seq=2, standing=again)
    listed = await store.queue.find("c")
    assert listed and (listed.standing.reason, listed.standing.waiting_since) == ("red_flag", 3.0)
