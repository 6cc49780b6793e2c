"""Page and picture in a real browser: finding, highlighting, the keyboard, text that wants to be script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from bot.picture.graph import Graph
from bot.picture.page import page_of
from bot.picture.svg import svg_of
from tests.bot.picture.bots import evil_bot, example_bot, flow_bot, large_bot, many_flows_bot, small_bot
from tests.bot.web.chromium import MISSING, Browser, chromium

pytestmark = pytest.mark.skipif(MISSING is not None, reason=MISSING or "")

SHOWN = "return [...document.querySelectorAll('article.row')].filter((row) => !row.hidden).length"
FOCUSED = "return document.activeElement.id"
# Texts that lie over one another or reach out of their card, by the browser's own measure.
OVER = """
const found = [], texts = [...document.querySelectorAll("text")];
const boxes = texts.map((text) => text.getBoundingClientRect());
const beside = (a, b) => a.right <= b.left || b.right <= a.left;
const below = (a, b) => a.bottom - 3 <= b.top || b.bottom - 3 <= a.top;
boxes.forEach((box, i) => {
  const frame = texts[i].parentElement.querySelector(":scope > rect")?.getBoundingClientRect();
  if (frame && (box.right > frame.right || box.bottom > frame.bottom + 1)) found.push(texts[i].textContent);
  boxes.slice(i + 1).forEach((other) => {
    if (!beside(box, other) && !below(box, other)) found.push(texts[i].textContent);
  });
});
return found;
"""

# Steps of the page that lie over one another.
OVERLAID = """
const steps = [...document.querySelectorAll(".fork .step")];
const boxes = steps.map((step) => step.getBoundingClientRect()), found = [];
const beside = (a, b) => a.right <= b.left || b.right <= a.left;
boxes.forEach((box, i) => boxes.slice(i + 1).forEach((other) => {
  if (!beside(box, other) && !(box.bottom <= other.top || other.bottom <= box.top))
    found.push(steps[i].innerText);
}));
return found;
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def opened(browser: Browser, folder: Path, graph: Graph, *, ending: str = "html") -> None:
    file = folder / f"bot.{ending}"
    file.write_text(page_of(graph) if ending == "html" else svg_of(graph), encoding="utf-8")
    browser.open(file.as_uri())


def test_rows_are_found_as_one_types_and_all_come_back(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, example_bot(tmp_path))
    every = browser.js(SHOWN)
    browser.key("/")
    assert browser.js(FOCUSED) == "find"
    browser.find("#find").send_keys("LOAN repay")
    assert browser.texts("article.row:not([hidden]) h3 b")[0] == "repay_loan"
    assert "rows shown" in browser.find("#shown").text
    assert browser.texts("#overview .pills li:not([hidden])") == ["repay_loan"]
    browser.find("#find").send_keys(Keys.ESCAPE)
    assert browser.js(SHOWN) == every and browser.find("#shown").text == ""
    assert browser.troubles() == []


def test_rows_are_walked_by_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, small_bot(tmp_path))
    browser.find("#find").send_keys("utter_happy", Keys.ARROW_DOWN)
    shown = "[...document.querySelectorAll('.row')].filter((row) => !row.hidden)"
    here = f"return {shown}.indexOf(document.activeElement)"
    assert browser.js(f"return {shown}.length > 3")
    for key, place in ((None, 0), (Keys.ARROW_DOWN, 1), (Keys.ARROW_DOWN, 2), (Keys.ARROW_UP, 1)):
        if key:
            browser.driver.switch_to.active_element.send_keys(key)
        assert browser.js(here) == place


def test_a_step_shows_everything_that_uses_it(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, example_bot(tmp_path))
    step = browser.find("#forms .fork [data-key='response:utter_cancelled']")
    step.send_keys(Keys.ENTER)
    assert step.get_attribute("aria-pressed") == "true"
    lit = browser.texts(".lit b")
    assert len(lit) > 4 and set(lit) == {"utter_cancelled"}
    assert browser.texts("article.row:not([hidden]) h3 b") == [
        "stop",
        "claim_form",
        "loan_form",
        "symptom_form",
        "address_form",
        "utter_cancelled",
    ]
    assert "utter_cancelled" in browser.find("#chosen").text
    browser.find("#all").click()
    assert browser.texts(".lit") == [] and browser.js(FOCUSED) == "find"


def test_a_step_of_a_flow_is_lit_wherever_a_line_goes_on_with_it(browser: Browser, tmp_path: Path) -> None:
    opened(browser, tmp_path, flow_bot(tmp_path))
    browser.find("[data-key='step:send_money/last']").send_keys(Keys.ENTER)
    assert browser.texts(".lit b") == ["last"] * 3
    assert browser.texts("article.row:not([hidden]) h3 b") == ["send_money"]
    browser.find("#find").send_keys(Keys.ESCAPE)
    browser.find("#find").send_keys("utter_too_much")
    assert browser.texts("article.row:not([hidden]) h3 b") == ["send_money", "utter_too_much"]
    assert browser.texts("#overview .pills li:not([hidden])") == []


def test_cards_of_a_path_stand_beside_each_other(browser: Browser, tmp_path: Path) -> None:
    for make in (flow_bot, example_bot):
        opened(browser, tmp_path, make(tmp_path))
        assert browser.js(OVERLAID) == []


def test_names_stay_text_in_page_and_picture(browser: Browser, tmp_path: Path) -> None:
    graph = evil_bot(tmp_path)
    for ending in ("html", "svg"):
        opened(browser, tmp_path, graph, ending=ending)
        assert browser.js("return window.pwned === undefined && document.querySelector('img') === null")
        assert browser.troubles() == []


def test_no_text_of_the_picture_lies_over_another_in_real_fonts(browser: Browser, tmp_path: Path) -> None:
    for make in (large_bot, small_bot, evil_bot, example_bot, flow_bot, many_flows_bot):
        opened(browser, tmp_path, make(tmp_path), ending="svg")
        assert browser.js(OVER) == []


@pytest.mark.parametrize("width", [390, 800, 1500])
def test_the_page_is_never_wider_than_its_window(browser: Browser, tmp_path: Path, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for make in (large_bot, many_flows_bot):
        opened(browser, tmp_path, make(tmp_path))
        assert browser.js("return document.documentElement.scrollWidth <= innerWidth")
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
