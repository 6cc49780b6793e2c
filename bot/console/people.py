"""The console's people: the first administrator, signing in and out, one's own name, and the other users.

Knows what each of these requests does; policy.py says who may make it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.console.accounts import (
    create_user,
    display_name,
    first_user,
    parse_role,
    set_display_name,
)
from bot.console.errors import BadInput, NotThere, WrongPassword
from bot.console.passwords import LONGEST, Passwords
from bot.console.policy import Ask
from bot.console.sessions import COOKIE, Sessions
from bot.dialogue.domain import Domain
from bot.dialogue.policy import NEAR
from bot.store.accounts import User
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class People:
    """`domain` gives the running project's: its intents are what a message can be relabelled with."""

    store: Store
    sessions: Sessions
    passwords: Passwords
    clock: Callable[[], float]
    domain: Callable[[], Domain]
    _setting_up: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def session(self, ask: Ask) -> web.Response:
        """Who is signed in, and what the page needs to work."""
        if ask.session is None:
            return web.json_response({"user": None, "set_up": not await self.store.accounts.count()})
        return web.json_response(await self._welcome(ask.session.user, ask.session.csrf))

    async def sign_in(self, ask: Ask) -> web.Response:
        name, password = ask.text("name"), ask.text("password", longest=LONGEST)
        user = await self.sessions.check_password(ask.request, name, password)
        return await self._enter(ask, user, "sign_in")

    async def set_up(self, ask: Ask) -> web.Response:
        """Make the first administrator with the one-time token that the server printed."""
        self.sessions.check_address(ask.request)
        token, name, password = (
            ask.text("token"),
            ask.text("name"),
            ask.text("password", longest=LONGEST),
        )
        async with self._setting_up:
            user = await first_user(self.store, token, name, password, passwords=self.passwords)
        return await self._enter(ask, user, "set_up")

    async def _enter(self, ask: Ask, user: User, verb: str) -> web.Response:
        response, csrf = await self.sessions.start(ask.request, user)
        await self._note(user.name, verb, user.name)
        welcome = web.json_response(await self._welcome(user, csrf))
        welcome.cookies.update(response.cookies)
        return welcome

    async def sign_out(self, ask: Ask) -> web.Response:
        await self.sessions.end(ask.request)
        response = web.json_response({})
        response.del_cookie(COOKIE, path="/console")
        return response

    async def rename_me(self, ask: Ask) -> web.Response:
        """Choose the name customers read."""
        shown = ask.body.get("display_name")
        if not isinstance(shown, str):
            raise BadInput("'display_name' must be a text.")
        await set_display_name(self.store, ask.user, shown)
        return web.json_response({"display_name": await display_name(self.store, ask.user)})

    async def change_my_password(self, ask: Ask) -> web.Response:
        """Needs the old password; ends all of the user's sessions and begins a new one."""
        old = ask.text("old", longest=LONGEST)
        user = await self.sessions.check_password(ask.request, ask.user, old)
        hashed = await self.passwords.hash(ask.text("new", longest=LONGEST))
        if not await self.store.accounts.change(user.name, password_hash=hashed):
            raise WrongPassword
        return await self._enter(ask, user, "change_password")

    async def users(self, ask: Ask) -> web.Response:
        """All users; no hashes."""
        users = await self.store.accounts.all()
        return web.json_response({"users": [await self._user(user) for user in users]})

    async def add_user(self, ask: Ask) -> web.Response:
        user = await create_user(
            self.store,
            ask.text("name"),
            ask.text("role"),
            ask.text("password", longest=LONGEST),
            passwords=self.passwords,
        )
        await self._note(ask.user, "add_user", user.name)
        return web.json_response(await self._user(user), status=201)

    async def change_user(self, ask: Ask) -> web.Response:
        """Give another role, or close or open an account. One's own stays: nobody locks the last door behind
        them.
        """
        name = ask.text("name")
        if name == ask.user:
            raise BadInput("Another administrator must change your own account.")
        role = parse_role(ask.text("role")) if "role" in ask.body else None
        disabled = ask.flag("disabled") if "disabled" in ask.body else None
        if not await self.store.accounts.change(name, role=role, disabled=disabled):
            raise NotThere("There is no user of this name.")
        await self._note(ask.user, "change_user", name)
        return web.json_response({})

    async def audit(self, ask: Ask) -> web.Response:
        """Who read and did what, latest first; `before` is the last id of the page before."""
        before = ask.request.query.get("before", "")
        entries = await self.store.audit.page(
            limit=100, before=int(before) if before.isascii() and before.isdigit() else None
        )
        rows = [
            {"id": e.id, "at": e.at, "actor": e.actor, "verb": e.verb, "subject": e.subject} for e in entries
        ]
        return web.json_response({"entries": rows})

    async def _welcome(self, user: User, csrf: str) -> dict[str, Any]:
        domain = self.domain()
        titles = {intent: dict(domain.intent_titles.get(intent, {})) for intent in sorted(domain.meanings)}
        near = domain.thresholds.answer - NEAR
        return {"user": await self._user(user), "csrf": csrf, "intents": titles, "near": near}

    async def _user(self, user: User) -> dict[str, Any]:
        return {
            "name": user.name,
            "role": user.role,
            "disabled": user.disabled,
            "display_name": await display_name(self.store, user.name),
        }

    async def _note(self, actor: str, verb: str, subject: str) -> None:
        await self.store.audit.note(at=self.clock(), actor=actor, verb=verb, subject=subject)
