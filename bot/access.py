"""What a call carries to a server that the project names: headers, a query, whose certificates it trusts.

Knows what Rasa makes of the keys (rasa/utils/endpoints.py, EndpointConfig); makes no call.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import hdrs

from bot.project.model import Endpoint


@dataclass(frozen=True, slots=True)
class Access:
    """`trusted` are the authorities whose certificates hold; True: the system's."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    trusted: ssl.SSLContext | bool = True


def access(endpoint: Endpoint | None) -> Access:
    """What calls of this server carry. Raises OSError where its `cafile` is gone since it was read."""
    if endpoint is None:
        return Access()
    headers, params = dict(endpoint.headers), dict(endpoint.params)
    if endpoint.basic_auth:
        headers[hdrs.AUTHORIZATION] = _basic(*endpoint.basic_auth)
    if endpoint.token:
        params[endpoint.token_name] = endpoint.token
    trusted = ssl.create_default_context(cafile=endpoint.cafile) if endpoint.cafile else True
    return Access(headers, params, trusted)


def _basic(username: str, password: str) -> str:
    """RFC 7617, in Latin-1 as Rasa sends it, in UTF-8 where that has no such letters."""
    told = f"{username}:{password}"
    narrow = all(ord(char) < 256 for char in told)
    return "Basic " + base64.b64encode(told.encode("latin-1" if narrow else "utf-8")).decode()
