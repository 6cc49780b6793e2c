"""The console as the application mounts it: one table of routes, each with the roles it is for.

Knows how the console's parts are put together; not what any of them does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from bot.addresses import Addresses
from bot.console.conversations import Conversations, TakingUp
from bot.console.explanations import ANSWER, QUERY, Explain, Explanations
from bot.console.limiter import Limiter
from bot.console.live import Live
from bot.console.passwords import Passwords
from bot.console.people import People
from bot.console.policy import ADMINISTRATORS, AGENTS, ANYBODY, READERS, SUPERVISORS, Route, guarded
from bot.console.sessions import Sessions
from bot.dialogue.domain import Domain
from bot.hub import Hub
from bot.store.store import Store

WINDOW = 15 * 60.0
TRIES_BY_BOTH = 10  # for a name from one address
TRIES_BY_NAME = 100  # for a name from anywhere
TRIES_BY_ADDRESS = 50


@dataclass(frozen=True, slots=True)
class Console:
    """Made by `open_console`."""

    people: People
    conversations: Conversations
    explanations: Explanations
    live: Live
    sessions: Sessions

    def table(self) -> list[Route]:
        people, talks = self.people, self.conversations
        return [
            Route("GET", "/console/api/session", ANYBODY, people.session),
            Route("POST", "/console/api/sign-in", ANYBODY, people.sign_in),
            Route("POST", "/console/api/set-up", ANYBODY, people.set_up),
            Route("POST", "/console/api/sign-out", READERS, people.sign_out),
            Route("POST", "/console/api/display-name", READERS, people.rename_me),
            Route("POST", "/console/api/password", READERS, people.change_my_password),
            Route("GET", "/console/api/conversations", READERS, talks.listed),
            Route("GET", "/console/api/conversation", READERS, talks.read),
            Route("GET", "/console/api/explanation", READERS, self.explanations.read, QUERY, ANSWER),
            Route("GET", "/console/api/live", READERS, self.live.connect),
            Route("POST", "/console/api/take-over", AGENTS, talks.take_over),
            Route("POST", "/console/api/say", AGENTS, talks.say),
            Route("POST", "/console/api/hand-back", AGENTS, talks.hand_back),
            Route("POST", "/console/api/review", AGENTS, talks.review),
            Route("GET", "/console/api/audit", SUPERVISORS, people.audit),
            Route("GET", "/console/api/users", ADMINISTRATORS, people.users),
            Route("POST", "/console/api/users", ADMINISTRATORS, people.add_user),
            Route("POST", "/console/api/users/change", ADMINISTRATORS, people.change_user),
        ]

    def routes(self) -> list[web.RouteDef]:
        return [guarded(route, self.sessions) for route in self.table()]

    async def close(self) -> None:
        """Let go of the open pages: for the server's shutdown."""
        await self.live.close()


def open_console(
    store: Store,
    hub: Hub,
    *,
    domain: Callable[[], Domain],
    taking_up: TakingUp,
    explain: Explain,
    push: frozenset[str] = frozenset(),
    https: bool = False,
    passwords: Passwords | None = None,
    addresses: Addresses | None = None,
    clock: Callable[[], float] = time.time,
) -> Console:
    """The console over this store. `domain` gives the running project's, `taking_up` what the bot says
    when it gets a conversation back, `explain` why it read a text as it did. `push` names the channels that
    are answered through the outbox;
    `addresses` tells whose attempts to sign in are counted together.
    """
    hashing = passwords or Passwords()
    sessions = Sessions(
        store,
        hashing,
        by_both=Limiter(TRIES_BY_BOTH, WINDOW, clock),
        by_name=Limiter(TRIES_BY_NAME, WINDOW, clock),
        by_address=Limiter(TRIES_BY_ADDRESS, WINDOW, clock),
        addresses=addresses or Addresses(),
        clock=clock,
        https=https,
    )
    return Console(
        people=People(store, sessions, hashing, clock, domain),
        conversations=Conversations(store, hub, taking_up, push, clock, domain),
        explanations=Explanations(store, explain, clock),
        live=Live(store, hub, sessions, clock),
        sessions=sessions,
    )
