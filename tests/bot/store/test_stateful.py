"""Whatever happens in whatever order: no message lost, none answered twice, order kept, stale claims refused.

A model of what must be true is driven beside two stores over one database, by moves that Hypothesis picks.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.dialogue.events import BotSaid, TakenOver, UserSaid
from bot.store.claims import Claim
from bot.store.errors import StaleClaim
from bot.store.store import Store, open_store
from tests.bot.store.conftest import empty
from tests.bot.store.talk import LEASE, message, reply

Result = TypeVar("Result")
NAMES = ("a", "b", "c")
WHO = st.integers(0, 1)
NAME = st.sampled_from(NAMES)


class Machine(RuleBasedStateMachine):
    """Two processes, three conversations, one clock."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open = AsyncExitStack()
        self.stores: list[Store] = []
        self.now = 1.0
        self.arrived: dict[str, list[str]] = {name: [] for name in NAMES}
        self.answered: dict[str, list[str]] = {name: [] for name in NAMES}
        self.length = dict.fromkeys(NAMES, 0)
        self.epoch = dict.fromkeys(NAMES, 0)
        self.claims: list[Claim] = []
        self.unsent: dict[str, list[int]] = {name: [] for name in NAMES}
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

    def teardown(self) -> None:
        self.run(self.open.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)

    def claimed(self, claim: Claim) -> None:
        name = claim.conversation_id
        assert claim.epoch == self.epoch[name] + 1 and claim.last_seq == self.length[name]
        self.epoch[name] = claim.epoch
        self.claims.append(claim)

    @rule(who=WHO, name=NAME)
    def a_message_arrives(self, who: int, name: str) -> None:
        self.deliver(who, name, len(self.arrived[name]), fresh=True)
        self.arrived[name].append(f"{name}:{len(self.arrived[name])}")

    @rule(who=WHO, name=NAME, data=st.data())
    def a_message_is_redelivered(self, who: int, name: str, data: st.DataObject) -> None:
        if self.arrived[name]:
            self.deliver(who, name, data.draw(st.integers(0, len(self.arrived[name]) - 1)), fresh=False)

    def deliver(self, who: int, name: str, number: int, *, fresh: bool) -> None:
        receipt = self.run(
            self.stores[who].inbox.accept(
                message(name, number), owner=f"owner{who}", now=self.now, lease_seconds=LEASE
            )
        )
        assert receipt.fresh is fresh
        assert (receipt.state == "done") is (f"{name}:{number}" in self.answered[name])
        if receipt.claim:
            self.claimed(receipt.claim)

    @rule(who=WHO, limit=st.integers(1, 3))
    def a_process_looks_for_work(self, who: int, limit: int) -> None:
        found = self.stores[who].claims.waiting(
            owner=f"owner{who}", now=self.now, lease_seconds=LEASE, limit=limit
        )
        for claim in self.run(found):
            assert self.answered[claim.conversation_id] != self.arrived[claim.conversation_id]
            self.claimed(claim)

    @rule(who=WHO, data=st.data(), release=st.booleans())
    def a_turn_is_recorded(self, who: int, data: st.DataObject, release: bool) -> None:
        """By any claim ever given, live or stale, from either process."""
        if not self.claims:
            return
        claim = data.draw(st.sampled_from(self.claims))
        name = claim.conversation_id
        store = self.stores[who]
        pending = self.run(store.inbox.next_message(claim))
        if pending is None:
            assert self.answered[name] == self.arrived[name]
            return
        said = pending.message.external_id
        assert said == self.arrived[name][len(self.answered[name])]
        events = [
            UserSaid(at=self.now, text=said, message_id=said, channel="rest"),
            BotSaid(at=self.now, text=said),
        ]
        recording = store.log.record(
            claim,
            events=events,
            after_seq=self.length[name],
            done=pending.inbox_id,
            replies=[reply(1, said)],
            now=self.now,
            lease_seconds=LEASE,
            release=release,
        )
        try:
            waiting = self.run(recording)
        except StaleClaim:
            assert claim not in self.holding()
            return
        assert claim.epoch == self.epoch[name]
        self.answered[name].append(said)
        self.unsent[name].append(self.length[name] + 2)
        self.length[name] += 2
        assert waiting is (self.answered[name] != self.arrived[name])
        if release and not waiting:
            self.claims.remove(claim)

    def holding(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.epoch == self.epoch[claim.conversation_id]]

    @rule(who=WHO, name=NAME)
    def an_agent_takes_over(self, who: int, name: str) -> None:
        if self.arrived[name]:
            event = TakenOver(at=self.now, agent="ann")
            self.run(self.stores[who].desk.take_over(name, event, now=self.now))
            self.epoch[name] += 1
            self.length[name] += 1

    @rule(who=WHO, outcome=st.sampled_from(("sent", "retry", "give up", "died")))
    def replies_are_sent(self, who: int, outcome: str) -> None:
        outbox = self.stores[who].outbox
        for delivery in self.run(outbox.due(owner="o", now=self.now, lease_seconds=LEASE, limit=2)):
            name = delivery.conversation_id
            assert delivery.seq == self.unsent[name][0]
            if outcome == "retry":
                assert self.run(outbox.retry(delivery, next_at=self.now + 3.0, error="timeout"))
            elif outcome != "died":
                settle = outbox.sent(delivery) if outcome == "sent" else outbox.give_up(delivery, error="x")
                assert self.run(settle)
                self.unsent[name].pop(0)

    @rule(seconds=st.sampled_from((1.0, LEASE)))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def the_log_holds_each_answer_once_in_order(self) -> None:
        for name in NAMES if self.stores else ():
            rows = self.run(self.stores[0].log.after(name))
            assert [row.seq for row in rows] == list(range(1, self.length[name] + 1))
            assert [row.event.text for row in rows if isinstance(row.event, UserSaid)] == self.answered[name]
            assert self.arrived[name][: len(self.answered[name])] == self.answered[name]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_inbox_claims_log_and_outbox_hold_together(kind: str, template: Path, migrated: str) -> None:
    class Here(Machine):
        url = f"sqlite+aiosqlite:///{template}" if kind == "sqlite" else migrated

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
