"""A server's other works: what breaks begins again, and a bundle that cannot serve leaves the one before."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from bot.bot import Bot
from bot.dialogue.ports import ReadError
from bot.inference import Inference
from bot.manager import Manager
from bot.reader import Models
from bot.upkeep import Follower, in_background
from bot.wording import LocalWorder, Plain
from nlu.artifacts import BundleDetails, BundleWriter, promote
from nlu.generator import Generator
from tests.bot.channels.small_server import until
from tests.bot.dialogue.small_bot import DOMAIN


def bundle(root: Path, text: str) -> str:
    """The id of a bundle that serves from now on."""
    writer = BundleWriter(root)
    (writer.part("answers") / "text").write_text(text)
    identity = writer.finish(BundleDetails(("en",), "base", "0" * 64, {"text": text}, {})).id
    promote(root, identity)
    return identity


@dataclass
class Loaded:
    """Models of a bundle that read, or do not."""

    identity: str
    failure: Exception | None = None
    runs: bool = False

    @property
    def models(self) -> Any:
        return self

    @property
    def bundle(self) -> Any:
        return self

    @property
    def id(self) -> str:
        return self.identity

    async def start(self) -> None:
        if self.failure:
            raise self.failure
        self.runs = True

    def let_go(self) -> None:
        self.runs = False


@dataclass
class Serving:
    """What the follower changes of a manager."""

    bot: Bot

    @property
    def serves(self) -> str:
        return self.bot.inference.models.bundle.id


def bot_of(loaded: Loaded) -> Bot:
    return Bot(DOMAIN, cast(Inference, loaded), None)


async def follow(manager: Serving, root: Path, failures: dict[str, list[Exception]]) -> None:
    """Follow the champion; loading a bundle fails with what `failures` holds for it, one after another."""

    async def make(identity: str) -> Bot:
        planned = failures.get(identity, [])
        return bot_of(Loaded(identity, planned.pop(0) if planned else None))

    follower = Follower(cast(Manager, manager), root, make, every=0.01, again=0.01, kept=0.01)
    await follower.run()


async def test_a_promoted_bundle_serves_and_the_one_before_is_let_go(tmp_path: Path) -> None:
    first = Loaded(bundle(tmp_path, "first"), runs=True)
    manager = Serving(bot_of(first))
    async with in_background("following", lambda: follow(manager, tmp_path, {})):
        second = bundle(tmp_path, "second")
        await until(lambda: manager.serves == second)
        await until(lambda: not first.runs)


@pytest.mark.parametrize("failure", [ReadError("timeout"), MemoryError(), KeyError("a customer's word")])
async def test_a_bundle_that_cannot_read_leaves_the_one_before_and_is_tried_again(
    tmp_path: Path, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    first = Loaded(bundle(tmp_path, "first"), runs=True)
    manager = Serving(bot_of(first))
    second = bundle(tmp_path, "second")
    failures = {second: [failure, failure]}
    with caplog.at_level(logging.ERROR):
        async with in_background("following", lambda: follow(manager, tmp_path, failures)):
            await until(lambda: manager.serves == second)
    assert len([record for record in caplog.records if "is refused" in record.message]) == 2
    assert "a customer's word" not in caplog.text


async def test_a_pointer_that_cannot_be_read_is_no_end_of_following(tmp_path: Path) -> None:
    manager = Serving(bot_of(Loaded(bundle(tmp_path, "first"), runs=True)))
    (tmp_path / "champion").write_text("nonsense\n")
    async with in_background("following", lambda: follow(manager, tmp_path, {})):
        await asyncio.sleep(0.05)
        second = bundle(tmp_path, "second")
        await until(lambda: manager.serves == second)


async def test_a_work_that_breaks_begins_again_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise RuntimeError("what a customer wrote")

    with caplog.at_level(logging.ERROR):
        async with in_background("counting", work, pause=0.01):
            await until(lambda: begun == 3)
            await asyncio.sleep(0.05)
    assert begun == 3, "a work that ended by itself is not begun again"
    assert caplog.text.count("counting broke: RuntimeError at test_upkeep.py") == 2
    assert "what a customer wrote" not in caplog.text


async def test_models_that_cannot_read_leave_nothing_running() -> None:
    before = asyncio.all_tasks()
    inference = Inference(cast(Models, None), ("en",), Plain())
    with pytest.raises(ReadError):
        await inference.start()
    await asyncio.sleep(0)
    assert not inference.ready
    assert asyncio.all_tasks() == before


async def test_letting_the_models_go_ends_the_thread_that_words() -> None:
    executor = ThreadPoolExecutor(1)
    worder = LocalWorder(cast(Generator, None), executor)
    executor.submit(lambda: None).result()
    Inference(cast(Models, None), ("en",), worder).let_go()
    with suppress(RuntimeError):
        executor.submit(lambda: None)
        pytest.fail("the thread still takes work")
