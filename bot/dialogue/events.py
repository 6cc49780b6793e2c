"""What happened in a conversation: one frozen value per fact, in the past tense.

Knows the facts; not how they are stored (bot.store), written as JSON (wire) or what they add up to
(conversation).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.dialogue.message import IS_EXTERNAL, Button
from bot.dialogue.reading import Entity, Reading


class Reason(StrEnum):
    """Why a person is asked to take over. Never parsed out of generated text."""

    RED_FLAG = "red_flag"
    CUSTOMER_REQUEST = "customer_request"
    RULE = "rule"
    NOT_UNDERSTOOD = "not_understood"
    MISSING_KNOWLEDGE = "missing_knowledge"
    ACTION_FAILED = "action_failed"
    MODEL_FAILED = "model_failed"
    STEP_LIMIT = "step_limit"
    FRUSTRATED = "frustrated"


class Origin(StrEnum):
    """Where the words of a bot message came from."""

    RESPONSE = "response"
    ANSWER = "answer"
    CHOSEN = "chosen"
    REWORDED = "reworded"
    ACTION = "action"
    CLARIFICATION = "clarification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`at` is seconds since the epoch. The place in the log belongs to the store."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSaid(Event):
    """`external`: no customer said it; a reminder was due, or something outside asked the bot to act."""

    text: str
    message_id: str
    channel: str
    reading: Reading | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def external(self) -> bool:
        return self.metadata.get(IS_EXTERNAL) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSaid(Event):
    """`response` names the domain response, `answer_id` the template, `bundle` the models that made the
    choice. `elements` are cards in Facebook's keys (bot.dialogue.cards).
    """

    text: str | None = None
    buttons: tuple[Button, ...] = ()
    image: str | None = None
    attachment: Any = None
    custom: Any = None
    elements: tuple[Mapping[str, Any], ...] = ()
    origin: Origin = Origin.RESPONSE
    response: str | None = None
    answer_id: str | None = None
    bundle: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSaid(Event):
    text: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRun(Event):
    """`spoken`: the name is what the bot then says, word for word (an end-to-end action)."""

    name: str
    policy: str | None = None
    confidence: float | None = None
    spoken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRejected(Event):
    """The action refused to run here (a form that got nothing it asked for); other rows of the table may
    answer.
    """

    name: str
    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFailed(Event):
    """`reason` is a short code (`timeout`, `unreachable`, `unknown_action`, `server_error`, `bad_reply`), no
    payload.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSet(Event):
    name: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsReset(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSet(Event):
    """A form became the running one; `name=None` ends it."""

    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopInterrupted(Event):
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStarted(Event):
    """A flow began, at `step`; `called`: by another flow, which goes on after it."""

    flow: str
    step: str
    called: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowMoved(Event):
    """The running flow stands at this step."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEnded(Event):
    flow: str
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewound(Event):
    """The last `messages` of the customer are taken back with all that followed them. `keeps_latest`: but for
    the newest, which stands where the first of them stood.
    """

    messages: int = 1
    keeps_latest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone(Event):
    """The last action of the turn is taken back with all that it changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowupSet(Event):
    """An action named the one to run next."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderScheduled(Event):
    """At `due` the bot is to act as if `intent` had been meant. `due` without a zone is the server's local
    time, as in Rasa. A later reminder of the same `name` takes this one's place. `until_message`: the
    customer's next message ends it.
    """

    intent: str
    due: datetime
    entities: tuple[Entity, ...] = ()
    name: str | None = None
    until_message: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderCancelled(Event):
    """The reminders that agree with all that is given are called off; with nothing given, all."""

    name: str | None = None
    intent: str | None = None
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Event):
    """Which row of the policy table held, and the commands it gave: the audit's answer to 'why'."""

    row: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedFlagged(Event):
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """The customer now waits for a person. `packet` is what the agent sees first: intent, slots, steps,
    summary, drafts.
    """

    reason: Reason
    packet: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver(Event):
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Event):
    """An agent gave the conversation back to the bot."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed(Event):
    """A person's judgement of the message at `message_id`: the intent it really had (None: out of scope)."""

    message_id: str
    intent: str | None
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """A part of the turn failed and the customer was looked after; `part` names it, `reason` is a short
    code.
    """

    part: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """A Rasa event that is kept on record but changes nothing here."""

    kind: str
    body: dict[str, Any] = field(default_factory=dict)
