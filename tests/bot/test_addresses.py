"""Whom a request counts for: the peer, or what a trusted proxy says of it, and nobody else's word."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.addresses import Addresses

BEHIND = Addresses((ip_network("127.0.0.1"), ip_network("10.0.0.0/8")))


def request(peer: str, *forwarded: str) -> web.Request:
    """One header for each of `forwarded`."""
    headers = CIMultiDict([("X-Forwarded-For", value) for value in forwarded])
    return make_mocked_request("GET", "/", headers=headers).clone(remote=peer)


@pytest.mark.parametrize(
    ("peer", "forwarded", "key"),
    [
        ("9.9.9.9", (), "9.9.9.9"),
        ("9.9.9.9", ("1.1.1.1",), "9.9.9.9"),  # anybody may write a header
        ("127.0.0.1", ("1.1.1.1",), "1.1.1.1"),
        ("127.0.0.1", ("8.8.8.8, 1.1.1.1",), "1.1.1.1"),  # what stands first the caller wrote
        ("127.0.0.1", ("8.8.8.8", "1.1.1.1, 10.1.2.3"), "1.1.1.1"),  # two proxies, two headers
        ("127.0.0.1", ("nonsense",), "127.0.0.1"),
        ("127.0.0.1", ("1.1.1.1, nonsense",), "127.0.0.1"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("::ffff:127.0.0.1", ("1.1.1.1",), "1.1.1.1"),
        ("127.0.0.1", ("2606:4700::1:2",), "2606:4700::"),
        ("2606:4700:0:0:ffff::9", (), "2606:4700::"),  # a site's addresses count as one
        ("", (), ""),
    ],
)
def test_the_last_address_that_is_no_trusted_proxy_counts(
    peer: str, forwarded: tuple[str, ...], key: str
) -> None:
    assert BEHIND.key(request(peer, *forwarded)) == key


def test_without_proxies_nobodys_word_is_taken() -> None:
    assert Addresses().key(request("127.0.0.1", "1.1.1.1")) == "127.0.0.1"


@pytest.mark.parametrize("own", ["127.0.0.1", "10.1.1.1", "192.168.1.1", "172.18.0.1", "::1", "fd00::1", ""])
def test_ones_own_network_is_no_stranger(own: str) -> None:
    assert Addresses().stranger(request(own)) is None


def test_the_open_internet_is_a_stranger_behind_a_proxy_too() -> None:
    assert Addresses().stranger(request("9.9.9.9")) == "9.9.9.9"
    assert BEHIND.stranger(request("127.0.0.1", "9.9.9.9")) == "9.9.9.9"
