"""What a turn may ask of the world: read a text, run an action, word an answer.

Knows the questions and the shape of the replies; the parts that answer live outside (inference,
action_client) and are handed in. A port raises its own error here and nothing else; the turn makes an event
of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.events import Event, Origin
from bot.dialogue.message import Line
from bot.dialogue.reading import Match, Reading


class PortError(Exception):
    """A part outside the core did not do its work; `reason` is a short code without payload."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ReadError(PortError):
    """The models could not read the text."""


class ActionError(PortError):
    """The action server did not run the action (`timeout`, `unreachable`, `unknown_action`, `server_error`,
    `bad_reply`).
    """


class SayError(PortError):
    """The response server gave no words (`timeout`, `unreachable`, `server_error`, `bad_reply`)."""


class ActionRefused(PortError):
    """The action server answered 400: the action chose not to run here (rasa-sdk's
    ActionExecutionRejection).
    """


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """`language` is the conversation's so far, for texts that do not show their own ('42'); `at` the time the
    message came, in seconds since the epoch, from which "tomorrow" counts.
    """

    text: str
    language: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class ActionCall:
    """`conversation` is the state now; `events` are those of this turn so far, the newest last."""

    name: str
    conversation: Conversation
    events: tuple[Event, ...]
    key: str


@dataclass(frozen=True, slots=True)
class ActionReply:
    """`responses` as rasa-sdk's dispatcher collects them; `events` already parsed."""

    events: tuple[Event, ...] = ()
    responses: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class WordRequest:
    """Near-tied answers, nearest first, and the dialogue they must fit."""

    matches: tuple[Match, ...]
    lines: tuple[Line, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The words to send, the answer they come from, and what was done to them (`checks` for the record)."""

    text: str
    answer_id: str
    origin: Origin
    checks: dict[str, Any] = field(default_factory=dict)


Features = Mapping[str, float]
"""One state of a conversation by the names of what holds in it (bot/dialogue/features.py)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next action that the learned policy finds likeliest, with its calibrated probability; `chances` are
    those of all that it weighed.
    """

    action: str
    probability: float
    chances: Mapping[str, float] = field(default_factory=dict, compare=False)


Foresee = Callable[[Sequence[Features]], Forecast | None]
"""Asked with the last states of a conversation, the newest last. It is not awaited: the small network takes
less time than the way to a thread.
"""


@dataclass(frozen=True, slots=True)
class SayRequest:
    """The words of a response: its name, the variation's `id` where it has one, what an action gave to fill
    it, the state now and the events of this turn so far, the newest last.
    """

    response: str
    id: str | None
    arguments: Mapping[str, Any]
    conversation: Conversation
    events: tuple[Event, ...]
    channel: str


@dataclass(frozen=True, slots=True)
class Ports:
    """`say` is there where a response server words the project's responses, `foresee` where a learned policy
    stands.
    """

    read: Callable[[ReadRequest], Awaitable[Reading]]
    act: Callable[[ActionCall], Awaitable[ActionReply]]
    word: Callable[[WordRequest], Awaitable[Wording]]
    say: Callable[[SayRequest], Awaitable[Mapping[str, Any]]] | None = None
    foresee: Foresee | None = None
