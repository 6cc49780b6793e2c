"""The composition root: settings and a project in, a running server out. The only place where parts are
wired, by hand.

Knows every part and what it needs; decides nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from bot import edge
from bot.addresses import Addresses
from bot.channels.rest import RestChannel
from bot.channels.sender import Sender
from bot.channels.socket import SocketChannel
from bot.channels.telegram import TelegramChannel, TelegramCredentials
from bot.channels.visitors import Visitors
from bot.config import Settings
from bot.console.accounts import setup_token
from bot.console.console import open_console
from bot.hub import Hub
from bot.manager import Manager
from bot.operations import Metrics, Operations
from bot.parts import BundleUnusable, make_bot
from bot.project.model import Project
from bot.store.migrate import migrate
from bot.store.store import Store, open_store
from bot.web.pages import Pages
from nlu.artifacts import champion
from nlu.errors import NluError

log = logging.getLogger(__name__)

FOLLOW_EVERY = 2.0  # seconds between looks at which bundle is to serve
OLD_MODELS_KEPT = 60.0  # seconds: turns that began with them may still be under way


@dataclass(frozen=True, slots=True)
class Server:
    """A wired server. `setup` is the one-time token for the first administrator, None once there is one."""

    app: web.Application
    store: Store
    manager: Manager
    setup: str | None


@asynccontextmanager
async def running_server(
    settings: Settings, project: Project, *, action_url: str | None = None
) -> AsyncIterator[Server]:
    """Everything of one server, running until left. Raises BundleUnusable, StoreError, Misconfigured."""
    async with AsyncExitStack() as stack:
        await migrate(settings.database)
        store = await stack.enter_async_context(open_store(settings.database))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        bot = await make_bot(settings, project, session, action_url=action_url)
        hub, metrics = Hub(), Metrics.fresh()
        owner = f"{socket.gethostname()}:{os.getpid()}"
        push = frozenset({"telegram"} & set(project.settings.credentials))
        manager = Manager(
            store,
            bot,
            hub,
            owner=owner,
            lease=settings.lease,
            at_once=settings.turns_at_once,
            push=push,
            observe=metrics.observe,
        )
        telegram = _telegram(settings, project, manager, store, session)
        app = _application(settings, project, manager, store, hub, metrics, telegram)
        await manager.bot.inference.start()
        stack.push_async_callback(lambda: manager.bot.inference.stop())
        await stack.enter_async_context(manager.running())
        works = [
            Sender(store.outbox, telegram, hub, owner).run(),
            _follow_champion(settings, project, session, manager, action_url),
            *(channel.announce() for channel in telegram.values() if channel.credentials.webhook_url),
        ]
        for work in works:
            await stack.enter_async_context(_in_background(work))
        yield Server(app, store, manager, await setup_token(store))


def _telegram(
    settings: Settings, project: Project, manager: Manager, store: Store, session: aiohttp.ClientSession
) -> dict[str, TelegramChannel]:
    """The Telegram channel under its name, where the project has credentials for it."""
    block = project.settings.credentials.get("telegram")
    if not block:
        return {}
    credentials = TelegramCredentials.read(block, server_secret=settings.secret)
    return {"telegram": TelegramChannel(manager, store.log, session, credentials)}


def _open_doors(
    settings: Settings, manager: Manager, store: Store, hub: Hub, addresses: Addresses
) -> tuple[RestChannel, SocketChannel]:
    """The channels that every server has."""
    rest = RestChannel(
        manager,
        settings.reply_timeout,
        settings.rest_token,
        settings.cors_origins,
        largest_body=settings.largest_body,
        addresses=addresses,
    )
    visitors = Visitors(settings.secret.encode())
    chat = SocketChannel(manager, store, hub, visitors, settings.cors_origins, addresses=addresses)
    return rest, chat


def _application(
    settings: Settings,
    project: Project,
    manager: Manager,
    store: Store,
    hub: Hub,
    metrics: Metrics,
    platforms: Mapping[str, TelegramChannel],
) -> web.Application:
    """Every route of the server, and what to close when it stops."""
    https = bool(settings.public_url and settings.public_url.startswith("https://"))
    addresses = Addresses(settings.proxies)
    rest, chat = _open_doors(settings, manager, store, hub, addresses)
    console = open_console(
        store,
        hub,
        intents=lambda: sorted(project.domain.intents),
        push=frozenset(platforms),
        https=https,
        addresses=addresses,
    )
    routes = [
        *rest.routes(),
        *chat.routes(),
        *(route for platform in platforms.values() for route in platform.routes()),
        *console.routes(),
        *Pages(project.title, project.settings.languages, https=https).routes(),
    ]
    app = web.Application(middlewares=[edge.errors], client_max_size=settings.largest_body)
    app.on_response_prepare.append(edge.harden)
    app.add_routes(routes)
    app.add_routes(Operations(metrics, lambda: {"bundle": manager.bot.inference.ready}, routes).routes())

    async def close_pages(_: web.Application) -> None:
        await chat.close()
        await console.close()

    app.on_shutdown.append(close_pages)
    return app


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _follow_champion(
    settings: Settings,
    project: Project,
    session: aiohttp.ClientSession,
    manager: Manager,
    action_url: str | None,
) -> None:
    """Take up a bundle that was promoted or rolled back to; the one before serves until the new one has read
    once.
    """
    refused = ""
    while True:
        await asyncio.sleep(FOLLOW_EVERY)
        try:
            chosen = champion(settings.bundles)
            if chosen is None or chosen.id in (manager.bot.inference.models.bundle.id, refused):
                continue
            fresh = await make_bot(settings, project, session, bundle=chosen.id, action_url=action_url)
            await fresh.inference.start()
        except (BundleUnusable, NluError) as error:
            refused = chosen.id if chosen else ""
            log.error("the promoted bundle is refused, the one before goes on serving: %s", error)
            continue
        before, manager.bot = manager.bot, fresh
        log.info("bundle %s serves now", chosen.id)
        asyncio.get_running_loop().call_later(OLD_MODELS_KEPT, before.inference.let_go)
