"""What a diagram says of each node: where it is defined, and its words.

Knows a project's names, texts and places; nothing of paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.dialogue.domain import MappingType, SlotMapping, Variation
from bot.dialogue.flow import Flow, Form
from bot.dialogue.names import (
    ANSWER,
    ASK_AFFIRMATION,
    ASK_REPHRASE,
    BACK,
    CLARIFY,
    DEACTIVATE_LOOP,
    DEFAULT_ACTIONS,
    DEFAULT_FALLBACK,
    HAND_OVER,
    LANGUAGE_SLOT,
    REPEAT,
    RESTART,
    SESSION_START,
    TWO_STAGE_FALLBACK,
)
from bot.dialogue.phrases import PHRASES
from bot.picture.graph import Kind, Node
from bot.picture.paths import value_words
from bot.picture.walks import doing_words, step_of
from bot.project.check_names import place_of
from bot.project.model import Project, readable

EXAMPLES = 2  # of an intent; more would hide the path
_BUILT_IN: Mapping[str, str] = {
    HAND_OVER: "passes the conversation to a person",
    REPEAT: "says the last thing again",
    ANSWER: "sends the stored answer that is nearest",
    CLARIFY: "asks which of several things is meant",
    DEFAULT_FALLBACK: "says that it did not understand",
    DEACTIVATE_LOOP: "ends the form that runs",
    RESTART: "begins the conversation anew",
    SESSION_START: "begins a session",
    BACK: "goes back to before the last message",
    TWO_STAGE_FALLBACK: "asks whether the guess is right, then for other words",
    ASK_AFFIRMATION: "asks whether the guess is right",
    ASK_REPHRASE: "asks for other words",
}


def nodes_of(project: Project, used: Sequence[str]) -> list[Node]:
    """The nodes of a project: what domain, flows, rules and stories define, and what is `used`, by key."""
    return [_node(project, key) for key in dict.fromkeys([*_defined(project), *used])]


def _defined(project: Project) -> Iterator[str]:
    domain = project.domain
    named = [
        *(f"{Kind.INTENT}:{name}" for name in domain.intents),
        *(f"{Kind.FORM}:{name}" for name in domain.forms),
        *(f"{Kind.RESPONSE}:{name}" for name in domain.responses),
        *(f"{Kind.ACTION}:{name}" for name in domain.actions - {HAND_OVER} - domain.responses.keys()),
    ]
    yield from sorted(named, key=lambda key: (_order(project, key), key))
    yield from (f"{Kind.FLOW}:{name}" for name in domain.flows)
    yield from (f"{Kind.RULE}:{rule.source}" for rule in domain.rules)
    yield from (f"{Kind.STORY}:{part.place}" for part in project.story_parts)


def _order(project: Project, key: str) -> tuple[str, int]:
    place = project.places.get(key)
    return (place.file, place.line) if place else ("", 0)


def _node(project: Project, key: str) -> Node:
    kind_name, _, name = key.partition(":")
    kind = Kind(kind_name)
    match kind:
        case Kind.RULE:
            rule = next(rule for rule in project.domain.rules if rule.source == name)
            return Node(key, kind, rule.name, place=place_of(name))
        case Kind.STORY:
            part = next(part for part in project.story_parts if str(part.place) == name)
            return Node(key, kind, part.name, place=part.place)
        case Kind.FLOW if flow := project.domain.flows.get(name):
            return Node(key, kind, name, _flow_words(flow), place_of(flow.source))
        case Kind.STEP:
            flow, place = step_of(project.domain.flows, name)
            if flow is None or place not in flow.steps:
                return Node(key, kind, place)
            step = flow.steps[place]
            return Node(key, kind, place, (doing_words(step),), place_of(step.source))
        case _:
            defined = "action" if kind is Kind.PERSON else kind.value
            return Node(key, kind, name, _words(project, kind, name), project.places.get(f"{defined}:{name}"))


def _flow_words(flow: Flow) -> tuple[str, ...]:
    words = dict.fromkeys((*flow.titles.values(), *flow.descriptions.values()))
    return tuple(each for each in words if each != readable(flow.name))


def _words(project: Project, kind: Kind, name: str) -> tuple[str, ...]:
    match kind:
        case Kind.INTENT:
            texts = [e.text for e in project.nlu.examples if e.intent.split("/")[0] == name]
            return tuple(f"“{text}”" for text in texts[:EXAMPLES])
        case Kind.RESPONSE:
            return tuple(_response_words(project, name))
        case Kind.FORM if name in project.domain.forms:
            return (f"asks {listed(project.domain.forms[name].required_slots)}",)
        case Kind.ACTION | Kind.PERSON if name in _BUILT_IN and not _replaced(project, name):
            return (_BUILT_IN[name],)
        case Kind.ACTION if name.startswith("validate_"):
            return (f"checks what {name.removeprefix('validate_')} is told",)
        case _:
            return ()


def _replaced(project: Project, action: str) -> bool:
    """Whether the project has an action of its own in place of one of Rasa's."""
    return action in DEFAULT_ACTIONS and action in project.domain.actions


def _response_words(project: Project, name: str) -> Iterator[str]:
    variations = project.domain.responses.get(name)
    if variations:
        yield from (text for variation in variations if (text := _variation_words(variation)))
        return
    chosen = sum(other.startswith(f"{name}/") for other in project.domain.responses)
    if chosen:
        yield f"chooses among {chosen} responses"
    own = PHRASES.get(name, {})
    yield from (own[language] for language in project.domain.languages if language in own)


def _variation_words(variation: Variation) -> str:
    """What a variation says, before it when it does."""
    when = [f"{c.name} is {value_words(c.value)}" for c in variation.conditions if c.name != LANGUAGE_SLOT]
    when += [f"on {variation.channel}"] if variation.channel else []
    buttons = [f"[{button['title']}]" for button in variation.buttons]
    said = " ".join(part for part in (variation.text or "", *buttons) if part)
    other = (
        ("an image", variation.image),
        ("data for the channel", variation.custom),
        ("cards", variation.elements),
    )
    said = said or next((name for name, part in other if part), "")
    return f"{', '.join(when)}: {said}" if when and said else said


def listed(names: tuple[str, ...], joint: str = "and") -> str:
    """`a, b and c`."""
    return f" {joint} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part) or "nothing"


def filled_by(project: Project, form: Form, slot: str) -> tuple[str, ...]:
    """Each way that a message fills a slot while a form runs."""
    found = project.domain.slots.get(slot)
    mappings = found.mappings if found else ()
    reaching = [mapping for mapping in mappings if _reaches(mapping, form.name)]
    return tuple(dict.fromkeys(_mapping_words(mapping, slot) for mapping in reaching))


def _reaches(mapping: SlotMapping, form: str) -> bool:
    return not mapping.conditions or any(one.active_loop == form for one in mapping.conditions)


def _mapping_words(mapping: SlotMapping, slot: str) -> str:
    match mapping.type:
        case MappingType.FROM_ENTITY:
            parts = [f"as {part}" for part in (mapping.role, mapping.group) if part]
            words = " ".join(["the entity", str(mapping.entity), *parts])
        case MappingType.FROM_TEXT:
            words = "the whole message"
        case MappingType.FROM_INTENT:
            words = value_words(mapping.value)
        case MappingType.FROM_TRIGGER_INTENT:
            words = f"{value_words(mapping.value)} from the start"
        case _:
            words = f"the action {mapping.action}" if mapping.action else "an action"
    if mapping.intents:
        words += f" when the intent is {listed(tuple(sorted(mapping.intents)), 'or')}"
    if mapping.not_intents:
        words += f" unless the intent is {listed(tuple(sorted(mapping.not_intents)), 'or')}"
    asked = bool(mapping.conditions) and all(one.requested_slot == slot for one in mapping.conditions)
    return f"{words}, once it is asked" if asked else words
