"""Rules and stories as ways from step to step, and ways that begin alike joined into trees.

Knows the steps of rules and stories, and what a diagram leaves out of them; not where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.dialogue.domain import Domain
from bot.dialogue.names import DEACTIVATE_LOOP, HAND_OVER, LISTEN, REQUESTED_SLOT
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, Rule, SlotStep, Step, TextStep
from bot.picture.graph import Kind, Path
from bot.project.stories_file import StoryPart


@dataclass(frozen=True, slots=True)
class Way:
    """What follows what, as keys of nodes; `told` is the key of the rule or story that says so. `inside` is
    the form that must be running, if one must.
    """

    keys: tuple[tuple[str, ...], ...]
    told: str
    waits: bool = True
    inside: str | None = None

    @property
    def begins_with_intent(self) -> bool:
        return bool(self.keys) and _is(Kind.INTENT, self.keys[0])

    def after(self, number: int) -> Way:
        """The way from its step `number` on."""
        return replace(self, keys=self.keys[number:])


def key(kind: Kind, name: str) -> str:
    return f"{kind}:{name}"


def action_key(domain: Domain, name: str) -> str:
    """The key of whatever an action's name stands for."""
    if name == HAND_OVER:
        return key(Kind.PERSON, name)
    if name in domain.forms:
        return key(Kind.FORM, name)
    if name in domain.flows:
        return key(Kind.FLOW, name)
    chosen = any(response.startswith(f"{name}/") for response in domain.responses)
    words = name in domain.responses or chosen or (name.startswith("utter_") and name not in domain.actions)
    return key(Kind.RESPONSE if words or name in domain.action_texts else Kind.ACTION, name)


def rule_way(domain: Domain, rule: Rule) -> Way:
    """Its intents, then its conditions, then what it does. A rule of a form that begins with the form itself
    tells how it goes on once it has ended.
    """
    keys = list(_keys(domain, rule.steps))
    opens = 1 if rule.intents else 0
    conditions = [(key(Kind.CONDITION, words),) for words in _conditions(rule)]
    told = key(Kind.RULE, rule.source)
    return Way((*keys[:opens], *conditions, *keys[opens:]), told, rule.waits, rule.loop)


def _conditions(rule: Rule) -> Iterator[str]:
    if rule.conversation_start:
        yield "at the very beginning"
    if rule.loop_given:
        yield running(rule.loop)
    yield from (slot_words(step) for step in rule.slots)


def running(form: str | None) -> str:
    return f"while {form} runs" if form else "while no form runs"


def slot_words(step: SlotStep) -> str:
    """`size is large`, for a rule's condition or a step of a story."""
    if step.any_value:
        return f"{step.name} is filled"
    if step.value is None:
        return f"{step.name} is empty"
    return f"{step.name} is {value_words(step.value)}"


def value_words(value: object) -> str:
    """As files write it."""
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


def story_ways(domain: Domain, part: StoryPart) -> tuple[Way, ...]:
    """Each way through a part of a story, from checkpoint to checkpoint."""
    told = key(Kind.STORY, str(part.place))
    opens = [(key(Kind.CHECKPOINT, part.start),)] if part.start else []
    opens += [(key(Kind.CONDITION, slot_words(step)),) for step in part.given]
    ends = [(key(Kind.CHECKPOINT, part.end),)] if part.end else []
    return tuple(Way((*opens, *_keys(domain, way), *ends), told) for way in part.ways if way)


def _keys(domain: Domain, steps: Sequence[Step]) -> Iterator[tuple[str, ...]]:
    """The nodes of steps. What a reader knows without being told is left out: that a form that was begun now
    runs and asks, that one that was stopped has ended, and that the bot listens.
    """
    form: str | None = None
    stopped = False
    for step in steps:
        stopped = step == ActionStep(DEACTIVATE_LOOP) or (stopped and isinstance(step, LoopStep))
        match step:
            case IntentStep():
                yield tuple(key(Kind.INTENT, name) for name in sorted(step.intents))
                if step.entities:
                    yield (key(Kind.CONDITION, _entity_words(step.entities)),)
            case TextStep(text=text):
                yield (key(Kind.MESSAGE, text),)
            case ActionStep(name=name) if name != LISTEN:
                form = name if name in domain.loops else form
                yield (action_key(domain, name),)
            case LoopStep(name=None) if not stopped:
                yield (key(Kind.CONDITION, f"{form or 'the form'} has ended"),)
            case LoopStep(name=name) if name not in (form, None):
                yield (key(Kind.CONDITION, running(name)),)
            case SlotStep(name=name) if name != REQUESTED_SLOT:
                yield (key(Kind.CONDITION, slot_words(step)),)
            case _:
                pass


def _entity_words(labels: frozenset[str]) -> str:
    """`with city as from`, of the labels `city` and `city#from`."""
    told = {label.partition("#")[0] for label in labels if "#" in label}
    return f"with {' and '.join(sorted(label.replace('#', ' as ') for label in labels - told))}"


def turns(ways: Iterable[Way]) -> Iterator[tuple[str, Way]]:
    """Each intent of stories with what follows it until the next one. What came before is its condition."""
    for way in ways:
        starts = [place for place, keys in enumerate(way.keys) if _is_heard(keys)]
        for start, end in zip(starts, [*starts[1:], len(way.keys)], strict=True):
            before = next((k for k in reversed(way.keys[:start]) if not _is(Kind.CONDITION, k)), None)
            after = [(key(Kind.CONDITION, f"after {_name(before[0])}"),)] if before else []
            for intent in way.keys[start] if _is(Kind.INTENT, way.keys[start]) else ():
                keys = (*after, *way.keys[start + 1 : end])
                yield intent, Way(keys, way.told, way.waits or end < len(way.keys))


def _is_heard(keys: Sequence[str]) -> bool:
    return _is(Kind.INTENT, keys) or _is(Kind.MESSAGE, keys)


def _is(kind: Kind, keys: Sequence[str]) -> bool:
    return keys[0].startswith(f"{kind}:")


def _name(node: str) -> str:
    return node.partition(":")[2]


def joined(ways: Iterable[Way]) -> tuple[Path, ...]:
    """Ways as trees: those that begin alike share their beginning, and branches that differ only in the
    intent or message they open with are one.
    """
    heads: dict[tuple[str, ...], list[Way]] = {}
    for way in ways:
        if way.keys:
            heads.setdefault(way.keys[0], []).append(way)
    return _alike([_path(found) for found in heads.values()])


def _path(ways: Sequence[Way]) -> Path:
    shared = 1
    while all(len(way.keys) > shared for way in ways) and len({way.keys[shared] for way in ways}) == 1:
        shared += 1
    ending = [way for way in ways if len(way.keys) == shared]
    told = tuple(dict.fromkeys(way.told for way in ending if way.told))
    further = joined(way.after(shared) for way in ways)
    return Path(ways[0].keys[:shared], further, told, all(way.waits for way in ending))


def _alike(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Paths with the choices among intents or messages that lead to the same told once (`or` of a story)."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        opens = _is_heard(path.steps[0])
        found.setdefault(replace(path, steps=((), *path.steps[1:])) if opens else path, []).append(path)
    return tuple(
        replace(many[0], steps=(tuple(node for path in many for node in path.steps[0]), *many[0].steps[1:]))
        for many in found.values()
    )
