"""What the policy asks the turn to do: the whole vocabulary between understanding and acting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.dialogue.events import Reason
from bot.dialogue.reading import Match


@dataclass(frozen=True, slots=True)
class StartFlow:
    """Step the rules that hold for `intent`; `flow` names the first. None: the words alone say what to do."""

    flow: str
    intent: str | None


@dataclass(frozen=True, slots=True)
class BeginFlow:
    """Begin a flow of flows.yml; what runs goes on after it."""

    flow: str
    intent: str


@dataclass(frozen=True, slots=True)
class SetSlot:
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class CorrectSlot:
    """A new value for a slot that was already filled; None: it is wrong, and asked for again."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class ContinueFlow:
    """Run the form that is waiting for this message."""

    flow: str


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The running flow puts its question again: the message was not understood."""

    flow: str


@dataclass(frozen=True, slots=True)
class CancelFlow:
    """End the running form `flow`; `rule`, which says so, goes on from there. Without one it is a flow."""

    flow: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Clarify:
    """Ask which of two or three intents was meant."""

    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Send a stored answer; the first match is the nearest, the others are near-tied."""

    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class HandOver:
    reason: Reason


@dataclass(frozen=True, slots=True)
class CannotHandle:
    """Nothing verified: ask the customer to say it differently."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The two-stage fallback is over: the message stands for what was not understood."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run an action, and go on where the conversation was."""

    action: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Record and say nothing: a person has the conversation, or a story only listens here."""


Command = (
    StartFlow
    | BeginFlow
    | SetSlot
    | CorrectSlot
    | ContinueFlow
    | AskAgain
    | CancelFlow
    | Clarify
    | Answer
    | HandOver
    | CannotHandle
    | Understood
    | Run
    | Hold
)


def describe(command: Command) -> str:
    """A command in one short phrase without personal data, for `Decided` and the console."""
    match command:
        case StartFlow(flow) | BeginFlow(flow) | ContinueFlow(flow) | AskAgain(flow) | CancelFlow(flow):
            return f"{type(command).__name__}({flow})"
        case SetSlot(name) | CorrectSlot(name):
            return f"{type(command).__name__}({name})"
        case Clarify(intents):
            return f"Clarify({', '.join(intents)})"
        case Answer(matches):
            return f"Answer({matches[0].answer_id})"
        case HandOver(reason):
            return f"HandOver({reason})"
        case Run(action):
            return f"Run({action})"
        case _:
            return type(command).__name__
