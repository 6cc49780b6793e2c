"""What rules and stories are made of, and what is remembered of stories: frozen values.

Knows no file and no running conversation.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.reading import Entity


@dataclass(frozen=True, slots=True)
class IntentStep:
    """The customer's intent is one of `intents`. `entities` are labels (`city`, `city#from`): exactly these
    must be present, in a rule that names none any may. `given` are a story's with their values, which fill
    slots.
    """

    intents: frozenset[str]
    entities: frozenset[str] = frozenset()
    given: tuple[Entity, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class TextStep:
    """The customer says these words, whatever their intent (Rasa's end-to-end stories)."""

    text: str
    given: tuple[Entity, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ActionStep:
    """`spoken`: the name is what the bot says, word for word."""

    name: str
    spoken: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class LoopStep:
    """The running form is now `name` (None: none)."""

    name: str | None


@dataclass(frozen=True, slots=True)
class SlotStep:
    """A slot was set; `any_value` means whatever value but None."""

    name: str
    value: Any = None
    any_value: bool = False


Step = IntentStep | TextStep | ActionStep | LoopStep | SlotStep


@dataclass(frozen=True, slots=True)
class Rule:
    """At most one user turn. `loop_given` says that the condition names a loop at all (`loop=None`: none
    runs).
    """

    name: str
    steps: tuple[Step, ...]
    loop_given: bool = False
    loop: str | None = None
    slots: tuple[SlotStep, ...] = ()
    conversation_start: bool = False
    waits: bool = True
    source: str = ""

    @property
    def intents(self) -> frozenset[str]:
        first = self.steps[0] if self.steps else None
        return first.intents if isinstance(first, IntentStep) else frozenset()


@dataclass(frozen=True, slots=True)
class Story:
    """One way that a conversation goes, from its beginning. `ends` says that the bot listens after the last
    step; where a checkpoint leads nowhere, or back to what was told already, the story is cut there.
    """

    name: str
    steps: tuple[Step, ...]
    ends: bool = True
    source: str = ""


@dataclass(slots=True)
class Branch:
    """Where stories stand after the states that lead here: the `actions` that come next, and the states that
    may follow. More than one action is a contradiction, from which nothing is recalled.
    """

    actions: set[str] = field(default_factory=set)
    further: dict[Hashable, Branch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoryMemory:
    """What the stories say to do next (bot/dialogue/memory.py makes and reads it). `asides` are the rules
    and forms that no story goes by: their turns leave a story where it was. `unseen` are the slots and loops
    that only rules name, which no story looks at; `intents` and `actions` are what stories name, `texts` the
    words that they compare in place of an intent (bot/dialogue/stories.py, words_of). `longest` is the number
    of states looked back at, None: all. `turns` is the most messages that a story has, `begins` the actions
    that stories begin with.
    """

    root: Branch = field(default_factory=Branch)
    asides: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    longest: int | None = None
    turns: int = 0
    begins: frozenset[str] = frozenset()
