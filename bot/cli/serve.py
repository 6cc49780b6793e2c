"""`frontdesk serve`: the whole bot in one process group."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path

import click
from aiohttp import web

from bot.app import Server, running_server
from bot.cli.actions import Kept, kept_running
from bot.cli.output import database_option, examples, project_argument
from bot.cli.train import bundle_or_train
from bot.config import LOG_LEVELS, Settings, read_settings
from bot.edge import RequestLog
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
@click.option(
    "--host", metavar="ADDRESS", help="Address to listen on. Default: 127.0.0.1, this machine only."
)
@click.option(
    "--port",
    metavar="NUMBER",
    type=click.IntRange(0, 65535),
    help="Port to listen on. Default: 8080; 0 takes any free one.",
)
@database_option
@click.option("--verbose", is_flag=True, help="Log every request, and what the action server does.")
def serve(project: Path, host: str | None, port: int | None, database: str | None, verbose: bool) -> None:
    """Serve PROJECT: chat page, console, REST and messaging channels. Trains it first if it has no bundle."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("aiohttp.access", "alembic.runtime.migration", "bm25s"):
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    loaded = load_project(project)
    settings = read_settings(project, host=host, port=port, database=database)
    if verbose and settings.action_log == LOG_LEVELS[0]:
        settings = replace(settings, action_log="info")
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
        kept_running(project, settings) as actions,
        running_server(settings, project, action_url=actions.url) as server,
    ):
        runner = web.AppRunner(server.app, shutdown_timeout=DRAIN_SECONDS, access_log_class=RequestLog)
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
            await _announce(server, actions, _base(site, settings), project.title, stopped)
            await stopped.wait()
            click.echo("Stopping: finishing the turns under way.")
        except OSError as error:
            message = (
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}). Choose another --port."
            )
            raise click.ClickException(message) from error
        finally:
            await runner.cleanup()


def _base(site: web.TCPSite, settings: Settings) -> str:
    """The address that people open."""
    sockets = getattr(getattr(site, "_server", None), "sockets", None) or ()
    port = sockets[0].getsockname()[1] if sockets else settings.port
    host = "localhost" if settings.host == "127.0.0.1" else settings.host
    return settings.public_url or f"http://{host}:{port}"


async def _announce(server: Server, actions: Kept, base: str, title: str, stopped: asyncio.Event) -> None:
    """Where to look, once the action server answers or has failed: what to open must not scroll away under
    what that one says. Nothing where the server is told to stop first.
    """
    answers, stopping = asyncio.create_task(actions.answers()), asyncio.create_task(stopped.wait())
    await asyncio.wait((answers, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not answers.done():
        answers.cancel()
        return
    click.echo(f"\nFrontdesk serves {title}. Stop with Ctrl+C.\n")
    if not answers.result():
        click.secho("  The action server does not answer; what needs it is handed to a person.\n", fg="red")
    click.echo(f"  REST        POST {base}/webhooks/rest/webhook")
    click.echo(f"  health      {base}/health/ready")
    click.echo(f"  console     {base}/console")
    click.echo(f"  chat page   {base}/\n")
    if server.setup:
        click.echo(
            "Nobody can sign in to the console yet. Make the first account here, once:\n"
            f"  {base}/console#setup={server.setup}\n"
        )
