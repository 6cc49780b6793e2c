"""What a channel is: routes that take messages in and, for messaging platforms, a way to send replies out.

Knows the contract, the limits every channel keeps and how a send can fail; no platform.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from bot.dialogue.message import OUTSIDE, InboundMessage
from bot.errors import FrontdeskError
from bot.store.inbox import Receipt
from bot.store.log import Numbered
from bot.store.outbox import Delivery

LARGEST_BODY = 64 * 1024  # bytes of a request's body


class Turns(Protocol):
    """Takes messages in and has them answered."""

    async def accept(self, message: InboundMessage) -> Receipt:
        """Keep the message; it is committed on return and its turn is driven in the background."""
        ...

    async def answered(self, receipt: Receipt, *, timeout: float) -> list[Numbered] | None:
        """The events that answered this message; None if there are none within `timeout` seconds."""
        ...


class Channel(Protocol):
    """A way in. Conversation ids of a channel begin with its name and a colon, REST's plain senders apart."""

    @property
    def name(self) -> str: ...

    def routes(self) -> list[web.RouteDef]: ...


class Platform(Channel, Protocol):
    """A channel whose replies are sent through the outbox."""

    async def send(self, delivery: Delivery) -> str | None:
        """Send one reply; the platform's own id of what it took. Raises SendFailed."""
        ...


class SendFailed(Exception):
    """The platform did not take a reply.

    `error` is a short code without personal data. `retry_after` (seconds) is the platform's own wish.
    `permanent`: no later attempt can help.
    """

    def __init__(self, error: str, *, retry_after: float | None = None, permanent: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.retry_after = retry_after
        self.permanent = permanent


class ChannelError(FrontdeskError):
    """A request that a channel does not take."""


class BadRequest(ChannelError):
    """The request is not in the channel's format."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_request", 400, message)


class Unauthorised(ChannelError):
    """The request carries no valid secret."""

    def __init__(self, message: str) -> None:
        super().__init__("unauthorised", 401, message)


class ForeignOrigin(ChannelError):
    """A page of another site called."""

    def __init__(self) -> None:
        super().__init__(
            "foreign_origin", 403, "This page's origin may not connect; add it to the allowed origins."
        )


class TooLarge(ChannelError):
    """The request's body is over the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__("too_large", 413, f"The body is larger than {limit} bytes; send a shorter message.")


class TooFast(ChannelError):
    """One caller sends too much; `wait` seconds later one more is taken."""

    def __init__(self, wait: float) -> None:
        super().__init__("too_fast", 429, "Too many messages at once; wait a moment.")
        self.wait = wait


class Crowded(ChannelError):
    """There is no room for one more page now."""

    def __init__(self) -> None:
        super().__init__("crowded", 503, "Too many pages are open; try again later.")
        self.wait = 10.0


class Misconfigured(ChannelError):
    """A channel's credentials cannot work."""

    def __init__(self, message: str) -> None:
        super().__init__("channel_misconfigured", 422, message)


def from_allowed_page(request: web.Request, origins: Collection[str]) -> bool:
    """Whether the page that calls is ours or listed (`*`: every page is). Browsers always send an origin;
    programs may leave it out and have no cookies to steal.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    listed = "*" in origins or origin in origins
    return not origin or listed or urlsplit(origin).netloc == request.host


async def read_body(request: web.Request, *, limit: int = LARGEST_BODY) -> bytes:
    """The raw body, never more than `limit` bytes of it in memory. Raises TooLarge."""
    if (request.content_length or 0) > limit:
        raise TooLarge(limit)
    body = bytearray()
    async for chunk in request.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > limit:
            raise TooLarge(limit)
    return bytes(body)


def inbound(
    *,
    conversation_id: str,
    channel: str,
    sender: str,
    external_id: str,
    text: str,
    at: float,
    metadata: dict[str, Any] | None = None,
) -> InboundMessage:
    """A customer's message; its seed comes from its id, so that a redelivery is the same message in every
    part.
    """
    return InboundMessage(
        conversation_id=conversation_id,
        channel=channel,
        sender=sender,
        external_id=external_id,
        text=text,
        at=at,
        seed=zlib.crc32(external_id.encode()),
        metadata={key: value for key, value in (metadata or {}).items() if key != OUTSIDE},
    )
