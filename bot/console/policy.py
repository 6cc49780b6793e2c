"""Who may do what: every route names its roles, and one guard stands before all of them.

Knows roles, CSRF and the shape of requests; not what a route does. A route without roles is open to
everybody.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from bot.console.accounts import Role
from bot.console.errors import BadInput, NotAllowed, NotSignedIn
from bot.console.sessions import CSRF_HEADER, Sessions
from bot.store.accounts import Session

LARGEST_BODY = 64 * 1024
ANYBODY: frozenset[Role] = frozenset()
READERS = frozenset(Role)
AGENTS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AGENT})
SUPERVISORS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that may be carried out. `body` is its JSON object, empty for GET."""

    request: web.Request
    session: Session | None
    body: dict[str, Any]

    @property
    def signed_in(self) -> Session:
        """The session. Raises NotSignedIn, which the guard has made impossible on a route with roles."""
        if self.session is None:
            raise NotSignedIn
        return self.session

    @property
    def user(self) -> str:
        """The signed-in user's name."""
        return self.signed_in.user.name

    @property
    def role(self) -> str:
        return self.signed_in.user.role

    def text(self, key: str, *, longest: int = 512) -> str:
        """A text of the body. Raises BadInput."""
        value = self.body.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise BadInput(f"'{key}' must be a text of 1 to {longest} characters.")
        return value

    def number(self, key: str) -> int:
        """A whole number of the body, 0 or more. Raises BadInput."""
        value = self.body.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
            raise BadInput(f"'{key}' must be a whole number.")
        return value

    def flag(self, key: str) -> bool:
        """A true or false of the body; absent is false. Raises BadInput."""
        value = self.body.get(key, False)
        if not isinstance(value, bool):
            raise BadInput(f"'{key}' must be true or false.")
        return value


Handler = Callable[[Ask], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table: what is asked, who may, and what carries it out. `query` and `answer` are JSON
    schemas for OpenAPI, where they are written down.
    """

    method: str
    path: str
    roles: frozenset[Role]
    handle: Handler
    query: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] | None = None


def guarded(route: Route, sessions: Sessions) -> web.RouteDef:
    """The route behind its guard: sign-in, role, same origin and CSRF token are checked before anything
    else.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        check_origin(request)
        session = await sessions.need(request) if route.roles else await sessions.find(request)
        if session and route.roles and session.user.role not in route.roles:
            raise NotAllowed("Your role does not include this.")
        if session and route.roles and route.method != hdrs.METH_GET:
            sessions.check_csrf(session, request.headers.get(CSRF_HEADER, ""))
        body = {} if route.method == hdrs.METH_GET else await _read_json(request)
        response = await route.handle(Ask(request, session, body))
        if not response.prepared:
            response.headers[hdrs.CACHE_CONTROL] = "no-store"
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    # What OpenAPI tells of the route: its own name and sentence, not the guard's.
    handle.__name__, handle.__doc__ = getattr(route.handle, "__name__", "handle"), route.handle.__doc__
    handle.__dict__.update(query=route.query, answer=route.answer)
    return web.route(route.method, route.path, handle)


def check_origin(request: web.Request) -> None:
    """Raises NotAllowed for a request that a page of another site makes."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin and urlsplit(origin).netloc != request.host:
        raise NotAllowed("The console answers only its own pages.")


async def _read_json(request: web.Request) -> dict[str, Any]:
    """A form of another site cannot send this content type, which is half of the defence at sign-in."""
    if request.content_type != "application/json":
        raise BadInput("The request must be JSON (Content-Type: application/json).")
    raw = await request.content.read(LARGEST_BODY + 1)
    while len(raw) <= LARGEST_BODY and (chunk := await request.content.read(LARGEST_BODY)):
        raw += chunk
    if len(raw) > LARGEST_BODY:
        raise BadInput(f"The request is larger than {LARGEST_BODY} bytes.")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadInput("The request is not JSON.") from None
    if not isinstance(body, dict):
        raise BadInput("The request must be a JSON object.")
    return body
