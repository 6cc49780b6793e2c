"""Client of response servers: asks for the words of a domain response over Rasa's callback protocol.

Knows the protocol (rasa/core/nlg/callback.py) and time-outs; not when words are asked for. A body of the
server is never logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.access import Access
from bot.dialogue.domain import Domain
from bot.dialogue.events import Event
from bot.dialogue.ports import SayError, SayRequest
from bot.dialogue.tracker import tracker

log = logging.getLogger(__name__)

LARGEST_REPLY = 256 * 1024


@dataclass(frozen=True, slots=True)
class ResponseServer:
    """One response server; `timeout` bounds a whole call in seconds."""

    session: aiohttp.ClientSession
    url: str
    domain: Domain
    timeout: float
    access: Access = field(default_factory=Access)

    async def say(self, request: SayRequest, earlier: Sequence[Event]) -> Mapping[str, Any]:
        """The message, in Rasa's keys; `earlier` are the conversation's events before this turn. Raises
        SayError.
        """
        body = {
            "response": request.response,
            "id": request.id,
            "arguments": dict(request.arguments),
            "tracker": tracker(self.domain, request.conversation, (*earlier, *request.events)),
            "channel": {"name": request.channel},
        }
        try:
            async with (
                asyncio.timeout(self.timeout),
                self.session.post(
                    self.url,
                    json=body,
                    headers=self.access.headers,
                    params=self.access.params,
                    ssl=self.access.trusted,
                    allow_redirects=False,
                ) as response,
            ):
                if response.status != 200:
                    raise SayError("server_error")
                return _read(await response.content.read(LARGEST_REPLY + 1))
        except TimeoutError as error:
            raise SayError("timeout") from error
        except aiohttp.ClientError as error:
            if isinstance(error, aiohttp.ClientSSLError):
                log.error("the response server's certificate is not trusted; see `cafile` of endpoints.yml")
            raise SayError("unreachable") from error


# What the keys of a message may hold, null apart (nlg_response_format_spec).
_KINDS: tuple[tuple[str, type], ...] = (
    ("text", str),
    ("buttons", list),
    ("image", str),
    ("attachment", dict),
    ("custom", dict),
    ("elements", list),
)


def _read(raw: bytes) -> dict[str, Any]:
    try:
        reply = json.loads(raw) if len(raw) <= LARGEST_REPLY else None
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict) or not all(
        isinstance(reply.get(key), kind) or reply.get(key) is None for key, kind in _KINDS
    ):
        raise SayError("bad_reply")
    if not all(isinstance(button, dict) and "title" in button for button in reply.get("buttons") or ()):
        raise SayError("bad_reply")
    return reply
