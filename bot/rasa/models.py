"""Rasa's routes about models: another bundle is let serve; what else they do, `frontdesk` does where the
project lies.

Knows the registry by its folder and what a caller is told instead; a running server takes a bundle up by
itself (bot.upkeep).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.rasa import incoming
from bot.rasa.refusals import Refusal, bad_request, elsewhere
from nlu.artifacts import promote
from nlu.errors import BundleCorrupt, BundleError

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Models:
    """`bundles` is the registry's folder."""

    bundles: Path

    def table(self) -> tuple[tuple[str, str, Handler], ...]:
        return (
            ("PUT", "/model", self.load),
            ("DELETE", "/model", self.unload),
            ("POST", "/model/train", self.train),
            ("POST", "/model/test/stories", self.test_stories),
            ("POST", "/model/test/intents", self.test_intents),
        )

    async def load(self, request: web.Request) -> web.Response:
        """Let a bundle of the registry serve, by its id."""
        body = await incoming.read_object(request)
        if "model_server" in body or "remote_storage" in body:
            raise elsewhere("Only a bundle of this server's registry can serve: name it under `model_file`.")
        identity = incoming.text_of(body, "model_file", "No path to model file defined in request_body.")
        try:
            bundle = await asyncio.to_thread(promote, self.bundles, identity)
        except BundleCorrupt as error:
            log.error("a bundle was not promoted: %s", error)
            message = "This bundle cannot serve; the server's log says why. What served before still does."
            raise Refusal(500, "LoadingError", message) from error
        except BundleError:
            message = "There is no one bundle of this id. `frontdesk models list` shows what there is."
            raise bad_request(message, part="model_file") from None
        log.info("bundle %s was promoted over Rasa's interface", bundle.id)
        return web.Response(status=204)

    async def unload(self, request: web.Request) -> web.Response:
        """Not done here: a server has models."""
        raise elsewhere(
            "A server always has models. Let others serve with PUT /model, `frontdesk models promote ID` or "
            "`frontdesk models rollback`."
        )

    async def train(self, request: web.Request) -> web.Response:
        """Not done here: models are trained where the project lies."""
        raise elsewhere(
            "Models are trained where the project lies: run `frontdesk train PROJECT`, then let the bundle "
            "serve with `frontdesk models promote ID` or PUT /model."
        )

    async def test_stories(self, request: web.Request) -> web.Response:
        """Not done here: conversations are played where the project lies."""
        raise elsewhere(
            "Test conversations are played where the project lies: run `frontdesk test PROJECT --json -`."
        )

    async def test_intents(self, request: web.Request) -> web.Response:
        """Not done here: models are measured where the data lies."""
        raise elsewhere(
            "Models are measured where the data lies: run `frontdesk evaluate intents --json -`; "
            "`frontdesk models show PROJECT --json -` gives what was measured in training."
        )
