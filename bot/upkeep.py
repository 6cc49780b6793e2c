"""What a server does beside answering: it keeps its works running and takes up the bundle that is to serve.

Knows when to try again; not what the works do or how a bot is put together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.bot import Bot
from bot.errors import FrontdeskError, place_of
from bot.manager import Manager
from nlu.artifacts import champion
from nlu.errors import NluError

log = logging.getLogger(__name__)

BEGIN_AGAIN = 5.0  # seconds before a work that broke begins again


@asynccontextmanager
async def in_background(
    name: str, work: Callable[[], Awaitable[None]], *, pause: float = BEGIN_AGAIN
) -> AsyncIterator[None]:
    """`work` runs until it ends or this is left; what breaks it is logged under `name`, and it begins again
    after `pause` seconds.
    """
    task = asyncio.create_task(_keep(name, work, pause))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep(name: str, work: Callable[[], Awaitable[None]], pause: float) -> None:
    while True:
        try:
            return await work()
        except Exception as error:  # whatever it is: a work that stopped in silence would be missed too late
            log.error("%s broke: %s; it begins again in %g s", name, place_of(error), pause)
        await asyncio.sleep(pause)


@dataclass(frozen=True, slots=True)
class Follower:
    """Takes up a bundle that was promoted or rolled back to; the one before serves until the new one has read
    once. `make` loads the bundle of an id. Times are seconds: `every` between looks, `again` before a refused
    bundle is looked at once more, `kept` for the old models, since turns that began with them may still be
    under way.
    """

    manager: Manager
    bundles: Path
    make: Callable[[str], Awaitable[Bot]]
    every: float = 2.0
    again: float = 30.0
    kept: float = 60.0

    async def run(self) -> None:
        """Look until cancelled."""
        pause = self.every
        while True:
            await asyncio.sleep(pause)
            try:
                await self._look()
                pause = self.every
            except (FrontdeskError, NluError) as error:
                pause = self._refuse(str(error))
            except Exception as error:  # models that load but cannot read end here, too
                pause = self._refuse(place_of(error))

    async def _look(self) -> None:
        chosen = await asyncio.to_thread(champion, self.bundles)
        if chosen is None or chosen.id == self.manager.bot.inference.models.bundle.id:
            return
        fresh = await self.make(chosen.id)
        await fresh.inference.start()
        before, self.manager.bot = self.manager.bot, fresh
        log.info("bundle %s serves now", chosen.id)
        asyncio.get_running_loop().call_later(self.kept, before.inference.let_go)

    def _refuse(self, why: str) -> float:
        log.error("the promoted bundle is refused, the one before goes on serving: %s", why)
        return self.again
