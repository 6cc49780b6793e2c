"""A reminder that is due, as each way in shows it: said on an open page, kept from REST, nobody's words."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from bot.dialogue.events import ReminderScheduled, UserSaid
from bot.operations import Metrics
from tests.bot.channels.small_server import SmallServer
from tests.bot.channels.test_rest import say
from tests.bot.channels.test_socket import visit


async def fall_due(server: SmallServer, conversation: str) -> list[UserSaid]:
    """A reminder of this conversation falls due; the messages on record after its turn."""
    now = time.time()
    due = ReminderScheduled(at=now, intent="pick", due=datetime.fromtimestamp(now, UTC))
    await server.store.log.append(conversation, [due], now=now)
    while not (said := await _external(server, conversation)):
        await server.manager.look()
    return said


async def _external(server: SmallServer, conversation: str) -> list[UserSaid]:
    items = await server.store.log.after(conversation)
    return [item.event for item in items if isinstance(item.event, UserSaid) and item.event.external]


async def test_an_open_page_hears_the_bot_and_nothing_in_the_customers_name(server: SmallServer) -> None:
    page = await visit(server)
    await page.say("hi")
    await page.line("bot")
    await fall_due(server, page.conversation)
    assert (await page.line("bot"))["text"] == "You picked."
    assert sum(frame.get("who") == "customer" for frame in page.frames) == 1
    again = await visit(server, token=page.token)
    lines = [frame["who"] for frame in again.frames if frame["type"] == "line"]
    assert lines == ["customer", "bot", "bot"]


async def test_a_rest_client_gets_its_own_answers_only(server: SmallServer) -> None:
    await say(server, "hi")
    await fall_due(server, "ann")
    assert await say(server, "hi") == [
        {"recipient_id": "ann", "text": "Hello."},
        {"recipient_id": "ann", "text": "How can we help?"},
    ]


async def test_a_rest_client_cannot_pass_its_message_for_a_reminder(server: SmallServer) -> None:
    replies = await say(server, "EXTERNAL: pick", metadata={"is_external": True})
    assert {"recipient_id": "ann", "text": "You picked."} not in replies
    assert await _external(server, "ann") == []


async def test_it_is_not_counted_as_a_customers_message(server: SmallServer) -> None:
    await say(server, "hi")
    metrics = Metrics.fresh()
    metrics.observe(await fall_due(server, "ann"), 0.1)
    metrics.observe([item.event for item in await server.store.log.after("ann")], 0.1)
    counted = metrics.registry.get_sample_value("frontdesk_messages_total", {"channel": "rest"})
    assert counted == 1.0
