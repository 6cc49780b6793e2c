"""Answers, accounts, settings and the audit book keep what they are given."""

from __future__ import annotations

import asyncio

import pytest

from bot.store.errors import NameTaken, UnusableId
from bot.store.store import Store

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"


async def test_answers_are_numbered_as_they_change(store: Store) -> None:
    assert await store.answers.upsert("a", {"en": "one"}, by="ann", now=1.0) == 1
    assert await store.answers.upsert("b", {"zh": "二"}, by="ann", now=2.0) == 2
    assert await store.answers.upsert("a", {"en": "uno"}, by="bob", now=3.0) == 3
    assert await store.answers.retire("b", by="bob", now=4.0) == 4
    assert await store.answers.retire("z", by="bob", now=5.0) is None
    changed = await store.answers.changed_since(2)
    assert [(one.id, one.state, one.revision, one.updated_by) for one in changed] == [
        ("a", "active", 3, "bob"),
        ("b", "retired", 4, "bob"),
    ]
    assert changed[1].body == {"zh": "二"}
    assert await store.answers.changed_since(4) == []
    assert await store.answers.upsert("b", {"zh": "贰"}, by="ann", now=6.0) == 5
    found = await store.answers.find("b")
    assert found is not None and found.state == "active"
    assert await store.answers.find("z") is None


async def test_a_reader_of_changes_overlooks_none(store: Store, other: Store) -> None:
    seen: set[str] = set()
    writing = True

    async def read() -> None:
        last = 0
        while True:
            more = writing
            for one in await other.answers.changed_since(last):
                seen.add(one.id)
                last = one.revision
            if not more:
                return

    async def write() -> None:
        nonlocal writing
        names = [f"a{number}" for number in range(24)]
        writers = (store, other)
        await asyncio.gather(
            *(
                writers[place % 2].answers.upsert(name, {}, by="x", now=1.0)
                for place, name in enumerate(names)
            )
        )
        writing = False

    await asyncio.gather(read(), write())
    assert len(seen) == 24


async def test_users_are_added_changed_and_disabled(store: Store) -> None:
    assert await store.accounts.count() == 0
    ann = await store.accounts.add("ann", role="admin", password_hash=HASH, now=1.0)
    await store.accounts.add("bob", role="agent", password_hash=HASH, now=2.0)
    with pytest.raises(NameTaken):
        await store.accounts.add("ann", role="agent", password_hash=HASH, now=3.0)
    assert await store.accounts.find("ann") == ann
    assert [user.name for user in await store.accounts.all()] == ["ann", "bob"]
    assert await store.accounts.change("bob", role="admin", disabled=True) is True
    assert await store.accounts.change("eve", disabled=True) is False
    bob = await store.accounts.find("bob")
    assert bob is not None and (bob.role, bob.disabled) == ("admin", True)
    assert await store.accounts.count() == 1


async def test_only_argon2id_hashes_are_kept(store: Store) -> None:
    with pytest.raises(ValueError, match="argon2id"):
        await store.accounts.add("ann", role="admin", password_hash="secret", now=1.0)
    await store.accounts.add("ann", role="admin", password_hash=HASH, now=1.0)
    with pytest.raises(ValueError, match="argon2id"):
        await store.accounts.change("ann", password_hash="secret")
    with pytest.raises(UnusableId):
        await store.accounts.add("", role="admin", password_hash=HASH, now=1.0)


async def test_two_processes_cannot_add_the_same_name(store: Store, other: Store) -> None:
    outcomes = await asyncio.gather(
        *(keeper.accounts.add("ann", role="a", password_hash=HASH, now=1.0) for keeper in (store, other) * 4),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, NameTaken) for outcome in outcomes) == 7


async def test_sessions_end_by_time_by_leaving_and_with_the_account(store: Store) -> None:
    ann = await store.accounts.add("ann", role="agent", password_hash=HASH, now=1.0)
    for token, until in (("t1", 10.0), ("t2", 20.0), ("t3", 30.0)):
        await store.accounts.sign_in(ann.id, token_hash=token, csrf="x", expires_at=until)
    session = await store.accounts.session("t1", now=9.9)
    assert session is not None and (session.user, session.csrf) == (ann, "x")
    assert await store.accounts.session("t1", now=10.0) is None
    assert await store.accounts.session("unknown", now=1.0) is None
    await store.accounts.sign_out("t2")
    await store.accounts.sign_out("t2")
    assert await store.accounts.session("t2", now=1.0) is None
    assert await store.accounts.sweep(now=10.0) == 1
    assert await store.accounts.session("t3", now=1.0) is not None
    await store.accounts.change("ann", disabled=True)
    await store.accounts.change("ann", disabled=False)
    assert await store.accounts.session("t3", now=1.0) is None


async def test_settings_and_audit_keep_what_they_are_given(store: Store) -> None:
    assert await store.settings.get("telegram.offset") is None
    for value in ({"update": 5}, [1, "二"], None, 7):
        await store.settings.put("telegram.offset", value)
        assert await store.settings.get("telegram.offset") == value
    for number in range(5):
        await store.audit.note(at=float(number), actor="ann", verb="read", subject=f"c{number}")
    page = await store.audit.page(limit=2)
    assert [entry.subject for entry in page] == ["c4", "c3"]
    rest = await store.audit.page(before=page[-1].id)
    assert (rest[0].actor, rest[0].verb, rest[0].subject) == ("ann", "read", "c2")
    assert len(rest) == 3
