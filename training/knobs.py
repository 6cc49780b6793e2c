"""Sets knobs of a recipe by name: `tune.rate=1e-4`.

Knows frozen dataclasses of numbers, texts and switches, one inside another; knows no recipe by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeVar

from training.errors import TrainingError

Recipe = TypeVar("Recipe")
Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Choice:
    """A recipe, the knobs that were set by name, and how many `tries` to spend on finding better ones."""

    recipe: str = "fast"
    settings: Mapping[str, Value] = field(default_factory=dict)
    tries: int = 0


def knobs(recipe: Any, *, under: str = "") -> dict[str, Value]:
    """Every knob by its dotted name."""
    return dict(_knobs(recipe, under))


def turned(recipe: Recipe, settings: Mapping[str, Value | str]) -> Recipe:
    """The recipe with these knobs set; texts are read as what the knob holds. Raises TrainingError."""
    known = knobs(recipe)
    for name, value in settings.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"Did you mean {near[0]}?" if near else f"The knobs are {', '.join(sorted(known))}."
            raise TrainingError(f"This recipe has no knob {name}. {meant}")
        recipe = _set(recipe, name.split("."), _as(known[name], value, name))
    return recipe


def read_settings(pairs: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE pairs of a command line. Raises TrainingError."""
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise TrainingError(f"`{pair}` sets no knob; write NAME=VALUE, such as tune.epochs=4.")
        settings[name.strip()] = value.strip()
    return settings


def _knobs(recipe: Any, under: str) -> Iterator[tuple[str, Value]]:
    for each in fields(recipe):
        value, name = getattr(recipe, each.name), f"{under}{each.name}"
        if is_dataclass(value):
            yield from _knobs(value, f"{name}.")
        else:
            yield name, value


def _set(recipe: Any, path: Sequence[str], value: Value) -> Any:
    first, *rest = path
    return replace(recipe, **{first: _set(getattr(recipe, first), rest, value) if rest else value})


def _as(present: Value, value: Value | str, name: str) -> Value:
    if isinstance(present, str):
        return str(value)
    try:
        if isinstance(present, bool):
            return {"true": True, "false": False}[str(value).lower()]
        number = float(value)
        if isinstance(present, int):
            if number != int(number):
                raise ValueError
            return int(number)
        return number
    except (ValueError, KeyError, OverflowError) as error:
        kind = "true or false" if isinstance(present, bool) else f"a number, such as {present}"
        raise TrainingError(f"{name} cannot be `{value}`; it takes {kind}.") from error
