"""Runs `frontdesk serve` as a process of its own, as an operator would, and talks to it over HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server under test. `url` has no slash at its end."""

    child: subprocess.Popen[str]
    url: str

    def post(self, body: Any, *, path: str = "/webhooks/rest/webhook") -> tuple[int, Any]:
        """Status and JSON of one request; bytes are sent as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return _answer(urllib.request.Request(self.url + path, data=raw, method="POST"))

    def get(self, path: str) -> tuple[int, Any]:
        return _answer(urllib.request.Request(self.url + path))

    def say(self, text: str, *, sender: str = "me", message_id: str | None = None) -> list[str]:
        """What the bot answers."""
        metadata = {"metadata": {"message_id": message_id}} if message_id else {}
        status, replies = self.post({"sender": sender, "message": text, **metadata})
        assert status == 200, replies
        return [reply.get("text", "") for reply in replies]

    def kill(self) -> None:
        """As a power cut would end it."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(10)


def _answer(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, _json(response.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(project: Path, *, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """The project, served until left. Fails with the server's own words if it does not come up."""
    port = free_port()
    command = [sys.executable, "-m", "bot", "serve", str(project), "--port", str(port)]
    child = subprocess.Popen(
        command,
        env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Running(child, f"http://127.0.0.1:{port}")
    try:
        _wait(running)
        yield running
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=20)
        child.kill()


def _wait(running: Running) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if running.child.poll() is not None:
            raise AssertionError(f"the server ended: {running.child.communicate()[0]}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if running.get("/health/ready")[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the server was not ready in time")
