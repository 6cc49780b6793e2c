"""Client of action servers: runs one action over rasa-sdk's HTTP protocol and parses what came back.

Knows the protocol (rasa_sdk/endpoint.py: 200, 400, 404, 449, 500) and time-outs; not what an action does. A
body of the server is never logged or shown: its 500 echoes the whole request.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import aiohttp

from bot.access import Access
from bot.dialogue.domain import Domain
from bot.dialogue.events import BotSaid, Event, Origin, ReminderScheduled
from bot.dialogue.ports import ActionCall, ActionError, ActionRefused, ActionReply
from bot.dialogue.tracker import tracker
from bot.dialogue.wire import SDK_KINDS, WireError, from_json

PROTOCOL = "3.21.1"
LARGEST_REPLY = 1024 * 1024
# Seconds before each further try to connect: a server that starts is waited for, and nothing ran yet.
PAUSES = (0.1, 0.3, 0.6, 1.0, 1.0, 1.0, 1.0, 1.0)
# What an action may write into the log: rasa-sdk's events and a hand-over. What reviewers did is theirs alone
# to put on record.
MAY_WRITE = SDK_KINDS | {"handed_over"}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ActionClient:
    """One action server. `url` is its webhook; `timeout` bounds a whole call in seconds."""

    session: aiohttp.ClientSession
    url: str
    domain: Domain
    timeout: float
    access: Access = field(default_factory=Access)

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
        status, raw = await self._post(body, call.key)
        if status == 400 and _is_refusal(raw, call.name):
            raise ActionRefused("rejected")
        if status == 404:
            raise ActionError("unknown_action")
        if status != 200:
            raise ActionError("server_error")
        return _parse(_json(raw), call, at=events[-1].at if events else call.conversation.last_active)

    async def _post(self, body: dict[str, Any], key: str) -> tuple[int, bytes]:
        """The status and body of one call. Only a connection that was never made is tried again: nothing ran
        then.
        """
        timeout = aiohttp.ClientTimeout(total=self.timeout, connect=min(2.0, self.timeout))
        headers = {**self.access.headers, "Idempotency-Key": key}
        try:
            async with asyncio.timeout(self.timeout):
                for pause in (*PAUSES, None):
                    try:
                        async with self.session.post(
                            self.url,
                            json=body,
                            timeout=timeout,
                            headers=headers,
                            params=self.access.params,
                            ssl=self.access.trusted,
                        ) as response:
                            return response.status, await _read(response)
                    except aiohttp.ClientConnectorError as error:
                        if pause is None or isinstance(error, aiohttp.ClientSSLError):
                            raise  # a certificate that is not trusted now is not trusted in a second
                        await asyncio.sleep(pause)
        except TimeoutError as error:
            raise ActionError("timeout") from error
        except aiohttp.ClientError as error:
            if isinstance(error, aiohttp.ClientSSLError):
                log.error("the action server's certificate is not trusted; see `cafile` of endpoints.yml")
            raise ActionError("unreachable") from error
        raise AssertionError("every attempt returns or raises")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body where it says something: of a failure it would only echo. Raises ActionError (`bad_reply`)
    above LARGEST_REPLY bytes and for one that breaks off.
    """
    raw = bytearray()
    if response.status in (200, 400):
        try:
            async for piece in response.content.iter_any():
                raw += piece
                if len(raw) > LARGEST_REPLY:
                    raise ActionError("bad_reply")
        except aiohttp.ClientPayloadError as error:
            raise ActionError("bad_reply") from error
    return bytes(raw)


def _json(raw: bytes) -> Any:
    """The body's JSON, None for an empty one. Raises ActionError (`bad_reply`)."""
    try:
        return json.loads(raw, parse_constant=_refuse_constant) if raw else None
    except (ValueError, RecursionError) as error:
        raise ActionError("bad_reply") from error


def _is_refusal(raw: bytes, name: str) -> bool:
    """Whether the action itself refused; a proxy may find fault with a request too."""
    try:
        reply = _json(raw)
    except ActionError:
        return False
    return isinstance(reply, dict) and reply.get("action_name") == name


def _refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are Python's, not JSON's; no database keeps them."""
    raise ValueError(name)


def _parse(reply: Any, call: ActionCall, *, at: float) -> ActionReply:
    if not isinstance(reply, dict):
        raise ActionError("bad_reply")
    events, responses = reply.get("events") or [], reply.get("responses") or []
    if not isinstance(events, list) or not isinstance(responses, list):
        raise ActionError("bad_reply")
    kept = [event for event in events if _named(event) and event["event"] in MAY_WRITE]
    if len(kept) < len(events):
        log.warning("events of %s are left out: not of a kind that an action may write", call.name)
    try:
        told = [from_json({**event, "timestamp": at}, at=at) for event in kept]
    except WireError as error:
        raise ActionError("bad_reply") from error
    parsed = tuple(_its_own(event, f"{call.key}-{place}") for place, event in enumerate(told))
    return ActionReply(parsed, tuple(item for item in responses if isinstance(item, dict)))


def _named(event: Any) -> bool:
    """rasa-sdk drops entries without an event name; so do we."""
    return isinstance(event, dict) and isinstance(event.get("event"), str)


def _its_own(event: Event, name: str) -> Event:
    """A bot message of an action is on record as the action's words, whatever the action calls them; a
    reminder without a name gets this one, by which a later action may call it off.
    """
    match event:
        case BotSaid():
            return replace(event, origin=Origin.ACTION, answer_id=None, bundle="")
        case ReminderScheduled(name=None):
            return replace(event, name=name)
        case _:
            return event
