"""`frontdesk serve`: the whole bot in one process group."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import click
from aiohttp import web

from bot.app import Server, running_server
from bot.cli.actions import action_server
from bot.cli.output import examples, project_argument
from bot.cli.train import bundle_or_train
from bot.config import Settings, read_settings
from bot.project.load import load_project
from bot.project.model import Project

DRAIN_SECONDS = 10.0


@click.command(
    epilog=examples(
        "frontdesk serve my-bot",
        "frontdesk serve my-bot --host 0.0.0.0 --port 8000",
        "frontdesk serve my-bot --database postgresql+asyncpg://user:password@host/name",
    )
)
@project_argument
@click.option("--host", help="Address to listen on. Default: 127.0.0.1, this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: 8080; 0 takes any free one.")
@click.option(
    "--database",
    metavar="URL",
    help="As SQLAlchemy writes it. Default: FRONTDESK_DATABASE, else the project's own SQLite.",
)
@click.option("--verbose", is_flag=True, help="Log every request.")
def serve(project: Path, host: str | None, port: int | None, database: str | None, verbose: bool) -> None:
    """Serve PROJECT: chat page, console, REST and messaging channels. Trains it first if it has no bundle."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("aiohttp.access", "alembic.runtime.migration", "bm25s"):
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    loaded = load_project(project)
    settings = read_settings(project, host=host, port=port, database=database)
    bundle_or_train(settings, loaded)
    # Threads of models and database hand the interpreter back five times sooner than by default: measured, it
    # nearly doubles the store's rate on two cores.
    sys.setswitchinterval(0.001)
    asyncio.run(_serve(settings, loaded))


async def _serve(settings: Settings, project: Project) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with (
        action_server(project, settings, wait=False) as action_url,
        running_server(settings, project, action_url=action_url) as server,
    ):
        runner = web.AppRunner(server.app, shutdown_timeout=DRAIN_SECONDS)
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
            _announce(server, site, settings, project.title)
            await stopped.wait()
            click.echo("Stopping: finishing the turns under way.")
        except OSError as error:
            message = (
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}). Choose another --port."
            )
            raise click.ClickException(message) from error
        finally:
            await runner.cleanup()


def _announce(server: Server, site: web.TCPSite, settings: Settings, title: str) -> None:
    """Where to look."""
    sockets = getattr(getattr(site, "_server", None), "sockets", None) or ()
    port = sockets[0].getsockname()[1] if sockets else settings.port
    base = (
        settings.public_url
        or f"http://{'localhost' if settings.host == '127.0.0.1' else settings.host}:{port}"
    )
    click.echo(f"\nFrontdesk serves {title}:\n")
    click.echo(f"  chat page   {base}/")
    click.echo(f"  console     {base}/console")
    click.echo(f"  REST        POST {base}/webhooks/rest/webhook")
    click.echo(f"  health      {base}/health/ready")
    if server.setup:
        click.echo(
            "\nNobody can sign in to the console yet. Make the first account here, once:\n"
            f"  {base}/console#setup={server.setup}"
        )
    click.echo("\nStop with Ctrl+C.")
