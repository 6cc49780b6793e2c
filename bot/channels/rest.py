"""Rasa's REST channel: a message in, the bot's replies in the response, in Rasa's JSON.

Knows HTTP and Rasa's keys (rasa/core/channels/rest.py); not how a turn runs. One thing is ours:
`metadata.message_id` names the message, and a retry under the same name gets the recorded replies instead of
a second turn.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import hdrs, web

from bot.addresses import Addresses
from bot.channels.allowance import Allowances
from bot.channels.contract import (
    LARGEST_BODY,
    BadRequest,
    TooFast,
    Turns,
    Unauthorised,
    inbound,
    read_body,
)
from bot.dialogue.events import BotSaid
from bot.dialogue.message import InboundMessage
from bot.dialogue.replies import said_json
from bot.store.log import Numbered

# Rasa sends one bot message in this order (rasa/core/channels/channel.py, send_response).
_PARTS = ("custom", "image", "attachment")


@dataclass(frozen=True, slots=True)
class RestChannel:
    """`timeout` in seconds: after it the reply is empty, and stays on record. `token`: the bearer token to
    ask for.

    `origins` lists the sites whose pages may call (`*`: all); empty: none but our own. Without a token
    strangers are slowed down by their address (`pace`); who has the token, and one's own network, is not.
    `largest_body` in bytes.
    """

    turns: Turns
    timeout: float = 30.0
    token: str | None = None
    origins: tuple[str, ...] = ()
    largest_body: int = LARGEST_BODY
    addresses: Addresses = field(default_factory=Addresses)
    pace: Allowances = field(default_factory=lambda: Allowances(60, 1.0))
    clock: Callable[[], float] = time.time
    name: str = "rest"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/webhooks/rest/", self.health),
            web.post("/webhooks/rest/webhook", self.receive),
            web.options("/webhooks/rest/webhook", self.preflight),
        ]

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def preflight(self, request: web.Request) -> web.Response:
        """A browser asks whether a page of another site may call."""
        allowed = self._cors(request)
        if not allowed:
            return web.Response(status=403)
        return web.Response(
            status=204,
            headers={
                **allowed,
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: "POST",
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "authorization, content-type",
                hdrs.ACCESS_CONTROL_MAX_AGE: "600",
            },
        )

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """One message; its replies as a list, or one JSON object a line with `?stream=true`."""
        self._check_token(request)
        self._check_pace(request)
        body = await read_body(request, limit=self.largest_body)
        message = parse(body, channel=self.name, at=self.clock())
        receipt = await self.turns.accept(message)
        events = await self.turns.answered(receipt, timeout=self.timeout) or []
        replies = list(rasa_replies(message.sender, events))
        if request.query.get("stream", "").lower() == "true":
            return await self._stream(request, replies)
        return web.json_response(replies, headers=self._cors(request))

    async def _stream(self, request: web.Request, replies: list[dict[str, Any]]) -> web.StreamResponse:
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream", **self._cors(request)})
        await response.prepare(request)
        for reply in replies:
            await response.write(json.dumps(reply).encode() + b"\n")
        await response.write_eof()
        return response

    def _check_token(self, request: web.Request) -> None:
        if self.token is None:
            return
        given = request.headers.get(hdrs.AUTHORIZATION, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {self.token}".encode()):
            raise Unauthorised("This channel asks for its token: Authorization: Bearer TOKEN.")

    def _check_pace(self, request: web.Request) -> None:
        """Raises TooFast."""
        stranger = self.addresses.stranger(request) if self.token is None else None
        if stranger and not (allowance := self.pace.of(stranger)).take():
            raise TooFast(allowance.wait)

    def _cors(self, request: web.Request) -> dict[str, str]:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin and ("*" in self.origins or origin in self.origins):
            return {hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin, hdrs.VARY: hdrs.ORIGIN}
        return {}


def parse(body: bytes, *, channel: str, at: float) -> InboundMessage:
    """The message in a request's body, whatever its content type says. Raises BadRequest."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest('The body is not JSON; send {"sender": "…", "message": "…"}.') from None
    if not isinstance(data, dict):
        raise BadRequest('The body must be a JSON object: {"sender": "…", "message": "…"}.')
    sender = _sender(data.get("sender"))
    text = data.get("message")
    if text is not None and not isinstance(text, str):
        raise BadRequest("'message' must be a text.")
    metadata = data.get("metadata")
    given = metadata if isinstance(metadata, dict) else {} if metadata is None else {"metadata": metadata}
    conversation_id = conversation_of(sender)
    return inbound(
        conversation_id=conversation_id,
        channel=channel,
        sender=sender,
        external_id=_external_id(conversation_id, given.get("message_id")),
        text=(text or "").strip(),
        at=at,
        metadata=given,
    )


def conversation_of(sender: str) -> str:
    """The id of a sender's conversation: never one of another channel's."""
    return f"rest:{sender}" if ":" in sender else sender


def _sender(value: Any) -> str:
    """Rasa takes null for "default" and numbers as their text."""
    if value is None:
        return "default"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise BadRequest("'sender' must be a text.")
    return value


def _external_id(conversation_id: str, message_id: Any) -> str:
    """The caller's name for the message, made unique to its conversation: nobody can ask for another's
    replies.
    """
    if message_id is None:
        return uuid.uuid4().hex
    if not isinstance(message_id, str) or not 0 < len(message_id) <= 200:
        raise BadRequest("'metadata.message_id' must be a text of 1 to 200 characters.")
    return hashlib.sha256(json.dumps([conversation_id, message_id]).encode()).hexdigest()


def rasa_replies(recipient: str, events: list[Numbered]) -> Iterator[dict[str, Any]]:
    """The bot's messages among these events as Rasa's REST channel gives them: only the parts that are
    there.
    """
    for item in events:
        if not isinstance(item.event, BotSaid):
            continue
        parts = said_json(item.event)
        if "buttons" in parts:
            text = {"text": parts["text"]} if "text" in parts else {}
            yield {"recipient_id": recipient, **text, "buttons": parts["buttons"]}
        else:
            for part in parts.get("text", "").strip().split("\n\n"):
                if part:
                    yield {"recipient_id": recipient, "text": part}
        for name in _PARTS:
            if name in parts:
                yield {"recipient_id": recipient, name: parts[name]}
        for card in parts.get("elements", ()):
            words = f"{card.get('title', '')} : {card.get('subtitle', '')}"
            yield {"recipient_id": recipient, "text": words, "buttons": card.get("buttons", [])}
