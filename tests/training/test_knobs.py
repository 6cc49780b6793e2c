"""Knobs by name, and the search for better ones."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import TrainingError
from training.knobs import knobs, read_settings, turned
from training.recipes import RECIPES
from training.search import Range, search


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1
    steps: int = 3


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    quick: bool = False
    model: str = ""


def test_a_knob_is_set_by_its_dotted_name_and_read_as_what_it_is() -> None:
    found = turned(Outer(), read_settings(["inner.rate=1e-4", "inner.steps=5", "quick=True", "model=a=b"]))
    assert found == Outer(Inner(1e-4, 5), True, "a=b")
    assert knobs(found) == {"inner.rate": 1e-4, "inner.steps": 5, "quick": True, "model": "a=b"}


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("inner.rat=1", "Did you mean inner.rate"),
        ("nonsense=1", "The knobs are inner.rate, inner.steps, model, quick"),
        ("inner.steps=1.5", "takes a number, such as 3"),
        ("inner.rate=fast", "takes a number, such as 0.1"),
        ("quick=1", "takes true or false"),
        ("inner.steps=inf", "takes a number"),
        ("inner.rate", "write NAME=VALUE"),
        ("=1", "write NAME=VALUE"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(pair: str, said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        turned(Outer(), read_settings([pair]))


@given(st.floats(0, 1), st.integers(0, 100))
def test_what_is_set_is_what_is_read(rate: float, steps: int) -> None:
    found = turned(Outer(), {"inner.rate": rate, "inner.steps": steps})
    assert (found.inner.rate, found.inner.steps) == (rate, steps)


def test_every_recipe_searches_knobs_that_it_has_and_begins_within_reach() -> None:
    for recipe in RECIPES.values():
        present = knobs(recipe.knobs)
        for name, reach in recipe.space.items():
            assert reach.low <= float(present[name]) <= reach.high, name


def test_a_search_is_never_worse_than_where_it_began_and_repeats_itself() -> None:
    space = {"x": Range(0.0, 10.0), "n": Range(1, 64, by_factors=True)}

    def loss(settings: dict[str, float]) -> float:
        return (settings["x"] - 7) ** 2 + abs(settings["n"] - 4)

    told: list[tuple[int, int]] = []
    found = search(
        space, {"x": 2.0, "n": 4}, loss, tries=25, seed=3, progress=lambda d, t: told.append((d, t))  # type: ignore[arg-type]  # a loss of numbers alone
    )  # fmt: skip
    assert found.first_loss == 25.0
    assert found.loss < 10.0
    assert told[-1] == (25, 25)
    assert found.tries[0]["settings"] == {"x": 2.0, "n": 4}
    again = search(space, {"x": 2.0, "n": 4}, loss, tries=25, seed=3, progress=lambda d, t: None)  # type: ignore[arg-type]  # as above
    assert again == found


def test_a_try_without_a_loss_is_passed_over() -> None:
    found = search(
        {"x": Range(0.0, 1.0)}, {"x": 0.5}, lambda s: float("nan") if float(s["x"]) > 0.5 else float(s["x"]),
        tries=8, seed=0, progress=lambda done, total: None,
    )  # fmt: skip
    assert found.loss <= 0.5
