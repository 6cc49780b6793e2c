"""The terminal shows what the bot says of its own accord, with its choices, and nothing twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.cli.chat import _show_unasked
from bot.dialogue.events import BotSaid, Event, UserSaid
from bot.dialogue.message import IS_EXTERNAL, Button
from bot.hub import Hub
from bot.store.migrate import migrate
from bot.store.store import open_store
from tests.bot.channels.small_server import until


def said(text: str, *, external: bool = False) -> UserSaid:
    mark = {IS_EXTERNAL: True} if external else {}
    return UserSaid(at=1.0, text=text, message_id=text, channel="terminal", metadata=mark)


async def test_a_reminder_is_shown_and_its_choice_can_be_pressed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, hub = f"sqlite+aiosqlite:///{tmp_path}/bot.db", Hub()
    offered = [Button("Before", "/before")]
    await migrate(url)
    async with open_store(url) as store:
        await store.log.open("me", channel="terminal", sender="terminal", now=1.0)
        showing = asyncio.create_task(_show_unasked(store, hub, "me", offered, why=False))
        await asyncio.sleep(0)
        choice = Button("Done", "/done")
        turns: list[list[Event]] = [
            [said("hi"), BotSaid(at=1.0, text="Hello.")],
            [said("EXTERNAL: x", external=True), BotSaid(at=1.0, text="Water it.", buttons=(choice,))],
            [said("EXTERNAL: y", external=True)],
        ]
        for turn in turns:
            await store.log.append("me", turn, now=1.0)
        hub.ring("me")
        await until(lambda: offered == [choice])
        await store.log.append("me", [said("EXTERNAL: z", external=True)], now=1.0)
        hub.ring("me")
        await store.log.after("me")  # so that it has been read there too
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    shown = capsys.readouterr().out
    assert shown.count("Water it.") == 1 and "Hello." not in shown
    assert offered == [choice]
