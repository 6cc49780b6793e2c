"""Which Socket.IO session is whose: ids that can be guessed are nobody's, and no id stands in a log.

Knows ids, not connections. In Rasa whoever names a session's id is in that session, and clients may choose
any id. Here an id leads back to its conversation only where it is a secret: a random UUID, as this server
gives and clients that make their own use; or where a signed token says whose it is.
"""

from __future__ import annotations

import hashlib
import re
import uuid

_RANDOM = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE
)
LONGEST = 200  # characters of an id


def issue() -> str:
    """An id with 122 random bits, as Rasa gives it."""
    return uuid.uuid4().hex


def lasting(session: str, owner: str | None) -> bool:
    """Whether the id may lead back to its conversation from another connection. `owner`: whom a token that
    this server verified names.
    """
    return bool(_RANDOM.fullmatch(session)) or (owner is not None and 0 < len(session) <= LONGEST)


def conversation_of(session: str, owner: str | None = None) -> str:
    """The conversation's id. The session's does not follow from it, so that who reads a log cannot enter a
    session; owners with equal session ids are kept apart.
    """
    named = session if owner is None else f"{owner}\0{session}"
    return f"socketio:{hashlib.sha256(named.encode('utf-8', 'backslashreplace')).hexdigest()[:32]}"
