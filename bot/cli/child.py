"""Runs `python -m training VERB` as a child process and relays its progress.

Knows the child's JSON lines; the serving room never imports training. A terminal gets a bar, a file plain
lines.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot.errors import FrontdeskError

END_SECONDS = 20.0  # for a child to tidy up after it was told to end


class TrainingFailed(FrontdeskError):
    """The training process ended with an error; the message is its own."""

    def __init__(self, message: str) -> None:
        super().__init__("training_failed", 500, message)


def run_training(arguments: Sequence[str], *, console: Console | None = None) -> dict[str, Any]:
    """The result of `python -m training ARGUMENTS`. Raises TrainingFailed."""
    if importlib.util.find_spec("torch") is None:
        raise TrainingFailed(
            "This installation can serve but not train. Install `frontdesk[train]`, or train where that is "
            "installed and share FRONTDESK_HOME."
        )
    shown = _Shown(console or Console(stderr=True))
    environment = {
        "OMP_NUM_THREADS": str(os.cpu_count() or 1),
        "TOKENIZERS_PARALLELISM": "false",
        # Libraries speak to their own developers; what a person can act on comes as an error of ours.
        "PYTHONWARNINGS": "ignore",
        "TRANSFORMERS_VERBOSITY": "error",
        **os.environ,
    }
    command = [sys.executable, "-m", "training", *arguments]
    result: dict[str, Any] | None = None
    message = (
        "Training ended without a result. Run the same command again; its output above says where it was."
    )
    with shown.bar, _running(command, environment) as child:
        assert child.stdout is not None
        for line in child.stdout:
            match _parse(line):
                case {"progress": {"stage": str(stage), "done": int(done), "total": int(total)}}:
                    shown.update(stage, done, total)
                case {"result": dict(found)}:
                    result = found
                case {"error": {"message": str(text)}}:
                    message = text
        code = child.wait()
    if code != 0 or result is None:
        raise TrainingFailed(message)
    return result


@contextmanager
def _running(command: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The child; it does not outlive a parent that is interrupted."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        try:
            yield child
        except BaseException:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(END_SECONDS)
            child.kill()
            raise


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None  # a library's own print: nothing of ours


class _Shown:
    """A bar per stage on a terminal, a line per finished stage elsewhere."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def update(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self.bar.add_task(stage, total=total)
            if not self.console.is_terminal:
                self.console.print(f"{stage} …", highlight=False)
        self.bar.update(self._tasks[stage], completed=done, total=total)
