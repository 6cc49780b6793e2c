"""What `endpoints.yml` says of headers, query, passwords and certificates reaches the servers that it names.

The servers are real ones on real ports, one of them with a certificate of an authority of its own.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.access import access
from bot.action_client import ActionClient
from bot.cli.actions import kept_running
from bot.config import read_settings
from bot.dialogue.conversation import Conversation
from bot.dialogue.ports import ActionCall, ActionError, SayRequest
from bot.errors import ProjectError
from bot.project.load import load_project
from bot.project.model import Endpoint
from bot.response_server import ResponseServer
from tests.bot.dialogue.small_bot import DOMAIN

CALL = ActionCall("action_assess", Conversation("c"), (), "key")
REQUEST = SayRequest("utter_bye", None, {}, Conversation("c"), (), "rest")


@dataclass
class Heard:
    """A server for both protocols, and what it was asked with."""

    requests: list[web.BaseRequest] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.requests.append(request)
        return web.json_response({"events": [], "responses": [], "text": "Bye."})


@asynccontextmanager
async def listening(heard: Heard, trusted: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The server's address."""
    app = web.Application()
    app.router.add_post("/door", heard.answer)
    server = TestServer(app, scheme="https" if trusted else "http", host="127.0.0.1")
    await server.start_server(ssl=trusted)
    try:
        yield str(server.make_url("/door"))
    finally:
        await server.close()


def endpoints_of(folder: Path, text: str, **environ: str) -> tuple[Endpoint | None, Endpoint | None]:
    (folder / "domain.yml").write_text("intents: [greet]\n", encoding="utf-8")
    (folder / "endpoints.yml").write_text(text, encoding="utf-8")
    settings = load_project(folder, environ=environ).settings
    return settings.action_endpoint, settings.response_endpoint


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(ProjectError) as refused:
        endpoints_of(folder, text)
    return [str(finding) for finding in refused.value.findings if "error" in str(finding)]


async def ask_both(action: Endpoint | None, response: Endpoint | None) -> None:
    assert action and response
    async with aiohttp.ClientSession() as session:
        await ActionClient(session, action.url, DOMAIN, 5.0, access(action)).run(CALL, [])
        await ResponseServer(session, response.url, DOMAIN, 5.0, access(response)).say(REQUEST, [])


BOTH: Callable[[str, str], str] = lambda url, more: "".join(  # noqa: E731
    f"{name}:\n  url: {url}\n{more}" for name in ("action_endpoint", "nlg")
)


async def test_headers_and_query_go_with_every_call(tmp_path: Path) -> None:
    heard = Heard()
    more = (
        "  headers: {X-Api-Key: '${KEY}', X-Tries: 5}\n  params: {lang: en, flag: true}\n"
        "  token: ${TOKEN}\n  token_name: access\n"
    )
    async with listening(heard) as url:
        await ask_both(*endpoints_of(tmp_path, BOTH(f"{url}?of=url", more), KEY="k é", TOKEN="t&1"))
    assert len(heard.requests) == 2
    for request in heard.requests:
        assert dict(request.query) == {"of": "url", "lang": "en", "flag": "true", "access": "t&1"}
        assert (request.headers["X-Api-Key"], request.headers["X-Tries"]) == ("k é", "5")
        assert request.headers["Content-Type"] == "application/json"
    assert heard.requests[0].headers["Idempotency-Key"] == "key"


async def test_a_token_is_sent_under_rasas_own_name(tmp_path: Path) -> None:
    heard = Heard()
    async with listening(heard) as url:
        await ask_both(*endpoints_of(tmp_path, BOTH(url, "  token: t\n")))
    assert [dict(request.query) for request in heard.requests] == [{"token": "t"}] * 2
    assert not any("Authorization" in request.headers for request in heard.requests)


async def test_a_password_goes_as_basic_authentication(tmp_path: Path) -> None:
    heard = Heard()
    more = "  basic_auth:\n    username: bot\n    password: ${PASSWORD}\n"
    async with listening(heard) as url:
        await ask_both(*endpoints_of(tmp_path, BOTH(url, more), PASSWORD="pass:wört"))
    given = [request.headers["Authorization"].removeprefix("Basic ") for request in heard.requests]
    assert [base64.b64decode(each).decode("latin-1") for each in given] == ["bot:pass:wört"] * 2


async def test_nothing_of_it_shows_in_what_is_printed(tmp_path: Path) -> None:
    more = "  token: s3cret\n  headers: {A: s3cret}\n  basic_auth: {username: u, password: s3cret}\n"
    action, _ = endpoints_of(tmp_path, BOTH("http://a/b", more))
    assert "s3cret" not in repr(action) + repr(access(action))


async def test_a_server_with_an_authority_of_its_own_is_trusted_by_its_cafile(tmp_path: Path) -> None:
    heard, server = Heard(), authority(tmp_path / "ca.pem")
    async with listening(heard, server) as url:
        await ask_both(*endpoints_of(tmp_path, BOTH(url, "  cafile: ca.pem\n")))
        await ask_both(*endpoints_of(tmp_path, BOTH(url, f"  cafile: {tmp_path / 'ca.pem'}\n")))
        assert len(heard.requests) == 4
        with pytest.raises(ActionError, match="unreachable"):
            await ask_both(*endpoints_of(tmp_path, BOTH(url, "")))
        authority(tmp_path / "other.pem")
        with pytest.raises(ActionError, match="unreachable"):
            await ask_both(*endpoints_of(tmp_path, BOTH(url, "  cafile: other.pem\n")))
    assert len(heard.requests) == 4


async def test_a_server_of_this_machine_with_a_certificate_is_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "actions.py").write_text("")
    url = "https://localhost:9/webhook"
    endpoints_of(tmp_path, f"action_endpoint: {{url: '{url}'}}\n")
    async with kept_running(load_project(tmp_path), read_settings(tmp_path, environment={})) as kept:
        assert (kept.url, kept.keeper) == (url, None)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("  cafile: none.pem\n", "endpoints.yml:3: error: action_endpoint.cafile cannot be read"),
        ("  cafile: domain.yml\n", "endpoints.yml:3: error: action_endpoint.cafile holds no certificate"),
        ("  headers: {A: '${UNSET}'}\n", "endpoints.yml:3: error: action_endpoint.headers.A is empty"),
        ('  headers: {A: "one\\ntwo"}\n', "endpoints.yml:3: error: action_endpoint.headers.A cannot be sent"),
        ("  headers: {A B: c}\n", "endpoints.yml:3: error: action_endpoint.headers.A B cannot be sent"),
        ("  params: {a: '${UNSET}'}\n", "endpoints.yml:3: error: action_endpoint.params.a is empty"),
        ("  basic_auth: {username: u}\n", "error: action_endpoint.basic_auth has no password"),
        ("  basic_auth: {username: 'a:b', password: p}\n", "username cannot hold a colon"),
        (
            "  basic_auth: {username: u, password: p}\n  headers: {authorization: x}\n",
            "endpoints.yml:4: error: action_endpoint has both `basic_auth` and the header `authorization`",
        ),
    ],
)
def test_what_cannot_be_sent_is_an_error_with_its_line(tmp_path: Path, more: str, expected: str) -> None:
    told = complaints(tmp_path, f"action_endpoint:\n  url: http://a/b\n{more}")
    assert len(told) == 1 and expected in told[0]


def authority(path: Path) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1, which an authority signed whose own lies at
    `path`.
    """
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ours = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of our own")])
    theirs = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A server")])
    signed = certificate(ours, ours, root, root, x509.BasicConstraints(ca=True, path_length=0))
    where = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    chain = path.with_suffix(".server")
    chain.write_bytes(
        certificate(theirs, ours, key, root, where).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(extension, critical=True)
        .sign(signer, hashes.SHA256())
    )
