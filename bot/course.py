"""A conversation test under way, as Rasa's grading follows it: the conversation as the test tells it, and
what was found so far.

Knows which actions the running form or flows may run; compares nothing (bot.grading does).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import Event, FlowEnded, FlowStarted, LoopSet
from bot.dialogue.flow import done_by
from bot.dialogue.fold import fold
from bot.dialogue.names import DEFAULT_FALLBACK, TWO_STAGE_FALLBACK
from bot.dialogue.next_action import Next, is_listening, next_action
from bot.dialogue.ports import Foresee
from bot.dialogue.two_stage import taken_back
from bot.played import START, Failure
from bot.project.tests_file import ConversationTest, UserTurn
from bot.project.tests_write import Remarked


@dataclass(slots=True)
class Course:
    """A test under way: the conversation as it tells it, and what was found so far. `intent` is what the bot
    acts on in this turn; `said` None: no message yet. `understood`: the two-stage fallback ran for the last
    time, and ends with the next step; `taken_back` names what was done since an action took the message back.
    """

    test: ConversationTest
    domain: Domain
    state: Conversation
    ask: Foresee | None
    at: float = START
    said: UserTurn | None = None
    number: int = 0
    intent: str | None = None
    understood: bool = False
    taken_back: list[str] = field(default_factory=list)
    failure: Failure | None = None
    actions: list[tuple[str, str]] = field(default_factory=list)
    readings: list[tuple[str, str | None]] = field(default_factory=list)
    told: list[Remarked] = field(default_factory=list)

    def tell(self, *events: Event) -> None:
        self.state = fold(self.state, events)

    def next(self, taken: bool | None = None) -> Next:
        return next_action(
            self.domain,
            self.state,
            intent=self.intent,
            taken=taken,
            acted=self.taken_back or None,
            ask=self.ask,
        )

    def take_back(self, action: str, *events: Event) -> None:
        """The engine's own action takes back what was said; what comes next is no answer to it."""
        self.taken_back = [action]
        self.tell(*events)

    def end_doubt(self) -> None:
        """The two-stage fallback is over; what ran before it runs again, a form perhaps."""
        self.tell(LoopSet(at=self.at, name=None))
        if self.understood:
            self.tell(taken_back(self.state, self.at, keeps_latest=True))
        elif DEFAULT_FALLBACK not in self.domain.actions:
            self.take_back(TWO_STAGE_FALLBACK, taken_back(self.state, self.at, keeps_latest=False))
        self.understood = False

    def enter(self, flow: str) -> None:
        """A flow runs now: one that waited goes on, else it begins."""
        above = [frame.flow for frame in reversed(self.state.stack)]
        if flow in above:
            self.tell(*(FlowEnded(at=self.at, flow=name) for name in above[: above.index(flow)]))
        else:
            self.tell(FlowStarted(at=self.at, flow=flow, step=self.domain.flows[flow].begins))
        self.tell(LoopSet(at=self.at, name=flow))

    @property
    def running(self) -> frozenset[str]:
        """The actions that are the running form's, or steps of the flows that run."""
        loop, flows = self.state.loop or "", self.domain.flows
        if loop in flows:
            return done_by(flows, loop, *(frame.flow for frame in self.state.stack))
        return frozenset({loop} & self.domain.forms.keys())

    @property
    def listens(self) -> bool:
        return is_listening(self.state)
