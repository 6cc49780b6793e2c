"""One open page of one visitor: what it was sent, what it may send, and how often.

Knows the frames of a conversation under way; not how the connection was made (socket).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from bot.channels.allowance import Allowance
from bot.channels.contract import Turns, inbound
from bot.channels.frames import Frame, agents_in, frame, shown
from bot.dialogue.events import BotSaid, UserSaid
from bot.errors import FrontdeskError
from bot.hub import Hint, Hub
from bot.store.log import Numbered
from bot.store.store import Store
from bot.store.turn import Standing

LONGEST_TEXT = 4000  # code points
HINTS_APART = 1.0  # seconds
REPLAYED = 1000  # events of a long conversation that a page is sent again
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Visit:
    """A page that said hello. `sent` is the last event it was sent; its visitor's pages share `allowance`.
    `language` is the page's, where it says so.
    """

    socket: web.WebSocketResponse
    store: Store
    turns: Turns
    hub: Hub
    visitor: str
    channel: str
    clock: Callable[[], float]
    allowance: Allowance
    language: str | None = None
    sent: int = 0
    holder: str = "bot"
    refused: int = 0
    _place: int | None = None
    _unanswered: set[str] = field(default_factory=set)
    _typing: bool = False
    _hinted: float = 0.0
    _names: dict[str, str | None] = field(default_factory=dict)

    @property
    def conversation_id(self) -> str:
        return f"{self.channel}:{self.visitor}"

    @property
    def gone(self) -> bool:
        return self.socket.closed

    @property
    def abused(self) -> bool:
        """The page went on sending long after it was told to wait."""
        return self.refused > 50

    async def welcome(self, *, issued: str | None, after: int, greeting: BotSaid | None) -> None:
        """Who holds the conversation, then the missed lines, then `live`. `greeting` is for whoever has none
        yet.
        """
        listed = None if issued else await self.store.queue.find(self.conversation_id)
        standing = listed.standing if listed else Standing()
        last = listed.last_seq if listed else 0
        self.sent = min(max(after, last - REPLAYED), last)
        self.holder = standing.holder
        await self._learn_names([], standing)
        token = {"token": issued} if issued else {}
        name = self._names.get(standing.agent or "")
        greets = {"opening": shown(greeting)} if greeting and not last else {}
        await self.socket.send_json(
            {"type": "welcome", **token, "holder": standing.holder, "name": name, **greets}
        )
        await self.catch_up()
        await self.socket.send_json({"type": "live", "seq": self.sent})

    async def catch_up(self) -> None:
        """Send the lines recorded since the last look."""
        while items := await self.store.log.after(self.conversation_id, self.sent, limit=500):
            await self._learn_names(items, None)
            for item in items:
                await self._show(item)
        if self._typing and not self._unanswered:
            self._typing = False
            await self.socket.send_json({"type": "typing", "on": False})
        await self._show_place()

    async def _show(self, item: Numbered) -> None:
        told = frame(item, self._names)
        if told:
            if told["type"] == "state":
                self.holder = told["holder"]
            await self.socket.send_json(told)
        if isinstance(item.event, UserSaid):
            self._unanswered.discard(item.event.message_id)
        self.sent = item.seq

    async def _show_place(self) -> None:
        """The place in the queue, whenever it has changed."""
        place = await self.store.queue.position(self.conversation_id) if self.holder == "queue" else None
        if place != self._place and place is not None:
            await self.socket.send_json({"type": "place", "position": place})
        self._place = place

    async def _learn_names(self, items: list[Numbered], standing: Standing | None) -> None:
        for agent in agents_in(items, standing) - self._names.keys():
            self._names[agent] = await self.store.settings.get(f"display_name/{agent}")

    async def overhear(self, hint: Hint) -> None:
        """The agent who has this conversation is writing: the page shows it for a few seconds."""
        if hint.who == "agent" and self.holder == "agent" and hint.name:
            if hint.name not in self._names:
                self._names[hint.name] = await self.store.settings.get(f"display_name/{hint.name}")
            await self.socket.send_json({"type": "typing", "on": True, "name": self._names[hint.name]})

    def _hint(self) -> None:
        """The customer is writing to an agent. Pages say so every few seconds; what comes faster is
        dropped.
        """
        now = self.clock()
        if self.holder == "agent" and now - self._hinted >= HINTS_APART:
            self._hinted = now
            self.hub.hint(Hint(self.conversation_id, "customer"))

    async def take(self, data: Frame) -> None:
        """One frame from the page."""
        match data:
            case {"type": "say", "client_id": str(client_id), "text": str(text)} if _CLIENT_ID.fullmatch(
                client_id
            ):
                await self._say(client_id, text.strip(), data.get("title"))
            case {"type": "typing"}:
                self._hint()
            case {"type": "ping"}:
                await self.socket.send_json({"type": "pong"})
            case _:
                await self._refuse(None, "bad_frame", "This frame is not part of the protocol.")

    async def _say(self, client_id: str, text: str, title: Any) -> None:
        if not 0 < len(text) <= LONGEST_TEXT:
            await self._refuse(client_id, "bad_length", f"A message has 1 to {LONGEST_TEXT} characters.")
        elif not self.allowance.take():
            await self._refuse(client_id, "too_fast", "Too many messages at once; wait a moment.", again=True)
        else:
            await self._accept(client_id, text, title)

    async def _accept(self, client_id: str, text: str, title: Any) -> None:
        external_id = f"{self.visitor}:{client_id}"
        pressed = {"title": title[:200]} if isinstance(title, str) and title else {}
        if pressed and self.language:
            pressed["language"] = self.language
        message = inbound(
            conversation_id=self.conversation_id,
            channel=self.channel,
            sender=self.visitor,
            external_id=external_id,
            text=text,
            at=self.clock(),
            metadata=pressed,
        )
        # Before the message is kept: its turn may be over before `accept` has returned.
        self._unanswered.add(external_id)
        try:
            receipt = await self.turns.accept(message)
        except FrontdeskError as error:
            self._unanswered.discard(external_id)
            await self._refuse(client_id, error.code, error.message, again=error.status >= 500)
            return
        self.refused = 0
        await self.socket.send_json({"type": "accepted", "client_id": client_id})
        if receipt.state == "done":
            self._unanswered.discard(external_id)
        if external_id in self._unanswered and self.holder == "bot":
            self._typing = True
            await self.socket.send_json({"type": "typing", "on": True})

    async def _refuse(self, client_id: str | None, code: str, message: str, *, again: bool = False) -> None:
        """`again`: the same message may be sent later and will be taken then."""
        self.refused += 1
        refusal = {
            "type": "refused",
            "client_id": client_id,
            "code": code,
            "message": message,
            "again": again,
        }
        await self.socket.send_json(refusal)


def read_frame(message: WSMessage) -> Frame:
    """The JSON object in a text frame; an empty one for anything else, which no rule takes."""
    if message.type is not WSMsgType.TEXT:
        return {}
    try:
        data = json.loads(message.data)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
