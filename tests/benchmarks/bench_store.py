"""How many turns a second the store carries, and what one costs.

Run by hand: `python -m tests.benchmarks.bench_store [URL]`. A turn is accept and record, with
7 events and 2 replies. The default database is a fresh SQLite file under `.bench/` (a real disk: in memory a
flush costs nothing); a URL must name an empty database.
"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import sys
import time
from pathlib import Path

from bot.dialogue import events as ev
from bot.dialogue.message import InboundMessage
from bot.dialogue.reading import Reading, Verdict
from bot.store.migrate import migrate
from bot.store.store import Store, open_store
from bot.store.turn import Outgoing, Standing

FOLDER = Path(".bench")
INTENTS = tuple(Verdict(f"intent_{n}", 0.1) for n in range(10))


def _events(message: InboundMessage) -> list[ev.Event]:
    reading = Reading(verdicts=INTENTS, prediction_set=("intent_0",))
    said = ev.UserSaid(
        at=message.at, text=message.text, message_id=message.external_id, channel="rest", reading=reading
    )
    return [
        said,
        ev.Decided(at=message.at, row="rule", commands=("StartFlow transfer",)),
        ev.SlotSet(at=message.at, name="amount", value=120),
        ev.ActionRun(at=message.at, name="utter_transfer", policy="RulePolicy", confidence=1.0),
        ev.BotSaid(at=message.at, text="How much shall I transfer?", response="utter_transfer", bundle="b1"),
        ev.BotSaid(at=message.at, text="您想转多少钱？", response="utter_transfer", bundle="b1"),
        ev.ActionRun(at=message.at, name="action_listen"),
    ]


async def _turn(store: Store, conversation: str, number: int) -> None:
    now = time.time()
    text = "I would like to transfer some money to my sister"
    message = InboundMessage(conversation, "rest", conversation, f"{conversation}:{number}", text, now)
    receipt = await store.inbox.accept(message, owner="bench", now=now, lease_seconds=30)
    claim = receipt.claim
    assert claim is not None
    replies = [Outgoing(place, "rest", conversation, {"text": "…"}) for place in (4, 5)]
    waiting = await store.log.record(
        claim,
        events=_events(message),
        after_seq=claim.last_seq,
        done=receipt.inbox_id,
        replies=replies,
        standing=Standing(language="en"),
        now=now,
        lease_seconds=30,
    )
    assert not waiting


async def _converse(store: Store, conversation: str, turns: int, times: list[float]) -> None:
    for number in range(turns):
        start = time.perf_counter()
        await _turn(store, conversation, number)
        times.append(time.perf_counter() - start)


async def measure(url: str, *, conversations: int, turns: int) -> dict[str, float]:
    """Turns a second, milliseconds of CPU a turn (this process, kernel included), latency quantiles in ms."""
    async with open_store(url) as store:
        await _converse(store, f"warm-{conversations}", 50, [])
        times: list[float] = []
        start, cpu = time.perf_counter(), time.process_time()
        names = [f"{conversations}-{number}" for number in range(conversations)]
        await asyncio.gather(*(_converse(store, name, turns, times) for name in names))
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        count = conversations * turns
        times.sort()
        return {
            "conversations": conversations,
            "turns_per_second": round(count / wall, 1),
            "cpu_ms_per_turn": round(1000 * cpu / count, 3),
            "p50_ms": round(1000 * times[count // 2], 2),
            "p99_ms": round(1000 * times[int(count * 0.99)], 2),
        }


async def main(url: str) -> None:
    await migrate(url)
    for conversations, turns in ((1, 1000), (4, 500), (16, 250), (64, 60)):
        figures = await measure(url, conversations=conversations, turns=turns)
        sys.stdout.write(json.dumps(figures) + "\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"peak_memory_mib": round(peak)}) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(sys.argv[1]))
    else:
        FOLDER.mkdir(exist_ok=True)
        try:
            asyncio.run(main(f"sqlite+aiosqlite:///{FOLDER}/bench.db"))
        finally:
            shutil.rmtree(FOLDER)
