"""How the server behaves under messages: start, latency, throughput, memory, a long conversation.

The server runs on one core and the senders on another, over real HTTP, on SQLite with every commit on disk.
A bare aiohttp handler that commits one row a message is measured in the same run: the figures are to be read
beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from tests.benchmarks.quality import trained

QUESTIONS = (
    "how long do I have to send in a claim",
    "what does the dental cover pay for",
    "when is the phone line open",
    "is there a waiting period",
    "can I pay my premium every month",
    "which hospitals are in the network",
    "how do I get a loan against my policy",
    "does my cover work abroad",
)
SERVER_CORE, SENDER_CORE = "0", "1"
START_SECONDS = 60.0


@contextlib.contextmanager
def server(command: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server pinned to its core; stopped on leaving."""
    pinned = ["taskset", "-c", SERVER_CORE, *command] if shutil.which("taskset") else list(command)
    child = subprocess.Popen(
        pinned, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_ready(url: str) -> float:
    """Seconds until the health check says ready."""
    began = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        while time.perf_counter() - began < START_SECONDS:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as response:
                    if response.status == 200:
                        return time.perf_counter() - began
            await asyncio.sleep(0.02)
    raise TimeoutError(f"{url} was not ready within {START_SECONDS:.0f} s")


@contextlib.asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
        yield session


async def send(session: aiohttp.ClientSession, url: str, sender: str, text: str) -> float:
    """Seconds from the request to the last byte of the reply."""
    began = time.perf_counter()
    async with session.post(url, json={"sender": sender, "message": text}) as response:
        replies = await response.json(content_type=None)
        assert response.status == 200 and replies, (response.status, replies)
    return time.perf_counter() - began


async def one_after_another(url: str, count: int, *, sender: str | None = None) -> list[float]:
    """Latencies of `count` messages, each from a new sender, or all from one."""
    async with _session() as session:
        return [
            await send(session, url, sender or uuid.uuid4().hex, QUESTIONS[number % len(QUESTIONS)])
            for number in range(count)
        ]


async def at_once(url: str, senders: int, count: int) -> tuple[float, list[float]]:
    """Messages a second and latencies of `count` messages from `senders` at once, each waiting for its
    reply.
    """
    taken: list[float] = []
    async with _session() as session:

        async def talk(name: str) -> None:
            for number in range(count // senders):
                taken.append(await send(session, url, name, QUESTIONS[number % len(QUESTIONS)]))

        began = time.perf_counter()
        await asyncio.gather(*(talk(uuid.uuid4().hex) for _ in range(senders)))
        return len(taken) / (time.perf_counter() - began), taken


def memory(pid: int) -> float:
    """Resident MB of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS")


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50_ms": round(1000 * statistics.median(ordered), 2),
        "p95_ms": round(1000 * ordered[int(0.95 * (len(ordered) - 1))], 2),
    }


async def measure(url: str) -> dict[str, Any]:
    """Every figure of a running server's REST webhook."""
    await one_after_another(url, 30)
    warm = await one_after_another(url, 300)
    rate, crowd = await at_once(url, 16, 1600)
    long_talk = await one_after_another(url, 300, sender=uuid.uuid4().hex)
    tenth = len(long_talk) // 10
    growth = statistics.median(long_talk[-tenth:]) / statistics.median(long_talk[:tenth])
    return {
        "warm": milliseconds(warm),
        "sixteen_senders": {"messages_per_second": round(rate, 1), **milliseconds(crowd)},
        "one_sender_300": {"last_tenth_over_first": round(growth, 3), **milliseconds(long_talk)},
    }


async def measure_frontdesk(project: Path) -> dict[str, Any]:
    """Frontdesk on `project`, which must have a bundle, with a fresh database."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{folder}/bench.db"
        command = [
            sys.executable,
            "-m",
            "bot",
            "serve",
            str(project),
            "--port",
            str(port),
            "--database",
            database,
        ]
        with server(command, {"OMP_NUM_THREADS": "1"}) as child:
            ready = await until_ready(f"http://127.0.0.1:{port}/health/ready")
            figures = await measure(f"http://127.0.0.1:{port}/webhooks/rest/webhook")
            return {"ready_seconds": round(ready, 2), **figures, "resident_mb": round(memory(child.pid), 1)}


async def measure_bare() -> dict[str, Any]:
    """The peer: aiohttp, one durable SQLite commit a message, a fixed reply."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.bare_server", str(port), f"{folder}/bare.db"]
        with server(command, {}):
            await until_ready(f"http://127.0.0.1:{port}/health/ready")
            return await measure(f"http://127.0.0.1:{port}/webhooks/rest/webhook")


def main(project: Path) -> dict[str, Any]:
    """Both servers, one after the other; the senders stay off the servers' core."""
    if not list((project / ".frontdesk" / "bundles").glob("2*")):
        trained(project)
    with _kept_to(SENDER_CORE):
        return {
            "frontdesk": asyncio.run(measure_frontdesk(project)),
            "bare_aiohttp": asyncio.run(measure_bare()),
        }


@contextlib.contextmanager
def _kept_to(core: str) -> Iterator[None]:
    """This process on one core, and on all it had again afterwards: other parts follow."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, {int(core)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
