"""The learned policy's training: stories as conversations, and a network that says the same for the same
seed.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from nlu.next_action import NOTHING, Features, NextActionModel
from training.corpus import Told
from training.next_action import RECIPE, fit_stories
from training.story_rows import LISTEN, Steps, book_of, conversations

QUICK = replace(RECIPE, epochs=6, least_steps=0, each=6)


def story(name: str, *steps: str, given: tuple[str, ...] = ()) -> Told:
    """`>intent +slot` is a message and what it fills, anything else an action."""
    told: list[tuple[Features, str]] = []
    user: dict[str, float] = {}
    slots: dict[str, float] = {f"slot {slot}": 1.0 for slot in given}
    before = ""

    def add(action: str) -> None:
        nonlocal before
        told.append(({**user, **slots, **({f"did {before}": 1.0} if before else {})}, action))
        before = action

    for step in steps:
        if step.startswith(">"):
            add(LISTEN)
            intent, *filled = step[1:].split(" +")
            user = {f"intent {intent}": 1.0}
            slots |= {f"slot {slot}": 1.0 for slot in filled}
        else:
            add(step)
    add(LISTEN)
    return Told(name, tuple(told), given)


TOLD = (
    story("hello", ">greet", "utter_greet"),
    story("joke", ">joke", "utter_joke"),
    story("room, yes", ">room", "ask_date", ">inform +date", "sum_up", ">affirm", "book"),
    story("room, no", ">room", "ask_date", ">inform +date", "sum_up", ">deny", "drop"),
    story("towels", ">towels", "ask_floor", ">inform +floor", "bring"),
    story("noise", ">noise", "ask_move", ">affirm", "move"),
    story("known room", ">noise", "ask_move", ">deny", "sorry", given=("known",)),
)


@pytest.fixture(scope="module")
def model() -> NextActionModel:
    return fit_stories(TOLD, RECIPE, seed=0)[0]


def after(*steps: str) -> list[Mapping[str, float]]:
    """The states up to the message that comes last."""
    return [state for state, _ in story("", *steps).steps]


def test_what_stories_tell_is_foreseen(model: NextActionModel) -> None:
    for told in TOLD:
        for place in range(1, len(told.steps)):
            states = [state for state, _ in told.steps[: place + 1]]
            assert model.read(states)[0] == told.steps[place][1]


def test_a_story_goes_on_after_something_else_was_said(model: NextActionModel) -> None:
    between = ">room", "ask_date", ">joke", "utter_joke", ">inform +date"
    action, probability = model.read(after(*between))
    assert action == "sum_up" and probability > 0.5
    action, probability = model.read(after(">noise", "ask_move", ">greet", "utter_greet", ">affirm"))
    assert action == "move" and probability > 0.5


def test_a_message_that_means_nothing_by_itself_is_not_guessed_at(model: NextActionModel) -> None:
    action, probability = model.read(after(">greet", "utter_greet", ">affirm"))
    assert action is None or probability < 0.6


def test_the_same_seed_gives_the_same_model() -> None:
    first, again = (fit_stories(TOLD, QUICK, seed=3)[0] for _ in range(2))
    assert np.array_equal(first.w1, again.w1) and first.temperature == again.temperature
    other = fit_stories(TOLD, QUICK, seed=4)[0]
    assert not np.array_equal(first.w1, other.w1)


def test_one_story_is_enough() -> None:
    fitted, held = fit_stories(TOLD[2:3], QUICK, seed=0)
    assert held.figures(fitted.temperature) == {"steps": 0}
    assert fitted.read(after(">room"))[0] == "ask_date"


def made() -> list[Steps]:
    book = book_of(TOLD)
    return [steps for steps, _ in conversations(book, book.stories, each=40, seed=1)]


def test_conversations_listen_before_each_message_and_once() -> None:
    for steps in made():
        for (state, action), (following, _) in pairwise(steps):
            assert following.get(f"did {action}") == 1.0
            if following.get(f"did {LISTEN}"):
                assert action == LISTEN
            elif state:
                said = [name for name in state if name.startswith("intent ")]
                assert said == [name for name in following if name.startswith("intent ")]


def test_slots_of_another_story_stay_and_conditions_hold() -> None:
    filled = 0
    for steps in made():
        for (state, _), (following, _) in pairwise(steps):
            kept = {name for name in state if name.startswith("slot ")}
            assert kept <= following.keys()
        first = next((state for state, action in steps if action == "sorry"), {})
        assert not first or "slot known" in first
        filled += any({"slot date", "slot floor"} <= state.keys() for state, _ in steps)
    assert filled


def test_only_messages_of_many_meanings_are_out_of_place() -> None:
    lost = [steps[-1][0] for steps in made() if steps[-1][1] == NOTHING]
    assert lost
    assert {name for state in lost for name in state if name.startswith("intent ")} == {
        "intent affirm",
        "intent deny",
        "intent inform",
    }
