"""The edge every request passes: errors become one JSON shape, no stack trace leaves, and what is logged of a
request names nobody.

Knows errors, headers and the requests' log; no route.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.abc import AbstractAccessLogger

from bot.errors import FrontdeskError, place_of

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WORDS = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The body is too large; send less.",
}


class RequestLog(AbstractAccessLogger):
    """One line a request, by its route: an address may hold a token, and name a customer."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """`time` in seconds."""
        route = request.match_info.route.resource if isinstance(request, web.Request) else None
        path = route.canonical if route else "(no route)"
        self.logger.info("%s %s %d %.3f s", request.method, path, response.status, time)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever a handler raises, the client gets `{"error": {"code", "message"}}` and a fitting status."""
    try:
        return await handler(request)
    except FrontdeskError as error:
        headers = {} if error.wait is None else {hdrs.RETRY_AFTER: str(math.ceil(error.wait))}
        return web.json_response(error.to_json(), status=error.status, headers=headers)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _refusal(error.status, f"http_{error.status}", _WORDS.get(error.status, error.reason))
    except Exception as error:  # the last line of defence; an error's message may quote a customer
        log.error("%s %s failed: %s", request.method, request.rel_url.path, place_of(error))
        return _refusal(500, "internal", "Something went wrong on our side. It has been noted.")


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Headers that every response carries; pages add their own policy."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


def _refusal(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
