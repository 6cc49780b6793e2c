"""What a person sees in the terminal: what to open comes last, no library talks in between, and Ctrl+C ends
it all in good order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bot.serving import free_port

LINK = "/console#setup="


def serve(project: Path, *arguments: str) -> subprocess.Popen[str]:
    """The verb in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "serve", str(project), "--port", str(free_port()), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def until_the_link(server: subprocess.Popen[str]) -> list[str]:
    assert server.stdout is not None
    lines: list[str] = []
    for line in server.stdout:
        lines.append(line.rstrip())
        if LINK in line:
            return lines
    pytest.fail("the server ended: " + "\n".join(lines))


def interrupt(server: subprocess.Popen[str]) -> tuple[int, str]:
    """Ctrl+C reaches everybody in the terminal's group."""
    os.killpg(server.pid, signal.SIGINT)
    rest, _ = server.communicate(timeout=30)
    return server.returncode, rest


def test_what_to_open_comes_last_and_ctrl_c_ends_in_good_order(project: Path) -> None:
    server = serve(project)
    before = until_the_link(server)
    code, after = interrupt(server)
    assert not [line for line in before if "INFO" in line or "rasa_sdk" in line]
    assert after.strip() == "Stopping: finishing the turns under way."
    assert code == 0


def test_verbose_shows_what_the_action_server_does_before_what_to_open(project: Path) -> None:
    server = serve(project, "--verbose")
    before = "\n".join(until_the_link(server))
    interrupt(server)
    assert "Registered function for 'action_wait'" in before


def test_an_action_server_that_cannot_start_is_told_before_what_to_open(project: Path) -> None:
    (project / "actions" / "actions.py").write_text("import no_such_module_anywhere\n")
    server = serve(project)
    before = "\n".join(until_the_link(server))
    interrupt(server)
    assert "no_such_module_anywhere" in before and "The action server does not answer" in before


@pytest.mark.parametrize(("verb", "said"), [("chat", "hello\n\n"), ("test", "")])
def test_chat_and_test_print_nothing_but_their_own(project: Path, verb: str, said: str) -> None:
    command = [sys.executable, "-m", "bot", verb, str(project)]
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def started_by(server: subprocess.Popen[str]) -> list[int]:
    """The processes that the server has started."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    return [int(pid) for pid in children.read_text().split()] if children.exists() else []


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks for children under /proc")
@pytest.mark.parametrize("later", [0.0, 1.5])
def test_a_server_that_is_killed_leaves_no_action_server_behind(project: Path, later: float) -> None:
    """Not even one that is still starting: Sanic, told to end then, turns in a circle for ever."""
    server = serve(project)
    until = time.monotonic() + 30
    while len(children := started_by(server)) < 2 and time.monotonic() < until:  # the server and its watch
        time.sleep(0.01)
    time.sleep(later)
    server.kill()
    server.communicate(timeout=10)
    until = time.monotonic() + 20
    while any(alive(group) for group in children) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [group for group in children if alive(group)]
