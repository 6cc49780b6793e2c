"""What a bot is made of, as its files say it: frozen values the engine reads.

Knows nothing of YAML (bot.project reads the files) and nothing of a running conversation.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.dialogue.flow import Flow, Form
from bot.dialogue.names import DEFAULT_FALLBACK, LANGUAGE_SLOT, SPOKEN_SLOT, TWO_STAGE_FALLBACK
from bot.dialogue.reading import Entity
from bot.dialogue.selection import DELIMITER, base_of
from bot.dialogue.steps import Rule, Story, StoryMemory


class SlotType(StrEnum):
    TEXT = "text"
    BOOL = "bool"
    CATEGORICAL = "categorical"
    FLOAT = "float"
    LIST = "list"
    ANY = "any"


class MappingType(StrEnum):
    FROM_ENTITY = "from_entity"
    FROM_TEXT = "from_text"
    FROM_INTENT = "from_intent"
    FROM_TRIGGER_INTENT = "from_trigger_intent"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class MappingCondition:
    """The mapping applies while this form runs (None: while none runs), and, if given, asks for this slot."""

    active_loop: str | None
    requested_slot: str | None = None


@dataclass(frozen=True, slots=True)
class SlotMapping:
    """`action` of a custom mapping is asked for the value."""

    type: MappingType
    entity: str | None = None
    role: str | None = None
    group: str | None = None
    action: str | None = None
    intents: frozenset[str] = frozenset()
    not_intents: frozenset[str] = frozenset()
    value: Any = None
    conditions: tuple[MappingCondition, ...] = ()

    def takes(self, entity: Entity) -> bool:
        """Whether an entity is the one mapped; a mapping without role or group takes any."""
        return (
            entity.name == self.entity
            and self.role in (None, entity.role)
            and self.group in (None, entity.group)
        )


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    type: SlotType = SlotType.ANY
    initial: Any = None
    values: tuple[str, ...] = ()
    minimum: float = 0.0
    maximum: float = 1.0
    influences: bool = True
    mappings: tuple[SlotMapping, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether rules and stories can tell anything of its value."""
        return self.influences and self.type is not SlotType.ANY

    def feature(self, value: Any) -> Hashable:
        """What stories can tell of a value, None where that is nothing (rasa.shared.core.slots, 3.6): whether
        a text or list is there, which of its values a categorical slot has, how much or whether it is true.
        """
        if not self.tells or value is None:
            return None
        match self.type:
            case SlotType.BOOL:
                return _truth(value)
            case SlotType.FLOAT:
                return _scaled(value, self.minimum, self.maximum)
            case SlotType.CATEGORICAL:
                named = str(value).casefold()
                return named if named in {str(known).casefold() for known in self.values} else _OTHER
            case SlotType.LIST:
                return True if value else None
            case _:
                return True


_OTHER = "__other__"


def _truth(value: Any) -> bool | None:
    """Of texts `true` and 1 are true, `false` and other numbers not (rasa.shared.core.slots, bool_from_any);
    what is neither tells nothing.
    """
    if isinstance(value, str):
        named = {"true": True, "false": False}.get(value.strip().lower())
        return float(value) == 1.0 if value.isdecimal() else named
    return value == 1 if isinstance(value, (bool, int, float)) else None


def _scaled(value: Any, minimum: float, maximum: float) -> float | None:
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    if math.isnan(number):
        return None
    capped = min(max(number, minimum), maximum)
    return (capped - minimum) / (maximum - minimum) if maximum > minimum else 0.0


@dataclass(frozen=True, slots=True)
class SlotCondition:
    """A response variation or a rule holds only while this slot has this value."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Variation:
    """One wording of a response; empty `conditions` and `channel=None` fit everywhere."""

    text: str | None = None
    buttons: tuple[Mapping[str, Any], ...] = ()
    image: str | None = None
    attachment: Any = None
    custom: Any = None
    elements: tuple[Mapping[str, Any], ...] = ()
    channel: str | None = None
    conditions: tuple[SlotCondition, ...] = ()
    id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`intent` and `ambiguity` are Rasa's fallback thresholds, None where the project sets none: below the
    first the best intent is no intent, a gap to the second below the other asks back.
    `answer`: cosine at which a stored answer is sent alone; `tie`: answers this near to the best may be
    chosen instead.
    `anger`: the probability above which a message counts as angry; 1 means that none does.
    `learned`: the probability from which the learned policy's next action is taken; None: never. At 0.6 it
    was right in 93 of 100 actions of held-out variations that no story tells (docs/benchmarks.md).
    """

    intent: float | None = None
    ambiguity: float | None = None
    answer: float = 0.6
    tie: float = 0.05
    anger: float = 0.5
    learned: float | None = 0.6


@dataclass(frozen=True, slots=True)
class Session:
    """`expiry` in seconds (0: never)."""

    expiry: float = 3600.0
    carry_over: bool = True


@dataclass(frozen=True, slots=True)
class Domain:
    """The whole bot. Mappings are read, never written. `unused_entities` are those, by intent, that stories
    do not look at; `selections` the parts of retrieval intents, by their whole names; `entities_fill` says
    whether an entity that a story tells fills the slots mapped from it; `action_texts` are the actions that
    stories tell by what the bot says, word for word; `fallback` is the action where nothing else can be done.
    """

    name: str = "bot"
    languages: tuple[str, ...] = ("en",)
    intents: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    slots: Mapping[str, Slot] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    flows: Mapping[str, Flow] = field(default_factory=dict)
    responses: Mapping[str, tuple[Variation, ...]] = field(default_factory=dict)
    action_texts: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    stories: tuple[Story, ...] = ()
    memory: StoryMemory = field(default_factory=StoryMemory)
    unused_entities: Mapping[str, frozenset[str]] = field(default_factory=dict)
    selections: frozenset[str] = frozenset()
    entities_fill: bool = True
    thresholds: Thresholds = Thresholds()
    fallback: str = DEFAULT_FALLBACK
    session: Session = Session()
    intent_titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    response_server: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)
    _by_intent: Mapping[str | None, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_intent", _rules_by_intent(self.rules))

    def rules_for(self, intent: str | None) -> tuple[Rule, ...]:
        """The rules that may say something once a message with this intent came, in the files' order."""
        return self._by_intent.get(intent, self._by_intent[None])

    def labels(self, intent: str | None, entities: Iterable[Entity]) -> frozenset[str]:
        """What rules and stories tell of entities: of those that count with the intent each name, and the
        name with role or group.
        """
        unused = self.unused_entities.get(intent or "", frozenset())
        named = [entity for entity in entities if entity.name in self.entities and entity.name not in unused]
        parted = (f"{e.name}#{part}" for e in named for part in (e.role, e.group) if part)
        return frozenset({*(entity.name for entity in named), *parted})

    @property
    def language_slot(self) -> str:
        """The slot that holds the customer's language."""
        return SPOKEN_SLOT if SPOKEN_SLOT in self.slots else LANGUAGE_SLOT

    @property
    def loops(self) -> frozenset[str]:
        """What can run over several messages: forms, flows, and the two-stage fallback."""
        return frozenset({*self.forms, *self.flows, TWO_STAGE_FALLBACK})

    def form(self, loop: str | None) -> Form | None:
        """The form that runs as `loop`; a flow is one as far as its slots go."""
        if flow := self.flows.get(loop or ""):
            return flow.form
        return self.forms.get(loop or "")

    @property
    def meanings(self) -> frozenset[str]:
        """What a message may mean: each intent, a retrieval intent by its parts."""
        return (self.intents - {base_of(name) for name in self.selections}) | self.selections

    def title(self, intent: str, language: str) -> str:
        """What a clarification button calls an intent."""
        titles = self.intent_titles.get(intent, {})
        return titles.get(language) or intent.rpartition(DELIMITER)[2].replace("_", " ").capitalize()


def _rules_by_intent(rules: tuple[Rule, ...]) -> dict[str | None, tuple[Rule, ...]]:
    """By intent, the rules that begin with it, and those that begin with an action; under None the latter."""
    intents = {intent for rule in rules for intent in rule.intents}
    return {
        intent: tuple(rule for rule in rules if not rule.intents or intent in rule.intents)
        for intent in (*intents, None)
    }
