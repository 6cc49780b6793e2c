"""Two servers over one database: what one records, those who wait or watch at the other see."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.bot.channels.small_server import SmallServer, small_server
from tests.bot.channels.test_socket import visit


async def kept(server: SmallServer, count: int) -> None:
    """Until so many messages of Ann's wait for their turns."""
    for _ in range(1000):
        found = await server.store.queue.find("ann")
        if found and found.pending == count:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("a message was not kept")


async def test_a_page_shows_what_another_process_recorded(tmp_path: Path) -> None:
    async with small_server(tmp_path) as one, small_server(tmp_path) as two:
        here = await visit(one)
        there = await visit(two, token=here.token)
        await here.say("hello")
        assert (await there.line("customer"))["text"] == "hello"
        assert (await there.line("bot"))["text"] == (await here.line("bot"))["text"]


async def test_a_caller_gets_the_reply_that_another_process_gave(tmp_path: Path) -> None:
    async def ask(server: SmallServer, text: str) -> list[str]:
        body = {"sender": "ann", "message": text}
        answer = await server.client.post("/webhooks/rest/webhook", json=body)
        return [reply["text"] for reply in await answer.json()]

    async with small_server(tmp_path) as one, small_server(tmp_path, rest={"timeout": 8.0}) as two:
        one.reader.go.clear()
        first = asyncio.create_task(ask(one, "hi"))
        await kept(one, 1)
        second = asyncio.create_task(ask(two, "human"))
        try:
            await kept(two, 2)
        finally:
            one.reader.go.set()
        assert (await first)[0] == "Hello."
        assert len(await second) == 1
    assert two.reader.read_texts == [], "the process that held the conversation drove both turns"
