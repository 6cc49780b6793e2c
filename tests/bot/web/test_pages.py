"""The pages' files: headers, caching, and rules that keep foreign script out of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web.pages import Pages, read_files

Client = TestClient[web.Request, web.Application]
FILES = read_files()
SCRIPTS = sorted(name for name in FILES if name.endswith(".js"))
SINKS = (
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser|srcdoc"
    r"|createContextualFragment|set(Timeout|Interval)\([\"'`]"
)
DOCUMENTS = sorted(name for name in FILES if name.endswith(".html"))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    pages = Pages('<b>"Bot"</b>', ("zh", "en"), https=True)
    app.add_routes(pages.routes())
    async with TestClient(TestServer(app)) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/console", "/assets/chat.js", "/assets/base.css", "/favicon.ico"])
async def test_every_answer_carries_the_headers(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status == 200
    policy = response.headers["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        "require-trusted-types-for 'script'",
        "frame-ancestors",
    ):
        assert part in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" in response.headers


async def test_no_other_site_may_frame_a_page_and_nobody_the_console(client: Client) -> None:
    chat = (await client.get("/")).headers["Content-Security-Policy"]
    console = (await client.get("/console")).headers["Content-Security-Policy"]
    assert chat.endswith("frame-ancestors 'self'")
    assert console.endswith("frame-ancestors 'none'")


async def test_a_browser_that_has_the_file_is_not_sent_it_again(client: Client) -> None:
    first = await client.get("/assets/chat.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = await client.get("/assets/chat.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "chat.html", "pages.py", "..%2fpages.py", "%2e%2e/errors.py"])
async def test_serves_only_its_own_files(client: Client, name: str) -> None:
    assert (await client.get(f"/assets/{name}")).status == 404


async def test_the_bots_name_cannot_become_markup(client: Client) -> None:
    text = await (await client.get("/")).text()
    assert 'data-title="&lt;b&gt;&quot;Bot&quot;&lt;/b&gt;"' in text
    assert '<html lang="zh" data-languages="zh en"' in text
    assert "<title>&lt;b&gt;&quot;Bot&quot;&lt;/b&gt;</title>" in text and "<b>" not in text


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_write_text_only_and_ask_nobody_else(name: str) -> None:
    code = FILES[name].body.decode()
    assert not re.search(SINKS, code)
    assert not re.search(r"""["'`]https?://""", code)
    assert code.count("\n") <= 300


@pytest.mark.parametrize("name", DOCUMENTS)
def test_pages_hold_no_inline_script_or_style_and_name_only_files_that_exist(name: str) -> None:
    text = FILES[name].body.decode()
    assert not re.search(r"\son\w+=|style=|<style|javascript:", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert 'src="/assets/' in script
    for asset in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert asset.removeprefix("/assets/") in FILES


@pytest.mark.parametrize("name", SCRIPTS)
def test_modules_import_only_what_is_there(name: str) -> None:
    for module, names in re.findall(r'import \{([^}]+)\} from "\./([\w.-]+)"', FILES[name].body.decode()):
        source = FILES[names].body.decode()
        for wanted in module.split(","):
            if wanted.strip():
                assert re.search(rf"export (async )?(function|const|class) {wanted.strip()}\b", source), (
                    wanted
                )


@pytest.mark.parametrize("name", ["words.js", "console-words.js"])
def test_both_languages_say_the_same_things(name: str) -> None:
    code = FILES[name].body.decode()
    english, chinese = (_table(code, start) for start in ("EN", "ZH"))
    assert list(english) == list(chinese)
    for key in english:
        assert re.findall(r"\{\w+\}", english[key]).sort() == re.findall(r"\{\w+\}", chinese[key]).sort()


@pytest.mark.parametrize(("page", "words"), [("chat.html", "words.js"), ("console.html", "console-words.js")])
def test_pages_use_only_words_there_are(page: str, words: str) -> None:
    known = _table(FILES[words].body.decode(), "EN")
    used = re.findall(r'data-(?:say|label|hint)="(\w+)"', FILES[page].body.decode())
    assert used and set(used) <= set(known)


def _table(code: str, name: str) -> dict[str, str]:
    body = code.partition(f"const {name} = {{")[2].partition("};")[0]
    return dict(re.findall(r'^  (\w+): "(.*)",$', body, re.MULTILINE))
