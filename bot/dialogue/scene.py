"""The turn's working place: the conversation so far, the message, and the events told but not yet handed out.

Holds no rule of its own; `tell` is the only way the state changes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import (
    ActionRun,
    BotSaid,
    Event,
    Failed,
    LoopSet,
    Restarted,
    Rewound,
    SessionStarted,
    SlotSet,
    SlotsReset,
    UserSaid,
)
from bot.dialogue.fold import apply
from bot.dialogue.message import InboundMessage
from bot.dialogue.ports import Ports
from bot.dialogue.reading import Reading
from bot.dialogue.responses import render


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a turn: the state, and how many events were told and wait to be handed out."""

    conversation: Conversation
    told: int
    fresh: int


@dataclass(slots=True)
class Scene:
    """`refused` names the actions that chose not to run in this turn; `calls` counts those of the action
    server; `lead` is what the next message of the bot begins with.
    """

    domain: Domain
    conversation: Conversation
    message: InboundMessage
    ports: Ports
    reading: Reading = field(default_factory=Reading)
    intent: str | None = None
    previous: tuple[BotSaid, ...] = ()
    told: list[Event] = field(default_factory=list)
    fresh: deque[Event] = field(default_factory=deque)
    refused: set[str] = field(default_factory=set)
    calls: int = 0
    lead: BotSaid | None = None

    @property
    def at(self) -> float:
        return self.message.at

    @property
    def language(self) -> str:
        known = self.conversation.language
        return known if known in self.domain.languages and known else self.domain.languages[0]

    def tell(self, *events: Event) -> None:
        """These things happened. Slots that were reset, or begin, hold their initial values, as in Rasa."""
        for event in events:
            if self.lead and isinstance(event, BotSaid):
                event = self._led(self.lead, event)
            self._tell(event)
            if isinstance(event, (SlotsReset, Restarted, SessionStarted)):
                self._restore()

    def _tell(self, event: Event) -> None:
        if isinstance(event, LoopSet) and self._runs_nowhere(event.name):
            event = Failed(at=event.at, part="active_loop", reason="flow_not_begun")
        self.conversation = apply(self.conversation, event)
        self.told.append(event)
        self.fresh.append(event)

    def _runs_nowhere(self, loop: str | None) -> bool:
        """Whether this is a flow that does not run: its trigger begins it, and no action by naming it."""
        stack = self.conversation.stack
        return loop in self.domain.flows and not (stack and stack[-1].flow == loop)

    def _led(self, lead: BotSaid, said: BotSaid) -> BotSaid:
        """The message with its lead; one without words (a picture, a response server's) comes after it."""
        self.lead = None
        if not said.text:
            self._tell(lead)
            return said
        return replace(said, text=f"{lead.text}\n{said.text}", buttons=(*said.buttons, *lead.buttons))

    def _restore(self) -> None:
        for slot in self.domain.slots.values():
            if slot.initial is not None and self.conversation.slots.get(slot.name) is None:
                self._tell(SlotSet(at=self.at, name=slot.name, value=slot.initial))

    @property
    def acted(self) -> list[str]:
        """The actions of this message by name, whatever of it was taken back."""
        heard = next((place for place, event in enumerate(self.told) if isinstance(event, UserSaid)), 0)
        return [event.name for event in self.told[heard:] if isinstance(event, ActionRun)]

    @property
    def taken_back(self) -> bool:
        """Whether the message was taken back: the bot listens again as before it."""
        return any(isinstance(event, Rewound) and not event.keeps_latest for event in self.told)

    def mark(self) -> Mark:
        """Where the turn stands, to come back to."""
        return Mark(self.conversation, len(self.told), len(self.fresh))

    def rewind(self, mark: Mark) -> None:
        """Untell what was told since `mark`; nothing of it may have been handed out."""
        assert len(self.told) - len(self.fresh) == mark.told - mark.fresh, "events were handed out since"
        self.conversation = mark.conversation
        del self.told[mark.told :]
        while len(self.fresh) > mark.fresh:
            self.fresh.pop()

    def run(self, name: str, policy: str = "", *, confidence: float = 1.0) -> None:
        spoken = name in self.domain.action_texts
        wanted = policy or None
        self.tell(ActionRun(at=self.at, name=name, policy=wanted, confidence=confidence, spoken=spoken))

    def set_slot(self, name: str, value: Any) -> None:
        """Set the slot unless it holds that value already."""
        if self.conversation.slots.get(name) != value:
            self.tell(SlotSet(at=self.at, name=name, value=value))

    def set_language(self, language: str) -> None:
        if language in self.domain.languages:
            self.set_slot(self.domain.language_slot, language)

    def response(self, name: str, /, **fields: Any) -> BotSaid | None:
        """The domain's (or engine's) message of that name, as it reads here."""
        return render(
            self.domain,
            name,
            slots=self.conversation.slots,
            channel=self.message.channel,
            language=self.language,
            seed=self.message.seed + len(self.told),
            at=self.at,
            fields=fields,
        )

    def say(self, name: str, /, **fields: Any) -> bool:
        """Say response `name`; False where there is none."""
        said = self.response(name, **fields)
        if said is None:
            return False
        self.tell(said)
        return True
