"""The console's users and their sessions.

Knows hashes only: a password arrives as an argon2id string, a session token as its digest. Neither is made
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, false, func, insert, select, update

from bot.store.engine import Database, check_id
from bot.store.errors import NameTaken
from bot.store.schema import sessions as s
from bot.store.schema import users as u


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in to the console, unless `disabled`."""

    id: int
    name: str
    role: str
    password_hash: str
    created_at: float
    disabled: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `token_hash` is the digest of its cookie."""

    token_hash: str
    user: User
    csrf: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Accounts:
    """Users and sessions."""

    database: Database

    async def add(self, name: str, *, role: str, password_hash: str, now: float) -> User:
        """Raises NameTaken; UnusableId for the name; ValueError if `password_hash` is no argon2id string."""
        check_id(name)
        _check_hash(password_hash)
        row = {
            "name": name,
            "role": role,
            "password_hash": password_hash,
            "created_at": now,
            "disabled": False,
        }
        return await self.database.write(partial(_add, row))

    async def find(self, name: str) -> User | None:
        """The user of this name, disabled or not."""
        return await self.database.read(partial(_find, name))

    async def all(self) -> list[User]:
        """Every user, by name."""
        return await self.database.read(_all)

    async def count(self) -> int:
        """How many users can sign in (0: the console needs its first)."""
        return await self.database.read(_count)

    async def change(
        self,
        name: str,
        *,
        role: str | None = None,
        password_hash: str | None = None,
        disabled: bool | None = None,
    ) -> bool:
        """Change what is given, end the user's sessions. False if there is no such user.

        Raises ValueError as `add` does.
        """
        if password_hash is not None:
            _check_hash(password_hash)
        given = {"role": role, "password_hash": password_hash, "disabled": disabled}
        values = {key: value for key, value in given.items() if value is not None}
        return await self.database.write(partial(_change, name, values))

    async def sign_in(self, user_id: int, *, token_hash: str, csrf: str, expires_at: float) -> None:
        """Keep a session."""
        row = {"user_id": user_id, "token_hash": token_hash, "csrf": csrf, "expires_at": expires_at}
        await self.database.write(partial(_sign_in, row))

    async def session(self, token_hash: str, *, now: float) -> Session | None:
        """The session, if it has not run out and its user is not disabled."""
        return await self.database.read(partial(_session, token_hash, now))

    async def sign_out(self, token_hash: str) -> None:
        """End a session; no error if there is none."""
        await self.database.write(partial(_sign_out, token_hash))

    async def sweep(self, *, now: float) -> int:
        """Forget the sessions that ran out. How many."""
        return await self.database.write(partial(_sweep, now))


_by_name: Select[Any] = select(u).where(u.c.name == bindparam("name"))
_live = (
    select(u, s.c.csrf, s.c.expires_at)
    .join(s, s.c.user_id == u.c.id)
    .where(s.c.token_hash == bindparam("token"), s.c.expires_at > bindparam("now"), u.c.disabled == false())
)


def _check_hash(password_hash: str) -> None:
    if not password_hash.startswith("$argon2id$"):
        raise ValueError("a password is kept as an argon2id hash only; hash it first")


def _user(row: Any) -> User:
    return User(row.id, row.name, row.role, row.password_hash, row.created_at, row.disabled)


def _add(row: dict[str, Any], connection: Connection) -> User:
    if connection.execute(_by_name, {"name": row["name"]}).one_or_none() is not None:
        raise NameTaken("a user of this name exists; choose another name or change that user")
    number = connection.execute(insert(u).returning(u.c.id), row).scalar_one()
    return User(id=number, **row)


def _find(name: str, connection: Connection) -> User | None:
    row = connection.execute(_by_name, {"name": name}).one_or_none()
    return None if row is None else _user(row)


def _all(connection: Connection) -> list[User]:
    return [_user(row) for row in connection.execute(select(u).order_by(u.c.name))]


def _count(connection: Connection) -> int:
    query = select(func.count()).select_from(u).where(u.c.disabled == false())
    return int(connection.execute(query).scalar_one())


def _change(name: str, values: dict[str, Any], connection: Connection) -> bool:
    row = connection.execute(_by_name, {"name": name}).one_or_none()
    if row is None:
        return False
    if values:
        connection.execute(update(u).where(u.c.id == row.id).values(**values))
    connection.execute(delete(s).where(s.c.user_id == row.id))
    return True


def _sign_in(row: dict[str, Any], connection: Connection) -> None:
    connection.execute(insert(s), row)


def _session(token_hash: str, now: float, connection: Connection) -> Session | None:
    row = connection.execute(_live, {"token": token_hash, "now": now}).one_or_none()
    return None if row is None else Session(token_hash, _user(row), row.csrf, row.expires_at)


def _sign_out(token_hash: str, connection: Connection) -> None:
    connection.execute(delete(s).where(s.c.token_hash == token_hash))


def _sweep(now: float, connection: Connection) -> int:
    return connection.execute(delete(s).where(s.c.expires_at <= now)).rowcount
