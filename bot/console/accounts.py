"""Users of the console: how they are made, named to customers, and how the first one gets in.

Knows roles and the rules for names; passwords.py knows hashing. The command line and the API call the same
functions.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from enum import StrEnum

from bot.console.errors import BadInput, NotAllowed
from bot.console.passwords import Passwords
from bot.store.accounts import User
from bot.store.store import Store

SETUP_KEY = "console/setup"
_NAME = re.compile(r"[\w.@+-]{1,64}")


class Role(StrEnum):
    """What a user may do; policy.py says which route asks for which role."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    VIEWER = "viewer"


async def create_user(
    store: Store,
    name: str,
    role: str,
    password: str,
    *,
    display_name: str | None = None,
    passwords: Passwords | None = None,
) -> User:
    """Add a user who can sign in. `display_name` is what customers read.

    Raises BadInput for a name, role or password that cannot be used, NameTaken.
    """
    if not _NAME.fullmatch(name):
        raise BadInput("A name has 1 to 64 letters, digits and . @ + - _; choose another.")
    known = parse_role(role)
    hashed = await (passwords or Passwords()).hash(password)
    user = await store.accounts.add(name, role=known, password_hash=hashed, now=time.time())
    if display_name:
        await set_display_name(store, name, display_name)
    return user


def parse_role(role: str) -> Role:
    """Raises BadInput."""
    try:
        return Role(role)
    except ValueError:
        raise BadInput(f"A role is one of {', '.join(Role)}.") from None


async def set_display_name(store: Store, name: str, display_name: str) -> None:
    """What customers read when this user answers them; empty for no name at all. Raises BadInput."""
    shown = " ".join(display_name.split())
    if len(shown) > 60:
        raise BadInput("A display name has at most 60 characters.")
    await store.settings.put(f"display_name/{name}", shown or None)


async def display_name(store: Store, name: str) -> str | None:
    """What customers read, or None where the user has chosen nothing."""
    shown = await store.settings.get(f"display_name/{name}")
    return shown if isinstance(shown, str) else None


async def setup_token(store: Store) -> str | None:
    """A fresh token for `/console#setup=TOKEN`, voiding the one before; None once somebody can sign in."""
    if await store.accounts.count():
        return None
    token = secrets.token_urlsafe(24)
    await store.settings.put(SETUP_KEY, _digest(token))
    return token


async def first_user(
    store: Store, token: str, name: str, password: str, *, passwords: Passwords | None = None
) -> User:
    """The first administrator, made with the one token there is; it is spent only once the account stands.
    Raises NotAllowed if it is not that token, and what `create_user` raises.
    """
    if await store.accounts.count():
        raise NotAllowed("This set-up link has done its work: somebody can sign in already. Sign in instead.")
    stored = await store.settings.get(SETUP_KEY)
    if not isinstance(stored, str) or not hmac.compare_digest(stored, _digest(token)):
        raise NotAllowed(
            "This set-up link is an old one. Each start of the server prints a new one; open the latest."
        )
    user = await create_user(store, name, Role.ADMINISTRATOR, password, passwords=passwords)
    await store.settings.put(SETUP_KEY, None)
    return user


async def role_of_new(store: Store, wished: str | None) -> str:
    """The wished role, else agent, but administrator as long as nobody can sign in: else nobody could ever
    make another user.
    """
    if wished:
        return wished
    return Role.AGENT if await store.accounts.count() else Role.ADMINISTRATOR


async def has_administrator(store: Store) -> bool:
    """Whether somebody who can sign in may manage the others."""
    return any(user.role == Role.ADMINISTRATOR and not user.disabled for user in await store.accounts.all())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
