"""A project's YAML files side by side, and whether they were written for Rasa 2 or 1.

Knows what the formats tell themselves apart by; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.dialogue.domain import MappingType
from bot.project.changes import Change
from bot.project.report import Place
from bot.project.yaml import Node

OLD_TYPE = "unfeaturized"
_NO_SLOT = ("ignored_intents",)


@dataclass(frozen=True, slots=True)
class Files:
    """The top values of the files of each kind, by name. `data` holds test conversations too."""

    config: Mapping[str, Node] = field(default_factory=dict)
    domain: Mapping[str, Node] = field(default_factory=dict)
    data: Mapping[str, Node] = field(default_factory=dict)

    @property
    def all(self) -> Iterator[tuple[str, Node]]:
        """Every file with its name."""
        for kind in (self.config, self.domain, self.data):
            yield from kind.items()


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to a file that says the same in Rasa 3's words."""

    file: str
    change: Change


@dataclass(frozen=True, slots=True)
class Remark:
    """Something old that only a person can bring over, or should look at."""

    place: Place
    message: str
    mend: str


def below(top: Node, *keys: str) -> Mapping[str, Node]:
    """The entries under nested names; none where there is no such map."""
    node: Node | None = top
    for key in keys:
        node = node.value.get(key) if node is not None and isinstance(node.value, Mapping) else None
    return node.value if node is not None and isinstance(node.value, Mapping) else {}


def listed(top: Node, *keys: str) -> tuple[Node, ...]:
    """The items of the list under nested names; none where there is no such list."""
    node = below(top, *keys[:-1]).get(keys[-1]) if keys else top
    return node.value if node is not None and isinstance(node.value, tuple) else ()


def version_of(top: Node) -> str:
    """The format's version as the file gives it, "" where it gives none."""
    node = below(top).get("version")
    return node.raw if node is not None else ""


def is_older(version: str) -> bool:
    """Whether a version is one of before Rasa 3."""
    return version.split(".")[0] in ("1", "2")


def own_mappings(form: Node) -> Mapping[str, Node] | None:
    """The slot mappings that a form keeps itself, by slot, as Rasa 2 had them; None where it keeps none."""
    found = below(form)
    required = found.get("required_slots")
    if required is not None:
        return required.value if isinstance(required.value, Mapping) else None
    slots = {name: node for name, node in found.items() if name not in _NO_SLOT}
    if slots and all(isinstance(node.value, tuple) for node in slots.values()):
        mappings = [item for node in slots.values() for item in listed(node)]
        if all(_is_mapping(item) for item in mappings) and (mappings or len(slots) == len(found)):
            return slots
    return None


def _is_mapping(node: Node) -> bool:
    kind = below(node).get("type")
    return kind is not None and kind.raw in set(MappingType)


def fills_by_name(files: Files) -> bool:
    """Whether the domain is one of before Rasa 3, in which an entity fills the slot of its name.

    Slots with `mappings` are Rasa 3's whatever the version says, for Rasa 3 reads older numbers too.
    """
    domain = list(files.domain.values())
    slots = [slot for top in domain for slot in below(top, "slots").values()]
    versions = {version_of(top) for top in domain} - {""}
    if any("mappings" in below(slot) for slot in slots) or any(not is_older(found) for found in versions):
        return False
    return bool(versions) or any(map(_is_older_file, files.data.values())) or any(map(_has_old_words, domain))


def _is_older_file(top: Node) -> bool:
    return is_older(version_of(top))


def _has_old_words(top: Node) -> bool:
    slots = [below(slot) for slot in below(top, "slots").values()]
    return (
        "templates" in below(top)
        or bool(listed(top, "forms"))
        or any(own_mappings(form) is not None for form in below(top, "forms").values())
        or any("auto_fill" in slot or ("type" in slot and slot["type"].raw == OLD_TYPE) for slot in slots)
    )
