"""A bot's project as values: what its files say, read and checked.

Knows no YAML and no file; `bot.project.load` makes these. The engine's share of it is
`bot.dialogue.domain.Domain`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.dialogue.domain import Domain, Thresholds
from bot.dialogue.reading import Entity
from bot.errors import Finding, Level
from bot.project.report import Place
from bot.project.sentiment_file import Mood
from bot.project.stories_file import StoryPart
from retrieval.answers import Answer

RECIPES = ("fast", "accurate", "few-shot")
BASE_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


def readable(identifier: str) -> str:
    """`blue-door_bot` as `Blue Door Bot`."""
    words = re.split(r"[-_.\s]+", identifier)
    return " ".join(word[:1].upper() + word[1:] for word in words if word)


class ResponseMode(StrEnum):
    """Who chooses and words answers: nobody, the bundle's own model, or an OpenAI-compatible server."""

    OFF = "off"
    LOCAL = "local"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated training message; `text` is plain, entities are in code points of it."""

    text: str
    intent: str
    language: str
    entities: tuple[Entity, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class NluData:
    """Training material. `synonyms` maps a surface form to the value it stands for."""

    examples: tuple[Example, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regexes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerTemplate:
    """A stored answer and the line it was read from."""

    answer: Answer
    place: Place

    @property
    def id(self) -> str:
        return self.answer.id


@dataclass(frozen=True, slots=True)
class DialogueTurn:
    """One utterance by `customer` or `agent`; `answer` is the id of the stored answer it gives, if any."""

    speaker: str
    text: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A written conversation in one language, from which the response model learns."""

    language: str
    turns: tuple[DialogueTurn, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that the project names; `timeout` in seconds. `token` goes into the query under `token_name`;
    `basic_auth` is a name and a password, `cafile` the certificates of the authorities it is trusted by.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    timeout: float = 10.0
    token_name: str = "token"  # noqa: S105  # the name under which one is sent
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    basic_auth: tuple[str, str] | None = field(default=None, repr=False)
    cafile: Path | None = None


@dataclass(frozen=True, slots=True)
class ResponseModel:
    """`url` and `model` name the server's; `api_key_env` the environment variable that holds its key.
    `base` is a causal model by name or folder to start the local one from; None trains it from scratch."""

    mode: ResponseMode = ResponseMode.OFF
    url: str | None = None
    model: str | None = None
    api_key_env: str | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class SystemEntitySettings:
    """What `nlu.system_entities` looks for, in which time zone, and the country whose telephone numbers need
    no code (None: that of the language)."""

    dimensions: tuple[str, ...]
    timezone: str = "UTC"
    region: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """`config.yml`, `endpoints.yml` and `credentials.yml`. `alpha` is the share of messages whose right
    intent may lie outside the prediction set, `wrong_at_most` that of misread ones among those acted on
    alone. `fallback` is RulePolicy's action, None where the file sets none, `max_history` the number of
    states that stories are compared by, None: all. `title` is what customers read over the chat, None where
    nothing names the bot.
    """

    title: str | None = None
    languages: tuple[str, ...] = ("en",)
    recipe: str = "fast"
    knobs: Mapping[str, str] = field(default_factory=dict)
    base: str = BASE_MODEL
    alpha: float = 0.05
    wrong_at_most: float = 0.02
    thresholds: Thresholds = field(default_factory=Thresholds)
    fallback: str | None = None
    max_history: int | None = None
    responses: ResponseModel = field(default_factory=ResponseModel)
    system_entities: SystemEntitySettings | None = None
    action_endpoint: Endpoint | None = None
    response_endpoint: Endpoint | None = None
    credentials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """The language spoken unless the customer's is known."""
        return self.languages[0]


@dataclass(frozen=True, slots=True)
class Project:
    """Everything a folder says. `places` finds definitions: `intent:NAME`, `slot:`, `form:`, `action:`,
    `response:`, `response:NAME:INDEX` (a variation). `findings` hold what reading found; `bot.project.check`
    finds more. `lost` names what may be missing because a file or section could not be read, as
    `bot.project.report.Report` has it. `story_parts` are the domain's stories as they are written."""

    folder: Path
    name: str
    domain: Domain
    nlu: NluData
    answers: tuple[AnswerTemplate, ...]
    dialogues: tuple[Dialogue, ...]
    settings: ProjectSettings
    findings: tuple[Finding, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    moods: tuple[Mood, ...] = ()
    story_parts: tuple[StoryPart, ...] = ()

    @property
    def title(self) -> str:
        """What customers read over the chat: the given title, else the folder's name made readable."""
        return self.settings.title or readable(self.name)

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)
