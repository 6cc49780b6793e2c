"""Puts a bot together from a project and a bundle: models, wording, action client. Used by the server and
every verb that talks.

Knows which part goes where; holds no behaviour.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.access import access
from bot.action_client import ActionClient
from bot.bot import Bot
from bot.completion import Completion
from bot.config import Settings
from bot.errors import FrontdeskError
from bot.inference import Inference
from bot.project.model import Project, ResponseMode
from bot.reader import Models
from bot.response_server import ResponseServer
from bot.wording import LocalWorder, Plain, ServerWorder, Worder
from nlu.artifacts import champion, find
from nlu.errors import NluError
from nlu.generator import Generator
from nlu.system_entities import SystemEntities
from retrieval.errors import RetrievalError

WORDING_SECONDS = 10.0  # a completion server that takes longer is answered for by the stored text


class BundleUnusable(FrontdeskError):
    """The bundle is missing, changed or unreadable; nothing of it was loaded."""

    def __init__(self, message: str) -> None:
        super().__init__("bundle_unusable", 500, message)


def pushed(project: Project) -> frozenset[str]:
    """The channels whose replies go out through the outbox, whichever process drives the turn."""
    return frozenset({"telegram"} & set(project.settings.credentials))


@asynccontextmanager
async def open_bot(
    settings: Settings, project: Project, *, bundle: str | None = None, action_url: str | None = None
) -> AsyncIterator[Bot]:
    """A bot that reads, acts and words, until left. Raises BundleUnusable."""
    async with aiohttp.ClientSession() as session:
        bot = await make_bot(settings, project, session, bundle=bundle, action_url=action_url)
        async with bot.inference.running():
            yield bot


async def make_bot(
    settings: Settings,
    project: Project,
    session: aiohttp.ClientSession,
    *,
    bundle: str | None = None,
    action_url: str | None = None,
) -> Bot:
    """The parts, loaded but not running. `bundle=None` is the champion. Raises BundleUnusable."""
    folder = _folder(settings.bundles, bundle)
    try:
        models = await asyncio.to_thread(Models.load, folder, threads=settings.threads)
        worder = await asyncio.to_thread(_worder, project, folder, models, session)
        system = await asyncio.to_thread(_system, project)
    except (NluError, RetrievalError) as error:
        raise BundleUnusable(str(error)) from error
    return Bot(
        domain=project.domain,
        inference=Inference(models, project.settings.languages, worder, system=system),
        actions=_actions(settings, project, session, action_url),
        responses=_responses(project, session),
    )


def _folder(root: Path, identity: str | None) -> Path:
    try:
        chosen = find(root, identity) if identity else champion(root)
    except NluError as error:
        raise BundleUnusable(str(error)) from error
    if chosen is None:
        raise BundleUnusable("No bundle serves yet. Make one with `frontdesk train PROJECT`.")
    return chosen.folder


def _system(project: Project) -> SystemEntities:
    """What finds the project's system entities, its tables made, so that no customer waits for them."""
    wanted = project.settings.system_entities
    if wanted is None:
        return SystemEntities(())
    system = SystemEntities(wanted.dimensions, timezone=wanted.timezone, region=wanted.region)
    system.warm(project.settings.languages)
    return system


def _worder(project: Project, folder: Path, models: Models, session: aiohttp.ClientSession) -> Worder:
    """Who words replies, by the project's configuration; a bundle without a generator sends stored
    answers.
    """
    chosen = project.settings.responses
    if chosen.mode is ResponseMode.SERVER and chosen.url and chosen.model:
        return ServerWorder(
            Completion(session, chosen.url, chosen.model, chosen.api_key_env, timeout=WORDING_SECONDS)
        )
    if chosen.mode is ResponseMode.LOCAL and "responses" in models.bundle.parts:
        return LocalWorder(
            Generator.load(folder / "responses"), ThreadPoolExecutor(1, thread_name_prefix="wording")
        )
    return Plain()


def _actions(
    settings: Settings, project: Project, session: aiohttp.ClientSession, url: str | None
) -> ActionClient | None:
    endpoint = project.settings.action_endpoint
    where = url or settings.action_url or (endpoint.url if endpoint else None)
    if where is None:
        return None
    return ActionClient(
        session=session,
        url=where,
        domain=project.domain,
        timeout=endpoint.timeout if endpoint else settings.action_timeout,
        access=access(endpoint),
    )


def _responses(project: Project, session: aiohttp.ClientSession) -> ResponseServer | None:
    endpoint = project.settings.response_endpoint
    if endpoint is None:
        return None
    return ResponseServer(session, endpoint.url, project.domain, endpoint.timeout, access(endpoint))
