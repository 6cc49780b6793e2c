"""The composition root: settings and a project in, a running server out. The only place where parts are
wired, by hand.

Knows every part and what it needs; decides nothing.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from bot import edge
from bot.addresses import Addresses
from bot.channels.rest import RestChannel
from bot.channels.sender import Sender
from bot.channels.socket import SocketChannel
from bot.channels.socketio import SocketIoChannel
from bot.channels.socketio_options import SocketIoOptions
from bot.channels.telegram import TelegramChannel, TelegramCredentials
from bot.channels.visitors import Visitors
from bot.config import Settings
from bot.console.accounts import setup_token
from bot.console.console import Console, open_console
from bot.dialogue.greeting import greeting
from bot.hub import Hub
from bot.manager import Manager
from bot.operations import Metrics, Operations
from bot.parts import make_bot, pushed
from bot.project.model import Project
from bot.rasa.api import RasaApi
from bot.rasa.conversations import Conversations
from bot.rasa.models import Models
from bot.store.migrate import migrate
from bot.store.store import Store, open_store
from bot.upkeep import Follower, in_background
from bot.web.pages import Pages


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
        manager = Manager(
            store,
            bot,
            hub,
            owner=owner,
            lease=settings.lease,
            at_once=settings.turns_at_once,
            push=pushed(project),
            observe=metrics.observe,
        )
        telegram = _telegram(settings, project, manager, store, session)
        app = _application(settings, project, manager, store, hub, metrics, telegram)
        await manager.bot.inference.start()
        stack.push_async_callback(lambda: manager.bot.inference.stop())
        await stack.enter_async_context(manager.running())
        follower = Follower(
            manager,
            settings.bundles,
            lambda bundle: make_bot(settings, project, session, bundle=bundle, action_url=action_url),
        )
        works = {
            "sending replies": Sender(store.outbox, telegram, hub, owner).run,
            "following the champion": follower.run,
            **_announcements(telegram),
        }
        for name, work in works.items():
            await stack.enter_async_context(in_background(name, work))
        yield Server(app, store, manager, await setup_token(store))


def _announcements(platforms: Mapping[str, TelegramChannel]) -> dict[str, Callable[[], Awaitable[None]]]:
    """Tells each platform where its messages are taken, where that is known."""
    return {
        f"registering with {name}": channel.announce
        for name, channel in platforms.items()
        if channel.credentials.webhook_url
    }


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
    chat = SocketChannel(
        manager,
        store,
        hub,
        visitors,
        settings.cors_origins,
        addresses=addresses,
        greet=lambda language: greeting(manager.bot.domain, language, channel="web"),
    )
    return rest, chat


def _socketio(
    settings: Settings, project: Project, manager: Manager, store: Store, hub: Hub, addresses: Addresses
) -> list[SocketIoChannel]:
    """Rasa's Socket.IO channel, where the project names it."""
    block = project.settings.credentials.get("socketio")
    if block is None:
        return []
    options = SocketIoOptions.read(block)
    return [SocketIoChannel(manager, store, hub, options, settings.cors_origins, addresses=addresses)]


def _rasa(settings: Settings, manager: Manager, store: Store) -> RasaApi:
    """Rasa's interface for the operator's programs; closed without a token."""
    return RasaApi(
        Conversations(manager, store, time.time, settings.reply_timeout),
        bot=lambda: manager.bot,
        bundle=lambda: manager.bot.inference.models.bundle.id,
        models=Models(settings.bundles),
        token=settings.api_token,
    )


def _open_console(
    manager: Manager, store: Store, hub: Hub, push: frozenset[str], *, https: bool, addresses: Addresses
) -> Console:
    return open_console(
        store,
        hub,
        domain=lambda: manager.bot.domain,
        taking_up=manager.taking_up,
        explain=lambda text: manager.bot.inference.explain(text),
        push=push,
        https=https,
        addresses=addresses,
    )


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
    pages = _socketio(settings, project, manager, store, hub, addresses)
    console = _open_console(manager, store, hub, frozenset(platforms), https=https, addresses=addresses)
    routes = [
        *rest.routes(),
        *chat.routes(),
        *(route for platform in platforms.values() for route in platform.routes()),
        *(route for page in pages for route in page.routes()),
        *console.routes(),
        *_rasa(settings, manager, store).routes(),
        *Pages(project.title, project.settings.languages, https=https).routes(),
    ]
    app = web.Application(middlewares=[edge.errors], client_max_size=settings.largest_body)
    app.on_response_prepare.append(edge.harden)
    app.add_routes(routes)
    app.add_routes(Operations(metrics, lambda: {"bundle": manager.bot.inference.ready}, routes).routes())

    async def close_pages(_: web.Application) -> None:
        for page in pages:
            await page.close()
        await chat.close()
        await console.close()

    app.on_shutdown.append(close_pages)
    return app
