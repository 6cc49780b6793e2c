"""Who a visitor of the chat page is: a random id that only this server can have issued.

Knows the token's making and checking; not where a browser keeps it. The token is a secret: it travels in
frames, never in an address. The conversation's id follows from it and is none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

_ID_BYTES = 16
_MAC_BYTES = 32


@dataclass(frozen=True, slots=True)
class Visitors:
    """Issues and recognises visitors' tokens: 128 random bits and their HMAC-SHA256 under the server's
    secret.
    """

    secret: bytes

    def issue(self) -> str:
        """A token for a visitor who has none."""
        visitor = secrets.token_bytes(_ID_BYTES)
        return base64.urlsafe_b64encode(visitor + self._mac(visitor)).decode()

    def recognise(self, token: str) -> str | None:
        """The visitor's id, or None for a token that this server did not issue."""
        try:
            raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != _ID_BYTES + _MAC_BYTES:
            return None
        visitor, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
        return visitor.hex() if hmac.compare_digest(mac, self._mac(visitor)) else None

    def _mac(self, visitor: bytes) -> bytes:
        return hmac.digest(self.secret, b"frontdesk visitor\0" + visitor, hashlib.sha256)
