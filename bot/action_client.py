"""Client of action servers: runs one action over rasa-sdk's HTTP protocol and parses what came back.

Knows the protocol (rasa_sdk/endpoint.py: 200, 400, 404, 449, 500) and time-outs; not what an action does. A
body of the server is never logged or shown: its 500 echoes the whole request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.dialogue.domain import Domain
from bot.dialogue.events import Event
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused, ActionReply
from bot.dialogue.tracker import tracker
from bot.dialogue.wire import WireError, from_json

PROTOCOL = "3.21.1"
LARGEST_REPLY = 1024 * 1024
# Seconds between tries to connect, six in all: a server that starts is waited for, and nothing ran yet.
PAUSES = (0.1, 0.3, 0.6, 1.0, 1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class ActionClient:
    """One action server. `url` is its webhook; `timeout` bounds a whole call in seconds."""

    session: aiohttp.ClientSession
    url: str
    domain: Domain
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)

    async def run(self, call: ActionCall, earlier: Sequence[Event]) -> ActionReply:
        """Run `call.name`; `earlier` are the conversation's events before this turn.

        Raises ActionRefused for the action's own refusal, ActionError with a short reason for everything
        else.
        """
        events = (*earlier, *call.events)
        body = {
            "next_action": call.name,
            "sender_id": call.conversation.id,
            "tracker": tracker(self.domain, call.conversation, events),
            "domain": dict(self.domain.raw),
            "version": PROTOCOL,
        }
        status, reply = await self._post(body, call.key)
        if status == 400 and isinstance(reply, dict) and reply.get("action_name") == call.name:
            raise ActionRefused("rejected")
        if status == 404:
            raise ActionError("unknown_action")
        if status != 200:
            raise ActionError("server_error")
        return _parse(reply, at=events[-1].at if events else call.conversation.last_active)

    async def healthy(self) -> bool:
        """Whether the server answers its health check."""
        try:
            async with self.session.get(
                self.url.removesuffix("/webhook") + "/health", timeout=aiohttp.ClientTimeout(total=1.0)
            ) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _post(self, body: dict[str, Any], key: str) -> tuple[int, Any]:
        """The status and JSON of one call. Only a connection that was never made is tried again: nothing ran
        then.
        """
        timeout = aiohttp.ClientTimeout(total=self.timeout, connect=min(2.0, self.timeout))
        headers = {**self.headers, "Idempotency-Key": key}
        try:
            async with asyncio.timeout(self.timeout):
                for pause in (*PAUSES, None):
                    try:
                        async with self.session.post(
                            self.url, json=body, timeout=timeout, headers=headers
                        ) as response:
                            return response.status, await _read(response)
                    except aiohttp.ClientConnectorError:
                        if pause is None:
                            raise
                        await asyncio.sleep(pause)
        except TimeoutError as error:
            raise ActionError("timeout") from error
        except aiohttp.ClientError as error:
            raise ActionError("unreachable") from error
        raise AssertionError("every attempt returns or raises")


async def _read(response: aiohttp.ClientResponse) -> Any:
    """The reply's JSON, None for an empty one. Raises ActionError(`bad_reply`)."""
    raw = await response.content.read(LARGEST_REPLY + 1)
    try:
        return json.loads(raw) if raw else None
    except ValueError as error:
        raise ActionError("bad_reply") from error


def _parse(reply: Any, *, at: float) -> ActionReply:
    if not isinstance(reply, dict):
        raise ActionError("bad_reply")
    events, responses = reply.get("events") or [], reply.get("responses") or []
    if not isinstance(events, list) or not isinstance(responses, list):
        raise ActionError("bad_reply")
    try:
        parsed = tuple(from_json({**event, "timestamp": at}, at=at) for event in events if _named(event))
    except WireError as error:
        raise ActionError("bad_reply") from error
    return ActionReply(parsed, tuple(item for item in responses if isinstance(item, dict)))


def _named(event: Any) -> bool:
    """rasa-sdk drops entries without an event name; so do we."""
    return isinstance(event, dict) and isinstance(event.get("event"), str)
