"""Runs a project's action server as a child process, for the verbs that need one.

Knows which server a project wants: its own `actions` by rasa-sdk, or ours; and that one already answering is
used.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib.util
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings
from bot.project.model import Project

log = logging.getLogger(__name__)

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
START_SECONDS = 30.0
LONGEST_PAUSE = 30.0
PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@asynccontextmanager
async def action_server(
    project: Project, settings: Settings, *, bundle: str | None = None, wait: bool = True
) -> AsyncIterator[str | None]:
    """The URL of the project's action server, started and kept running if it is to be on this machine.

    None where the project names no action server. `wait=False` returns before it answers.
    """
    endpoint = project.settings.action_endpoint
    url = settings.action_url or (endpoint.url if endpoint else None)
    if url is None or settings.action_url or urlsplit(url).hostname not in LOCAL:
        yield url
        return
    if bundle is None and project.domain.actions <= await _offered(url):
        yield url  # somebody runs it already, in a terminal of their own
        return
    port = _free_port(urlsplit(url).port or 5055)
    keeper = asyncio.create_task(
        _keep_running(_command(project, port), _folder(project), _environment(settings, bundle))
    )
    try:
        url = f"http://127.0.0.1:{port}/webhook"
        if wait:
            await _until_it_answers(url, keeper)
        yield url
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


def has_own_actions(project: Project) -> bool:
    """Whether the project brings actions of its own, as Rasa projects do."""
    return (project.folder / "actions").is_dir() or (project.folder / "actions.py").is_file()


def _command(project: Project, port: int) -> list[str]:
    if has_own_actions(project):
        return [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)]
    return [sys.executable, "-m", "actions", "--port", str(port)]


def _folder(project: Project) -> Path | None:
    return project.folder if has_own_actions(project) else None


def _environment(settings: Settings, bundle: str | None) -> dict[str, str]:
    models = settings.bundles / bundle if bundle else settings.bundles
    return {
        **os.environ,
        "FRONTDESK_BUNDLE": str(models),
        "SANIC_HOST": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }


async def _keep_running(command: list[str], folder: Path | None, environment: dict[str, str]) -> None:
    """Run the server, again after each end, with growing pauses."""
    pause = 1.0
    while True:
        if importlib.util.find_spec("rasa_sdk") is None:
            log.error("no action server: install rasa-sdk with `pip install 'frontdesk[actions]'`")
            return
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            preexec_fn=_end_with_parent,
        )
        try:
            await child.wait()
        finally:
            if child.returncode is None:
                child.terminate()
                await child.wait()
        log.warning(
            "the action server ended with code %s; starting it again in %.0f s", child.returncode, pause
        )
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _end_with_parent() -> None:
    """Linux: the kernel ends the child when its parent dies, however it dies. Elsewhere it may stay
    behind.
    """
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _until_it_answers(url: str, keeper: asyncio.Task[None]) -> None:
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while asyncio.get_running_loop().time() < deadline and not keeper.done():
        if await _answers(url):
            return
        await asyncio.sleep(0.1)
    log.error("the action server does not answer; custom actions will be handed to a person")


async def _answers(url: str) -> bool:
    return await _get(url.removesuffix("/webhook") + "/health") is not None


async def _offered(url: str) -> frozenset[str]:
    """The actions that the server at `url` runs; none where nobody answers."""
    listed = await _get(url.removesuffix("/webhook") + "/actions")
    named = listed if isinstance(listed, list) else []
    return frozenset(item["name"] for item in named if isinstance(item, dict) and "name" in item)


async def _get(url: str) -> Any:
    """The JSON at `url`, None if there is none."""
    timeout = aiohttp.ClientTimeout(total=1.0)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            return await response.json(content_type=None) if response.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


def _free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
