"""The errors of this room: one small tree, one JSON shape, and the findings that explain a faulty project.

Knows codes and HTTP statuses; knows no framework. A message says what, where and how to mend it, and never
echoes input.
"""

from __future__ import annotations

import traceback
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Level(StrEnum):
    """An error keeps the bot from starting; a warning says what will not work as somebody may expect."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something to mend in a project's files. `file` is relative to the project folder; `line` counts from
    1."""

    file: str
    line: int
    level: Level
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.message} {self.mend}".rstrip()

    def to_json(self) -> dict[str, Any]:
        """The finding as one JSON object, as `frontdesk check --json` writes it."""
        return {**asdict(self), "level": self.level.value}


def place_of(error: BaseException) -> str:
    """What a log may hold of an unforeseen error: its kind and the innermost places. Never its message, which
    may quote a customer.
    """
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places or 'an unknown place'}"


class FrontdeskError(Exception):
    """Root of what this room raises on purpose; the message is fit to show to whoever asked. `wait`: seconds
    after which to ask again, where that is known.
    """

    wait: float | None = None

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message

    def to_json(self) -> dict[str, Any]:
        """The one shape of an error in JSON."""
        return {"error": {"code": self.code, "message": self.message}}


class ProjectError(FrontdeskError):
    """A project's files cannot make a bot; `findings` say where and what to do, errors and warnings alike."""

    def __init__(self, findings: tuple[Finding, ...], *, message: str | None = None) -> None:
        errors = [finding for finding in findings if finding.level is Level.ERROR]
        count = "one error" if len(errors) == 1 else f"{len(errors)} errors"
        listed = "".join(f"\n  {finding}" for finding in errors)
        super().__init__("project_invalid", 422, message or f"The project has {count}:{listed}")
        self.findings = findings

    def to_json(self) -> dict[str, Any]:
        body = super().to_json()
        body["error"]["findings"] = [finding.to_json() for finding in self.findings]
        return body


class SourceUnreadable(FrontdeskError):
    """A file that was to be brought into a project cannot be read; the message says why and what would
    help."""

    def __init__(self, message: str) -> None:
        super().__init__("source_unreadable", 422, message)
