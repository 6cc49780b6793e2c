"""Who gets in and what each role may do, cell by cell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.console.accounts import Role, create_user, setup_token
from bot.console.errors import BadInput
from bot.console.limiter import Limiter
from bot.console.sessions import COOKIE
from tests.bot.channels.small_server import CHEAP, SmallServer, small_server
from tests.bot.console.browser import PASSWORD, Browser, anonymous, customer_says
from tests.bot.console.conftest import SignIn

EVERYBODY = {"administrator", "supervisor", "agent", "viewer"}
AGENTS = EVERYBODY - {"viewer"}

# What each route asks for, written down a second time: a changed table must be meant.
MATRIX: dict[tuple[str, str], set[str]] = {
    ("GET", "session"): EVERYBODY | {"nobody"},
    ("POST", "sign-in"): EVERYBODY | {"nobody"},
    ("POST", "set-up"): EVERYBODY | {"nobody"},
    ("POST", "sign-out"): EVERYBODY,
    ("POST", "display-name"): EVERYBODY,
    ("POST", "password"): EVERYBODY,
    ("GET", "conversations"): EVERYBODY,
    ("GET", "conversation"): EVERYBODY,
    ("GET", "explanation"): EVERYBODY,
    ("GET", "live"): EVERYBODY,
    ("POST", "take-over"): AGENTS,
    ("POST", "say"): AGENTS,
    ("POST", "hand-back"): AGENTS,
    ("POST", "review"): AGENTS,
    ("GET", "audit"): {"administrator", "supervisor"},
    ("GET", "users"): {"administrator"},
    ("POST", "users"): {"administrator"},
    ("POST", "users/change"): {"administrator"},
}
BEYOND_THE_GUARD = ("bad_input", "not_found", "no_such_conversation", "wrong_password", "http_400")


def test_the_matrix_names_every_route(server: SmallServer) -> None:
    table = {(route.method, route.path.removeprefix("/console/api/")) for route in server.console.table()}
    assert table == set(MATRIX)


@pytest.mark.parametrize("role", [*sorted(EVERYBODY), "nobody"])
async def test_each_role_may_do_what_the_matrix_says(
    server: SmallServer, sign_in: SignIn, stranger: Browser, role: str
) -> None:
    browser = stranger if role == "nobody" else await sign_in("u", role)
    for (method, path), roles in MATRIX.items():
        if path in ("sign-out", "sign-in"):
            continue
        response = await (browser.get(path) if method == "GET" else browser.post(path))
        answer = await response.json() if response.content_type == "application/json" else {}
        code = answer.get("error", {}).get("code")
        if role in roles:
            assert response.status < 300 or code in BEYOND_THE_GUARD or path == "live", (path, code)
        else:
            wanted = (401, "not_signed_in") if role == "nobody" else (403, "not_allowed")
            assert (response.status, code) == wanted, path


async def test_a_change_needs_the_sessions_token(server: SmallServer, sign_in: SignIn) -> None:
    await customer_says(server, "human")
    browser, right = await sign_in("eve", "administrator"), ""
    right, others = browser.csrf, (await sign_in("max", "agent")).csrf
    for wrong in ("", "x", right[:-1], right.upper(), others, "é"):
        browser.csrf = wrong.encode("utf-8").decode("latin-1")
        for method, path in MATRIX:
            if method == "POST" and path not in ("sign-in", "set-up"):
                assert (await browser.post(path, conversation="ann")).status == 403, (path, wrong)
    found = await server.store.queue.find("ann")
    assert found is not None and found.standing.holder == "queue"
    browser.csrf = right
    assert (await browser.post("take-over", conversation="ann")).status == 200


async def test_other_sites_cannot_call_even_with_the_cookie(server: SmallServer, sign_in: SignIn) -> None:
    browser = await sign_in("eve", "agent")
    evil = {"Origin": "https://evil.example", "X-CSRF-Token": browser.csrf}
    url = f"{browser.origin}/console/api/"
    assert (await browser.http.get(url + "conversations", headers=evil)).status == 403
    assert (await browser.http.post(url + "sign-out", json={}, headers=evil)).status == 403
    assert (await browser.http.get(url + "live", headers=evil)).status == 403
    form = await browser.http.post(url + "sign-in", data={"name": "eve", "password": PASSWORD})
    assert (form.status, (await form.json())["error"]["code"]) == (400, "bad_input")


async def test_the_cookie_is_kept_from_scripts_and_other_sites(server: SmallServer, sign_in: SignIn) -> None:
    browser = await sign_in("eve", "agent")
    response = await browser.sign_in("eve")
    header = response.headers["Set-Cookie"]
    assert header.startswith(f"{COOKIE}=")
    assert "HttpOnly" in header and "SameSite=Lax" in header and "Path=/console" in header


async def test_the_cookie_stays_off_plain_http_where_the_console_is_reached_by_https(tmp_path: Path) -> None:
    async with small_server(tmp_path, https=True) as server:
        await create_user(server.store, "eve", Role.AGENT, PASSWORD, passwords=CHEAP)
        stranger = anonymous(server)
        response = await stranger.sign_in("eve")
        assert "; Secure" in response.headers["Set-Cookie"]
        await stranger.http.close()


async def test_a_new_sign_in_ends_the_session_before(server: SmallServer, sign_in: SignIn) -> None:
    browser = await sign_in("eve", "agent")
    old = {cookie.key: cookie.value for cookie in browser.http.cookie_jar}
    await browser.sign_in("eve")
    reused = await server.client.get("/console/api/conversations", cookies=old)
    assert reused.status == 401
    assert (await browser.get("conversations")).status == 200


async def test_signing_out_ends_the_session_on_the_server(server: SmallServer, sign_in: SignIn) -> None:
    browser = await sign_in("eve", "agent")
    old = {cookie.key: cookie.value for cookie in browser.http.cookie_jar}
    await browser.post("sign-out")
    assert (await server.client.get("/console/api/conversations", cookies=old)).status == 401


async def test_does_not_tell_a_wrong_name_from_a_wrong_password(
    server: SmallServer, sign_in: SignIn, stranger: Browser
) -> None:
    admin = await sign_in("eve", "administrator")
    await sign_in("max", "agent")
    await admin.post("users/change", name="max", disabled=True)
    answers = [
        await stranger.sign_in("eve", "wrong password"),
        await stranger.sign_in("nobody", "wrong password"),
        await stranger.sign_in("max"),
    ]
    assert {(a.status, await a.text()) for a in answers} == {(401, await answers[0].text())}


async def test_checks_ten_of_a_thousand_guesses(server: SmallServer, stranger: Browser) -> None:
    await create_user(server.store, "eve", Role.AGENT, PASSWORD, passwords=CHEAP)
    statuses = [(await stranger.sign_in("eve", f"guess {n}")).status for n in range(30)]
    assert statuses == [401] * 10 + [429] * 20
    assert (await stranger.sign_in("eve")).status == 429
    others = [(await stranger.sign_in(f"name{n}", "guess")).status for n in range(60)]
    assert others.count(401) == 40 and others[-1] == 429


async def test_a_strangers_guesses_lock_nobody_out_elsewhere(server: SmallServer, stranger: Browser) -> None:
    await create_user(server.store, "eve", Role.AGENT, PASSWORD, passwords=CHEAP)
    stranger.address = "9.9.9.9"
    assert [(await stranger.sign_in("eve", "guess")).status for _ in range(12)] == [401] * 10 + [429] * 2
    stranger.address = "1.1.1.1"
    assert (await stranger.sign_in("eve")).status == 200


async def test_guesses_from_many_addresses_are_stopped_by_the_name(
    server: SmallServer, stranger: Browser
) -> None:
    await create_user(server.store, "eve", Role.AGENT, PASSWORD, passwords=CHEAP)
    statuses = []
    for number in range(11 * 10):
        stranger.address = f"9.9.{number // 10}.9"
        statuses.append((await stranger.sign_in("eve", "guess")).status)
    assert statuses == [401] * 100 + [429] * 10


async def test_a_refused_attempt_says_when_to_come_back(server: SmallServer, stranger: Browser) -> None:
    for _ in range(10):
        await stranger.sign_in("eve", "guess")
    assert 0 < int((await stranger.sign_in("eve", "guess")).headers["Retry-After"]) <= 15 * 60


async def test_sessions_that_ran_out_are_forgotten_at_the_next_sign_in(
    server: SmallServer, sign_in: SignIn
) -> None:
    await sign_in("eve", "agent")
    eve = await server.store.accounts.find("eve")
    assert eve is not None
    for name, until in (("old", 1.0), ("older", 0.5)):
        await server.store.accounts.sign_in(eve.id, token_hash=name, csrf="c", expires_at=until)
    browser = await sign_in("max", "agent")
    assert await server.store.accounts.sweep(now=2.0) == 0
    assert (await browser.get("conversations")).status == 200


@settings(deadline=None)
@given(st.lists(st.floats(0, 30), max_size=80))
def test_no_window_holds_more_attempts_than_allowed(steps: list[float]) -> None:
    now, passed = 0.0, []
    limiter = Limiter(most=5, window=60.0, clock=lambda: now)
    for step in steps:
        now += step
        if not limiter.wait("k"):
            limiter.count("k")
            passed.append(now)
    for start in passed:
        assert sum(start <= at < start + 60.0 for at in passed) <= 5


async def test_a_role_change_or_a_lock_ends_sessions(server: SmallServer, sign_in: SignIn) -> None:
    admin, agent = await sign_in("eve", "administrator"), await sign_in("max", "agent")
    assert (await admin.post("users/change", name="max", role="viewer")).status == 200
    assert (await agent.get("conversations")).status == 401
    await agent.sign_in("max")
    assert (await agent.post("take-over", conversation="x")).status == 403
    assert (await admin.post("users/change", name="eve", role="viewer")).status == 400
    assert (await admin.post("users/change", name="who", role="viewer")).status == 404
    assert (await admin.post("users/change", name="max", role="king")).status == 400


async def test_an_administrator_adds_users(server: SmallServer, sign_in: SignIn, stranger: Browser) -> None:
    admin = await sign_in("eve", "administrator")
    added = await admin.post("users", name="李雷", role="agent", password=PASSWORD)
    assert added.status == 201
    assert (await admin.post("users", name="李雷", role="agent", password=PASSWORD)).status == 409
    assert (await admin.post("users", name="a b", role="agent", password=PASSWORD)).status == 400
    assert (await admin.post("users", name="bob", role="agent", password="short")).status == 400
    assert (await stranger.sign_in("李雷")).status == 200
    listed = await (await admin.get("users")).text()
    assert "argon2" not in listed and PASSWORD not in listed


async def test_changes_ones_own_password(server: SmallServer, sign_in: SignIn, stranger: Browser) -> None:
    browser = await sign_in("eve", "viewer")
    assert (await browser.post("password", old="wrong one!", new="another long one")).status == 401
    assert (await browser.post("password", old=PASSWORD, new="another long one")).status == 200
    assert (await browser.get("conversations")).status == 200
    assert (await stranger.sign_in("eve")).status == 401
    assert (await stranger.sign_in("eve", "another long one")).status == 200


async def test_the_first_administrator_comes_in_by_a_link_that_works_once(
    server: SmallServer, stranger: Browser
) -> None:
    assert (await (await stranger.get("session")).json()) == {"user": None, "set_up": True}
    old, token = await setup_token(server.store), await setup_token(server.store)
    assert token and old != token
    assert token not in repr(await server.store.settings.get("console/setup"))
    for wrong in (old, "", "x", token + "x"):
        refused = await stranger.post("set-up", token=wrong, name="eve", password=PASSWORD)
        assert refused.status in (400, 403)
    assert (await stranger.post("set-up", token=token, name="eve", password="short")).status == 400
    done = await stranger.post("set-up", token=token, name="eve", password=PASSWORD)
    assert (await done.json())["user"]["role"] == "administrator"
    again = await stranger.post("set-up", token=token, name="max", password=PASSWORD)
    assert (again.status, await setup_token(server.store)) == (403, None)


@pytest.mark.parametrize("given", [{"password": "short"}, {"name": "Mia Meyer"}, {"password": "x" * 201}])
async def test_a_slip_in_the_form_leaves_the_link_good(
    server: SmallServer, stranger: Browser, given: dict[str, str]
) -> None:
    token = await setup_token(server.store)
    right = {"token": token, "name": "mia", "password": PASSWORD}
    assert (await stranger.post("set-up", **{**right, **given})).status == 400
    assert (await stranger.post("set-up", **right)).status == 200


async def test_a_name_that_is_taken_leaves_the_link_good(server: SmallServer, stranger: Browser) -> None:
    await create_user(server.store, "mia", Role.AGENT, PASSWORD, passwords=CHEAP)
    await server.store.accounts.change("mia", disabled=True)
    token = await setup_token(server.store)
    assert (await stranger.post("set-up", token=token, name="mia", password=PASSWORD)).status == 409
    assert (await stranger.post("set-up", token=token, name="max", password=PASSWORD)).status == 200


async def test_a_link_that_does_nothing_says_why(server: SmallServer, stranger: Browser) -> None:
    old = await setup_token(server.store)
    await setup_token(server.store)
    given = {"token": old, "name": "mia", "password": PASSWORD}
    assert "open the latest" in await (await stranger.post("set-up", **given)).text()
    await create_user(server.store, "eve", Role.AGENT, PASSWORD, passwords=CHEAP)
    assert "Sign in instead" in await (await stranger.post("set-up", **given)).text()


async def test_answers_are_never_cached_and_say_their_type(server: SmallServer, stranger: Browser) -> None:
    response = await stranger.get("session")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "<b>", "a/b", "a\nb"])
async def test_refuses_names_that_cannot_be_used(server: SmallServer, name: str) -> None:
    with pytest.raises(BadInput, match=re.escape("1 to 64")):
        await create_user(server.store, name, Role.AGENT, PASSWORD, passwords=CHEAP)
