"""A headless Chromium by Debian's chromedriver, or the reason why there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from shutil import which
from typing import TypeVar

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

BROWSER, DRIVER = which("chromium"), which("chromedriver")
MISSING = None if BROWSER and DRIVER else "needs chromium and chromedriver (Debian: chromium chromium-driver)"
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en")
Found = TypeVar("Found")
_TEXTS = "return [...document.querySelectorAll(arguments[0])].map((element) => element.innerText.trim())"


class Browser:
    """A window, with waiting in one place."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """A page, with the troubles of the one before forgotten."""
        self.driver.get("about:blank")
        self.troubles()
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """What these elements show, read in one go: the page may change between two questions."""
        found: list[str] = self.driver.execute_script(_TEXTS, selector)
        return found

    def js(self, code: str) -> object:
        return self.driver.execute_script(code)

    def write(self, selector: str, text: str) -> None:
        self.find(selector).send_keys(text + Keys.ENTER)

    def key(self, key: str) -> None:
        self.find("body").send_keys(key)

    def until(self, look: Callable[[], Found], what: str) -> Found:
        """What `look` gives as soon as it is true."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{what} did not come; the page reads: {self.find('body').text}")

    def troubles(self) -> list[str]:
        """What the browser complained of: errors, refused script, blocked requests."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]  # selenium leaves it untyped
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]


@contextmanager
def chromium() -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for switch in (*SWITCHES, "--window-size=1400,900"):
        options.add_argument(switch)
    options.add_experimental_option("prefs", {"intl.accept_languages": "en"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
