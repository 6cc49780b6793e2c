"""What a message was understood to mean.

Knows the values the models hand to the core; not how they were computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.names import KNOWLEDGE_INTENT


@dataclass(frozen=True, slots=True)
class Verdict:
    """One intent and its calibrated probability (0..1)."""

    intent: str
    probability: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A value found in the text at `start`..`end` (code points); `details` is what Duckling's users know as
    `additional_info`.
    """

    name: str
    value: Any
    start: int | None = None
    end: int | None = None
    role: str | None = None
    group: str | None = None
    extractor: str | None = None
    confidence: float | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A stored answer near the text: cosine `score`, the `variant` that matched, the `text` to send in
    `language`, the `question` to offer it by, where it has one, and the place in a document that it was
    `taken_from`.
    """

    answer_id: str
    score: float
    variant: str
    text: str
    language: str
    vetted: bool = True
    question: str = ""
    taken_from: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Words that a story tells in place of an intent, and the cosine of the message to them."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Sentiment:
    """How a message sounds, as probabilities: the first three sum to 1, `anger` is part of `negative`."""

    negative: float
    neutral: float
    positive: float
    anger: float


@dataclass(frozen=True, slots=True)
class Request:
    """One of several requests in a message: its intent, how likely, and the clause `start`..`end` (code
    points) that makes it.
    """

    intent: str
    probability: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything the models say of one message.

    `verdicts` fall in probability. `selected` are those on the parts of retrieval intents (`faq/ask_hours`),
    whose sum is the verdict on `faq`. `prediction_set` is the conformal set over intents; empty where the
    bundle has no classifier. `guaranteed` says whether that set carries its statistical promise; `sure`
    whether the bundle promises that acting on the likeliest intent alone is rarely wrong, None where it
    promises nothing. `requests` are there only where the message makes several, `likenesses` where stories
    tell words. `sentiment` is None where nothing read it. `bundle` names the models.
    """

    verdicts: tuple[Verdict, ...] = ()
    prediction_set: tuple[str, ...] = ()
    out_of_scope: bool = False
    guaranteed: bool = False
    sure: bool | None = None
    entities: tuple[Entity, ...] = ()
    matches: tuple[Match, ...] = ()
    requests: tuple[Request, ...] = ()
    selected: tuple[Verdict, ...] = ()
    likenesses: tuple[Likeness, ...] = ()
    sentiment: Sentiment | None = None
    language: str = "en"
    bundle: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def intent(self) -> str | None:
        """The likeliest intent, or None where nothing classified the text."""
        return self.verdicts[0].intent if self.verdicts else None

    @property
    def selection(self) -> str | None:
        """The likeliest part of the likeliest intent, where that is a retrieval intent: `faq/ask_hours`."""
        return self.selection_of(self.intent) if self.intent else None

    def selection_of(self, base: str) -> str | None:
        """The likeliest part of the retrieval intent `base`."""
        return next((v.intent for v in self.selected if v.intent.startswith(f"{base}/")), None)

    @property
    def of_knowledge(self) -> bool:
        """Whether the likeliest intent is a question for the stored answers."""
        return self.intent == KNOWLEDGE_INTENT and self.selection is None

    @property
    def confidence(self) -> float:
        return self.verdicts[0].probability if self.verdicts else 0.0

    @property
    def anger(self) -> float:
        """The probability that the message is angry; 0 where nothing read its sentiment."""
        return self.sentiment.anger if self.sentiment else 0.0
