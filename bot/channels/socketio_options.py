"""The `socketio` block of credentials.yml, and what a page's token says.

Knows Rasa's keys and their defaults (rasa/core/channels/socketio.py); not how a page is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from bot.channels.contract import Misconfigured

KEYS: dict[str, Any] = {
    "user_message_evt": "user_uttered",
    "bot_message_evt": "bot_uttered",
    "namespace": "/",
    "session_persistence": False,
    "socketio_path": "/socket.io",
    "metadata_key": "metadata",
    "jwt_key": None,
    "jwt_method": "HS256",
}


@dataclass(frozen=True, slots=True)
class SocketIoOptions:
    """`user_message_evt` and `bot_message_evt` name the events, `metadata_key` where a message's metadata
    is. With `session_persistence` a conversation outlives its connection. With `jwt_key` only pages with a
    token signed by it are let in.
    """

    user_message_evt: str
    bot_message_evt: str
    namespace: str
    session_persistence: bool
    socketio_path: str
    metadata_key: str
    jwt_key: str | None = field(repr=False)
    jwt_method: str

    @classmethod
    def read(cls, block: Mapping[str, Any]) -> SocketIoOptions:
        """The block; what is left out or empty has Rasa's default, but for a key: a page would be let in
        unasked, because a variable is not set. Raises Misconfigured.
        """
        if strange := sorted(block.keys() - KEYS.keys()):
            raise Misconfigured(f"socketio: there is no key `{strange[0]}`. The keys are {', '.join(KEYS)}.")
        if "jwt_key" in block and not str(block["jwt_key"] or "").strip():
            raise Misconfigured(
                "socketio: `jwt_key` is empty, so that nobody would be asked for a token. Set the variable "
                "that it names, or remove the entry to let every page in."
            )
        values = {key: default if block.get(key) is None else block[key] for key, default in KEYS.items()}
        for key, value in values.items():
            wanted = bool if key == "session_persistence" else str
            if value is not None and (not isinstance(value, wanted) or value == ""):
                raise Misconfigured(
                    f"socketio: `{key}` must be {'a text' if wanted is str else 'true or false'}."
                )
        if values["jwt_method"] not in _METHODS:
            raise Misconfigured(f"socketio: `jwt_method` must be one of {', '.join(sorted(_METHODS))}.")
        return cls(**values)

    @property
    def path(self) -> str:
        """Where the library's requests go."""
        return f"/{self.socketio_path.strip('/')}/"

    def owner(self, auth: Any) -> str | None:
        """Whom the page's token names (its `sub`), or "" where it names nobody. None: no valid token."""
        token = auth.get("token") if isinstance(auth, Mapping) else None
        if self.jwt_key is None or not isinstance(token, str):
            return None
        try:
            claims = jwt.decode(token.removeprefix("Bearer "), self.jwt_key, algorithms=[self.jwt_method])
        except jwt.PyJWTError:
            return None
        return str(claims.get("sub") or "")


_METHODS = frozenset(jwt.algorithms.get_default_algorithms()) - {"none"}
