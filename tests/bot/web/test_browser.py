"""Both pages in a real browser: a conversation from end to end, and text that would like to be script."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from bot.console.accounts import Role, create_user, set_display_name, setup_token
from bot.dialogue.events import AgentSaid, BotSaid, Decided, TakenOver, UserSaid
from bot.dialogue.message import Button
from bot.dialogue.reading import Reading, Verdict
from bot.store.log import Numbered
from tests.bot.channels.small_server import CHEAP, SmallServer, small_server
from tests.bot.web.chromium import MISSING, Browser, chromium

pytestmark = pytest.mark.skipif(MISSING is not None, reason=MISSING or "")

PASSWORD = "a long enough one"
EVIL = [
    "<img src=x onerror=pwned=1>",
    "<script>pwned=1</script>",
    '"><svg onload=pwned=1>',
    "<iframe src=javascript:pwned=1>",
    "javascript:pwned=1",
    "https://evil.example/?<img src=https://evil.example/a.png>",
    "'-pwned=1-'",
    "{{constructor.constructor('pwned=1')()}}",
    "<a href='javascript:pwned=1'>here</a>",
    "<style>@import 'https://evil.example/a.css'</style>",
    "<base href=https://evil.example>",
    "\u202e<form action=https://evil.example><input name=q></form>",
]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SmallServer]:
    async with small_server(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def customer() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def agent() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def address(server: SmallServer, path: str = "/") -> str:
    return str(server.client.make_url(path))


def open_chat(browser: Browser, server: SmallServer) -> str:
    """A fresh visitor's page; the id of their conversation."""
    browser.open(address(server))
    browser.until(lambda: browser.texts("#status") == ["Online"], "the connection")
    token = str(browser.js("return localStorage.getItem('frontdesk.token')"))
    return "web:" + base64.urlsafe_b64decode(token)[:16].hex()


def sign_in(browser: Browser, server: SmallServer, name: str) -> None:
    browser.open(address(server, "/console"))
    browser.until(lambda: browser.find("#gate-name").is_displayed(), "the form")
    browser.find("#gate-name").send_keys(name)
    browser.write("#gate-password", PASSWORD)
    browser.until(lambda: browser.find("#room").is_displayed(), "the console")


async def said(server: SmallServer, conversation: str) -> list[str]:
    items: list[Numbered] = await server.store.log.after(conversation)
    return [item.event.text for item in items if isinstance(item.event, UserSaid)]


async def test_a_customer_and_an_agent_talk(server: SmallServer, customer: Browser, agent: Browser) -> None:
    token = await setup_token(server.store)
    await asyncio.to_thread(set_up, agent, address(server, f"/console#setup={token}"))
    await asyncio.to_thread(open_chat, customer, server)
    await asyncio.to_thread(ask, customer)
    await asyncio.to_thread(answer, customer, agent)
    await asyncio.to_thread(finish, customer, agent)
    assert await asyncio.to_thread(customer.troubles) == []
    assert await asyncio.to_thread(agent.troubles) == []


def set_up(agent: Browser, link: str) -> None:
    agent.open(link)
    agent.until(lambda: agent.texts("#gate-title") == ["Welcome"], "the set-up form")
    assert agent.js("return location.hash") == ""
    agent.find("#gate-name").send_keys("mia")
    agent.write("#gate-password", PASSWORD)
    agent.until(lambda: "Nobody is waiting." in agent.texts("#rows-empty"), "the empty queue")


def ask(customer: Browser) -> None:
    assert customer.texts(".line.bot .bubble") == ["Hello.\n\nHow can we help?"]
    assert customer.texts(".choices button") == ["A loan"]
    customer.write("#text", "menu")
    customer.until(lambda: customer.texts(".choices button") == ["Short", "Long"], "the choices")
    customer.find(".choices button").click()
    customer.until(lambda: "You picked." in customer.texts(".bubble"), "the answer")
    assert customer.texts(".line.customer .bubble") == ["menu", "Short"]
    assert customer.texts(".choices button") == []
    customer.write("#text", "human")
    customer.until(lambda: "number 1 in line" in customer.texts("#status")[0], "the place in the queue")
    heard = str(customer.js("return document.querySelector('#heard').textContent"))
    assert "A colleague will take over" in heard


def answer(customer: Browser, agent: Browser) -> None:
    agent.until(lambda: agent.texts("#rows .title"), "the waiting conversation")
    assert agent.texts("#rows .title") == ["Short"]  # what was asked before the wish for a person
    assert agent.texts("#rows .said") == ["“human”"]
    assert "asked for a person" in agent.texts("#rows .sub")[0]
    agent.key("j")
    agent.until(lambda: agent.texts(".meanings li") == ["Talk to human"], "the bot's reading")
    assert "talk_to_human" not in agent.find("#why").text
    agent.find("#why summary").click()
    assert "talk_to_human" in agent.texts(".bars span")
    agent.key("t")
    agent.until(lambda: agent.find("#hand-back").is_displayed(), "the take-over")
    agent.until(lambda: agent.find("#send").is_enabled(), "the composer")
    customer.find("#text").send_keys("so")
    agent.until(lambda: agent.find("#typing").is_displayed(), "that the customer types")
    customer.find("#text").send_keys(Keys.BACKSPACE * 2)
    agent.find("#text").send_keys("I ")
    customer.until(lambda: customer.texts("#typing") == ["A colleague is typing"], "that the agent types")
    agent.write("#text", "am here.")
    customer.until(lambda: "I am here." in customer.texts(".line.agent .bubble"), "the agent's line")
    assert not customer.find("#typing").is_displayed()
    assert customer.texts("#status") == ["You are talking with a colleague"]


def finish(customer: Browser, agent: Browser) -> None:
    customer.write("#text", "thank you")
    agent.until(lambda: "thank you" in agent.texts(".line.customer .bubble"), "the customer's line")
    agent.find("#text").send_keys(Keys.ESCAPE)
    agent.key("b")
    agent.until(lambda: agent.find("#take-over").is_displayed(), "the hand-back")
    customer.until(lambda: customer.texts("#status") == ["Online"], "the bot's return")
    agent.until(lambda: len(agent.texts("#rows .title")) == 1, "a list that is not empty")
    assert "human" in agent.texts(".customer .bubble")
    assert "back with the bot" in agent.texts("#packet h3")[0]
    customer.write("#text", "hi")
    customer.until(lambda: "Hello." in customer.texts(".line.bot .bubble")[-1], "the bot's answer")


async def test_the_console_speaks_plainly(server: SmallServer, customer: Browser, agent: Browser) -> None:
    await create_user(server.store, "mia", Role.AGENT, PASSWORD, passwords=CHEAP)
    await set_display_name(server.store, "mia", "Mia Meyer")
    await asyncio.to_thread(open_chat, customer, server)

    def work() -> None:
        customer.write("#text", "a loan")
        customer.until(lambda: "What for?" in customer.texts(".line.bot .bubble"), "the question")
        customer.write("#text", "A roof")
        customer.until(lambda: "Noted: A roof." in customer.texts(".line.bot .bubble"), "the end")
        sign_in(agent, server, "mia")
        assert agent.texts("#open-me") == ["Mia Meyer"]
        agent.find("[data-list=all]").click()
        agent.until(lambda: agent.texts("#rows .title") == ["A roof"], "the conversation")
        agent.key("j")
        agent.until(lambda: "finished loan: A roof" in agent.texts(".did li"), "what the bot did")
        assert agent.texts(".line.customer .chip") == ["A loan", "an answer to its question"]
        agent.key("t")
        agent.until(lambda: "Mia Meyer took over" in agent.texts(".note"), "the note")
        agent.until(lambda: "with Mia Meyer" in agent.texts("#thread-sub")[0], "who has it")
        agent.until(lambda: agent.texts("#rows .chip") == ["with Mia Meyer"], "who has it in the list")

    await asyncio.to_thread(work)


async def test_the_console_says_which_words_carried_a_reading(
    server: SmallServer, customer: Browser, agent: Browser
) -> None:
    await create_user(server.store, "vera", Role.VIEWER, PASSWORD, passwords=CHEAP)
    await asyncio.to_thread(open_chat, customer, server)

    def work() -> None:
        customer.write("#text", "hello, not <b>you</b> 你好")
        customer.until(lambda: len(customer.texts(".line.bot .bubble")) > 1, "a reply")
        sign_in(agent, server, "vera")
        agent.find("[data-list=all]").click()
        agent.until(lambda: agent.texts("#rows .title"), "the conversation")
        agent.key("j")
        agent.until(lambda: agent.texts(".carried button") == ["Which words?"], "the button")
        agent.find(".carried button").click()
        agent.until(lambda: agent.texts(".carried .words"), "the words")
        assert agent.texts(".carried .words") == ["hello, not <b>you</b> 你好"]
        assert agent.texts(".carried .for") == ["hello", "b", "you", "b", "你", "好"]
        assert agent.texts(".carried .against") == ["not"]
        assert agent.texts(".near li")[0].startswith("<b>hello</b> there")
        assert agent.troubles() == []

    await asyncio.to_thread(work)


async def test_a_set_up_link_that_did_its_work_says_so(server: SmallServer, agent: Browser) -> None:
    token = await setup_token(server.store)
    await create_user(server.store, "mia", Role.ADMINISTRATOR, PASSWORD, passwords=CHEAP)

    def look() -> None:
        agent.open(address(server, "/console"))
        agent.until(lambda: agent.texts("#gate-title") == ["Sign in"], "the form")
        agent.js(f"location.hash = 'setup={token}'")  # as one who pastes the link into the open page
        agent.until(lambda: "done its work" in agent.texts("#gate-dead")[0], "the reason")
        assert agent.js("return location.hash") == ""

    await asyncio.to_thread(look)


async def test_messages_survive_a_cut_and_a_reload_and_arrive_once(
    server: SmallServer, customer: Browser
) -> None:
    conversation = await asyncio.to_thread(open_chat, customer, server)

    def write(text: str) -> None:
        customer.write("#text", text)

    def wait_for(lines: list[str]) -> None:
        customer.until(lambda: customer.texts("#lines .customer .bubble") == lines, "the lines")
        assert customer.texts("#unsent .line") == []

    await asyncio.to_thread(write, "hi")
    await asyncio.to_thread(wait_for, ["hi"])
    await server.socket.close()
    await asyncio.to_thread(write, "menu")
    await asyncio.to_thread(wait_for, ["hi", "menu"])
    assert await said(server, conversation) == ["hi", "menu"]

    def reload() -> None:
        # Never leaves this page, as on a train: only the browser's own store can bring it through.
        customer.js("WebSocket.prototype.send = () => {}")
        customer.write("#text", "picture")
        customer.until(lambda: customer.texts("#unsent .bubble") == ["picture"], "the unsent line")
        customer.driver.refresh()
        wait_for(["hi", "menu", "picture"])

    await asyncio.to_thread(reload)
    assert await said(server, conversation) == ["hi", "menu", "picture"]


async def test_a_reminder_is_nobodys_line(server: SmallServer, customer: Browser, agent: Browser) -> None:
    conversation = await asyncio.to_thread(open_chat, customer, server)
    await create_user(server.store, "eve", Role.AGENT, PASSWORD, passwords=CHEAP)
    await asyncio.to_thread(customer.write, "#text", "human")
    await asyncio.to_thread(customer.until, lambda: customer.texts(".note"), "the hand-over")
    external = UserSaid(
        at=1.0,
        text="EXTERNAL: pick",
        message_id="r",
        channel="web",
        reading=Reading((Verdict("pick", 1.0),)),
        metadata={"is_external": True},
    )
    events = [external, Decided(at=1.0, row="held"), BotSaid(at=1.0, text="It is time.")]
    await server.store.log.append(conversation, events, now=1.0)
    server.hub.ring(conversation)

    def look() -> None:
        customer.until(lambda: "It is time." in customer.texts(".line.bot .bubble"), "the bot's line")
        sign_in(agent, server, "eve")
        agent.key("j")
        agent.until(lambda: "Reminder: Pick" in agent.texts(".note"), "the note")
        for browser in (customer, agent):
            assert browser.texts(".line.customer .bubble") == ["human"]
            assert browser.troubles() == []
        assert agent.texts(".meanings li") == ["Talk to human"], "the customer's own message is explained"

    await asyncio.to_thread(look)


async def test_text_never_becomes_script(server: SmallServer, customer: Browser, agent: Browser) -> None:
    conversation = await asyncio.to_thread(open_chat, customer, server)
    await create_user(server.store, "eve", Role.AGENT, PASSWORD, passwords=CHEAP)
    await set_display_name(server.store, "eve", EVIL[0])

    def write() -> None:
        customer.write("#text", "human")
        customer.until(lambda: customer.texts(".note"), "the hand-over")

    await asyncio.to_thread(write)
    for evil in EVIL:
        events = [
            UserSaid(at=1.0, text=evil, message_id=f"v:{evil}", channel="web", metadata={"title": evil}),
            BotSaid(at=1.0, text=evil, image=evil, buttons=(Button(evil, evil),)),
            TakenOver(at=1.0, agent="eve"),
            AgentSaid(at=1.0, text=evil, agent="eve"),
        ]
        await server.store.log.append(conversation, events, now=1.0)
    server.hub.ring(conversation)

    def look() -> None:
        customer.until(lambda: len(customer.texts(".line.agent .bubble")) == len(EVIL), "the agent's lines")
        assert set(customer.texts(".line.agent .name")) == {EVIL[0]}
        sign_in(agent, server, "eve")
        agent.key("j")
        agent.until(lambda: len(agent.texts(".line.agent .bubble")) == len(EVIL), "the transcript")
        for browser in (customer, agent):
            shown = [text.strip("\u202e") for text in browser.texts(".line.agent .bubble")]
            assert shown == [evil.strip("\u202e") for evil in EVIL]
            assert browser.js("return window.pwned") is None
            assert browser.js(MARKUP_IN_LINES) == 0
            assert browser.js(FOREIGN_REQUESTS) == []
            assert browser.troubles() == []

    await asyncio.to_thread(look)


MARKUP_IN_LINES = """
return document.querySelectorAll(
  "#lines :is(img, script, iframe, svg, style, base, form, [onerror], [href^=javascript])"
).length
"""
FOREIGN_REQUESTS = """
return performance.getEntriesByType("resource").map((entry) => entry.name)
  .filter((name) => new URL(name).origin !== location.origin)
"""
