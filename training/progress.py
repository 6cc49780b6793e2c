"""The JSON lines that training prints: progress while it works, then one result or one error.

Knows the wire shape only; the command line relays it as a bar or as plain lines.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, TextIO

_EVERY_SECONDS = 0.2


class ProgressLines:
    """Writes progress lines to a stream, a few a second at most; the first and last of a stage always."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = 0.0
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tells that `done` of `total` units of a stage are finished."""
        now = time.monotonic()
        if stage == self._stage and done < total and now - self._last < _EVERY_SECONDS:
            return
        self._stage, self._last = stage, now
        self._write({"progress": {"stage": stage, "done": done, "total": total}})

    def result(self, value: Mapping[str, Any]) -> None:
        """The last line of a run that succeeded."""
        self._write({"result": value})

    def error(self, message: str) -> None:
        """The last line of a run that failed."""
        self._write({"error": {"message": message}})

    def _write(self, value: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(value, ensure_ascii=False) + "\n")
        self._stream.flush()
