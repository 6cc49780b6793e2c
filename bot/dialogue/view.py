"""What the policy looks at, and what it gives: a message beside the conversation, and a decision.

Knows no row of the table (bot/dialogue/policy.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.commands import Command
from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.flow import Flow, Form
from bot.dialogue.ports import Forecast
from bot.dialogue.reading import Match, Reading
from bot.dialogue.rules import Prediction
from bot.dialogue.text import parse_payload


@dataclass(frozen=True, slots=True)
class View:
    """All that a row may look at. `meant` is the intent where that is one to act on, `filled` what the slot
    mappings found in the message, `ruled` what the rules say to its intent, `begins` the flow that the intent
    begins, `worded` the action that stories go on with after these very words, `recalled` the one after the
    intent, `foreseen` that of the learned policy where no story does and no rule but that for what was not
    understood. `doubted`: the two-stage fallback runs, and the rest is as if the message stood where the
    first one stood that was not understood.
    """

    domain: Domain
    conversation: Conversation
    reading: Reading
    text: str
    intent: str | None
    meant: str | None = None
    candidates: tuple[str, ...] = ()
    filled: Mapping[str, Any] = field(default_factory=dict)
    ruled: Prediction | None = None
    begins: Flow | None = None
    worded: str | None = None
    recalled: str | None = None
    foreseen: Forecast | None = None
    doubted: bool = False
    flags: tuple[str, ...] = ()
    unread: bool = False

    @property
    def form(self) -> Form | None:
        return self.domain.form(self.conversation.loop)

    @property
    def flow(self) -> Flow | None:
        """The flow that runs."""
        return self.domain.flows.get(self.conversation.loop or "")

    @property
    def expects(self) -> frozenset[str]:
        """The slots of the running form, and the one it asks for, which may be none of them."""
        asked = self.conversation.requested_slot
        return (
            frozenset(self.form.required_slots) | ({asked} if asked else set()) if self.form else frozenset()
        )

    @property
    def pressed(self) -> bool:
        """Whether the message is what a button sends: it names an intent, and its words are no value."""
        return parse_payload(self.text) is not None

    @property
    def external(self) -> bool:
        """Whether no customer wrote the message."""
        return self.conversation.unasked

    @property
    def angry(self) -> bool:
        """Whether the message sounds angry."""
        return self.reading.anger > self.domain.thresholds.anger

    @property
    def still_angry(self) -> bool:
        """Whether it does, and so did the message before."""
        return self.angry and max(self.conversation.tempers[:-1], default=0.0) > self.domain.thresholds.anger

    @property
    def near_tied(self) -> tuple[Match, ...]:
        """The nearest stored answer and those within the tie of it, if it is near enough to be sent alone."""
        limits = self.domain.thresholds
        matches = self.reading.matches
        if not matches or matches[0].score < limits.answer:
            return ()
        return tuple(m for m in matches if m.score >= max(limits.answer, matches[0].score - limits.tie))


@dataclass(frozen=True, slots=True)
class Decision:
    row: str
    commands: tuple[Command, ...]
