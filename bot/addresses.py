"""Where a request comes from: the peer's address, or what a proxy that is trusted says of its own peer.

Knows addresses and X-Forwarded-For; not what is limited by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import hdrs, web

Network = IPv4Network | IPv6Network
SITE = 64  # bits of an IPv6 address that name a site: within it addresses cost nothing


@dataclass(frozen=True, slots=True)
class Addresses:
    """`proxies`: networks whose X-Forwarded-For is believed. Without any, a peer is whom it is."""

    proxies: tuple[Network, ...] = ()

    def key(self, request: web.Request) -> str:
        """What attempts are counted by: the caller's address, of an IPv6 address its site."""
        return _site(self._caller(request))

    def stranger(self, request: web.Request) -> str | None:
        """The key of a caller from the open internet; None for this machine and one's own network."""
        caller = self._caller(request)
        return _site(caller) if caller is not None and caller.is_global else None

    def _caller(self, request: web.Request) -> IPv4Address | IPv6Address | None:
        """The last address on the way that is no trusted proxy: what stands before it anybody may write."""
        caller = _parse(request.remote or "")
        passed = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, [])).split(",")
        for given in reversed(passed):
            if caller is None or not any(caller in proxy for proxy in self.proxies):
                break
            before = _parse(given.strip())
            if before is None:
                break
            caller = before
        return caller


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """An address; one of IPv4 in IPv6's clothes is IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _site(address: IPv4Address | IPv6Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address), SITE), strict=False).network_address)
    return str(address or "")
