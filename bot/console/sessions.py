"""Who is asking: sign-in, the session's cookie, and the token that shows a request comes from our own page.

Knows cookies and sessions; not what a user may do (policy).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from bot.addresses import Addresses
from bot.console.errors import NotAllowed, NotSignedIn, TooManyAttempts, WrongPassword
from bot.console.limiter import Limiter
from bot.console.passwords import Passwords
from bot.store.accounts import Session, User
from bot.store.store import Store

COOKIE = "frontdesk_console"
CSRF_HEADER = "X-CSRF-Token"


@dataclass(frozen=True, slots=True)
class Sessions:
    """`https`: the console is reached by https, perhaps through a proxy, so that cookies are marked Secure.
    `lasts`: seconds of a session.

    `by_both` counts attempts for a name from one address, so that a stranger's guesses do not lock its owner
    out elsewhere; `by_name`, from anywhere, stops who guesses from many addresses.
    """

    store: Store
    passwords: Passwords
    by_both: Limiter
    by_name: Limiter
    by_address: Limiter
    addresses: Addresses
    clock: Callable[[], float]
    https: bool = False
    lasts: float = 12 * 3600

    async def check_password(self, request: web.Request, name: str, password: str) -> User:
        """The user of this name and password. Raises WrongPassword, TooManyAttempts."""
        counted = self._count(request, name)
        user = await self.store.accounts.find(name)
        usable = user if user and not user.disabled else None
        matches = await self.passwords.matches(password, usable.password_hash if usable else None)
        if usable is None or not matches:
            raise WrongPassword
        for limiter, key in counted:
            limiter.forgive(key)
        return usable

    def check_address(self, request: web.Request) -> None:
        """Count an attempt that names nobody. Raises TooManyAttempts."""
        self._count(request, None)

    def _count(self, request: web.Request, name: str | None) -> list[tuple[Limiter, str]]:
        """Every attempt counts before it is looked at, or a burst would slip through. By what it counted."""
        address = self.addresses.key(request)
        limits = [(self.by_address, address)]
        if name is not None:
            limits += [(self.by_both, f"{address} {name}"), (self.by_name, name)]
        wait = max(limiter.wait(key) for limiter, key in limits)
        if wait > 0:
            raise TooManyAttempts(wait)
        for limiter, key in limits:
            limiter.count(key)
        return limits

    async def start(self, request: web.Request, user: User) -> tuple[web.Response, str]:
        """A new session, never the browser's old one: the response that carries its cookie, and its CSRF
        token. Sessions of anybody's that ran out are forgotten on this occasion.
        """
        await self.end(request)
        await self.store.accounts.sweep(now=self.clock())
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        await self.store.accounts.sign_in(
            user.id, token_hash=_digest(token), csrf=csrf, expires_at=self.clock() + self.lasts
        )
        response = web.Response()
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(self.lasts),
            path="/console",
            secure=self.https or request.secure,
            httponly=True,
            samesite="Lax",
        )
        return response, csrf

    async def find(self, request: web.Request) -> Session | None:
        """The session of the request's cookie, if it is still good."""
        token = request.cookies.get(COOKIE)
        return await self.store.accounts.session(_digest(token), now=self.clock()) if token else None

    async def need(self, request: web.Request) -> Session:
        """Raises NotSignedIn."""
        session = await self.find(request)
        if session is None:
            raise NotSignedIn
        return session

    async def end(self, request: web.Request) -> None:
        """Sign out whoever is signed in."""
        token = request.cookies.get(COOKIE)
        if token:
            await self.store.accounts.sign_out(_digest(token))

    @staticmethod
    def check_csrf(session: Session, given: str) -> None:
        """Raises NotAllowed unless `given` is the session's token."""
        if not hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode()):
            raise NotAllowed(f"The {CSRF_HEADER} header is missing or wrong; reload the page.")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
