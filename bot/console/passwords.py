"""Passwords: hashed with argon2id and checked, away from the event loop.

Knows hashing; not who the password belongs to.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from bot.console.errors import BadInput

SHORTEST = 10
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Passwords:
    """argon2id with RFC 9106's low-memory profile: 64 MiB a check, so at most `at_once` of them."""

    hasher: PasswordHasher = field(
        default_factory=lambda: PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
    )
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def hash(self, password: str) -> str:
        """The password's argon2id string. Raises BadInput for one that is too short or too long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadInput(f"A password has {SHORTEST} to {LONGEST} characters; choose another.")
        async with self.at_once:
            return await asyncio.to_thread(self.hasher.hash, _bytes(password))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password belongs to the hash. Without a hash the work is the same and the answer no."""
        async with self.at_once:
            return await asyncio.to_thread(self._matches, password, stored)

    def _matches(self, password: str, stored: str | None) -> bool:
        if stored is None:
            self.hasher.hash(_bytes(password))
            return False
        try:
            return self.hasher.verify(stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def _bytes(password: str) -> bytes:
    return password[:LONGEST].encode("utf-8", "surrogatepass")
