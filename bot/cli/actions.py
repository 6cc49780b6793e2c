"""Runs a project's action server as a child process, for the verbs that need one.

Knows which server a project wants: its own `actions` by rasa-sdk, or ours; that one already answering is
used; and how much of what it says is worth a terminal.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.config import Settings
from bot.project.model import Project

log = logging.getLogger(__name__)

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
START_SECONDS = 30.0
END_SECONDS = 10.0
LONGEST_PAUSE = 30.0
SETTLED_SECONDS = 60.0
# How rasa-sdk's command line calls its levels.
_LEVELS = {"warning": "--quiet", "info": "--verbose", "debug": "--debug"}
# rasa-sdk warns so of every slot that a validation action leaves as it is: nothing is amiss.
_CHATTER = re.compile(rb"Skipping validation for `")


@dataclass(slots=True)
class Kept:
    """An action server: its URL (None: the project names none), and the child that we keep running, if it is
    ours. `ended` is set when that child has ended by itself."""

    url: str | None
    keeper: asyncio.Task[None] | None = None
    ended: asyncio.Event | None = None

    async def answers(self) -> bool:
        """Whether it answers: asked until it does, has ended, or has had its time. One that is not ours is
        not asked, since it may start later."""
        if self.url is None or self.keeper is None or self.ended is None:
            return True
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline and not self.ended.is_set():
            if await _answers(self.url):
                return True
            await asyncio.sleep(0.1)
        return False


@asynccontextmanager
async def action_server(
    project: Project, settings: Settings, *, bundle: str | None = None
) -> AsyncIterator[str | None]:
    """The URL of the project's action server, once it answers or has failed; None where there is none."""
    async with kept_running(project, settings, bundle=bundle) as kept:
        if not await kept.answers():
            log.error("the action server does not answer; what needs it is handed to a person")
        yield kept.url


@asynccontextmanager
async def kept_running(
    project: Project, settings: Settings, *, bundle: str | None = None
) -> AsyncIterator[Kept]:
    """The project's action server, being started and kept running if it is to be on this machine."""
    endpoint = project.settings.action_endpoint
    url = settings.action_url or (endpoint.url if endpoint else None)
    parts = urlsplit(url or "")
    if url is None or settings.action_url or parts.hostname not in LOCAL or parts.scheme == "https":
        yield Kept(url)  # also one with a certificate: what we start has none
        return
    if bundle is None and project.domain.actions <= await _offered(url):
        yield Kept(url)  # somebody runs it already, in a terminal of their own
        return
    port = _free_port(urlsplit(url).port or 5055)
    ended = asyncio.Event()
    command = _command(project, port, settings.action_log)
    keeper = asyncio.create_task(
        _keep_running(command, _folder(project), _environment(settings, bundle), ended)
    )
    try:
        yield Kept(f"http://127.0.0.1:{port}/webhook", keeper, ended)
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


def has_own_actions(project: Project) -> bool:
    """Whether the project brings actions of its own, as Rasa projects do."""
    return (project.folder / "actions").is_dir() or (project.folder / "actions.py").is_file()


def _command(project: Project, port: int, level: str) -> list[str]:
    if has_own_actions(project):
        command = [sys.executable, "-m", "rasa_sdk", "--actions", "actions", _LEVELS[level]]
    else:
        command = [sys.executable, "-m", "actions", "--log", level]
    return [*command, "--port", str(port)]


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


async def _keep_running(
    command: list[str], folder: Path | None, environment: dict[str, str], ended: asyncio.Event
) -> None:
    """Run the server, again after each end, with growing pauses."""
    if importlib.util.find_spec("rasa_sdk") is None:
        log.error("no action server: install rasa-sdk with `pip install 'frontdesk[actions]'`")
        ended.set()
        return
    clock, pause = asyncio.get_running_loop().time, 1.0
    while True:
        start = clock()
        code = await _run(command, folder, environment)
        ended.set()
        pause = pause if clock() - start < SETTLED_SECONDS else 1.0
        log.warning("the action server ended with code %s; starting it again in %.0f s", code, pause)
        await asyncio.sleep(pause)
        pause = min(5 * pause, LONGEST_PAUSE)  # soon rare: each try tells the same traceback


async def _run(command: list[str], folder: Path | None, environment: dict[str, str]) -> int | None:
    """The server's exit code. A session of its own keeps a terminal's Ctrl+C from it: told twice to end, once
    by the terminal and once by us, Sanic kills its process group, and we were in it.
    """
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stderr is not None
    ending = asyncio.Event()
    told = asyncio.create_task(_pass_on(child.stderr, ending))
    watch = None
    try:
        watch = await _watch(child.pid)
        return await child.wait()
    finally:
        ending.set()
        if child.returncode is None:
            child.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), END_SECONDS)
        # The watch first; then the workers that outlived their server.
        for group in ([watch.pid] if watch else []) + [child.pid]:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if watch:
            await watch.wait()
        await asyncio.wait([told], timeout=1.0)
        told.cancel()


async def _pass_on(said: asyncio.StreamReader, ending: asyncio.Event) -> None:
    """What the server says on standard error, chatter left out, on ours; not what it says of being ended:
    Sanic now and then tells of a request that its worker's end cut short.
    """
    while True:
        try:
            line = await said.readline()
        except ValueError:
            continue  # a line longer than the reader's buffer, which has dropped it
        if not line:
            return
        if not (_CHATTER.search(line) or ending.is_set()):
            sys.stderr.write(line.decode(errors="replace"))
            sys.stderr.flush()


async def _watch(group: int) -> asyncio.subprocess.Process:
    """A shell that ends a process group when we are gone, however we went: its input ends with us.

    A signal to the server alone is not enough: told to end before its worker has answered, Sanic turns in a
    circle for ever.
    """
    return await asyncio.create_subprocess_exec(
        "sh",
        "-c",
        'cat > /dev/null; kill -s TERM -- "-$0"; sleep 5; kill -s KILL -- "-$0"',
        str(group),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


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
