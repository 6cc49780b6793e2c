"""The learned policy's training: stories as conversations, and a network that says the same for the same
seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from nlu.next_action import NOTHING, Features, NextActionModel
from training.corpus import Told
from training.next_action import RECIPE, fit_stories
from training.story_rows import LISTEN, Steps, book_of, conversations
from training.story_words import Spoken, spoken

QUICK = replace(RECIPE, epochs=6, least_steps=0, each=6)


def story(name: str, *steps: str, given: tuple[str, ...] = ()) -> Told:
    """`>intent +slot` and `"words +slot` are a message and what it fills, anything else is an action."""
    told: list[tuple[Features, str]] = []
    user: dict[str, float] = {}
    slots: dict[str, float] = {f"slot {slot}": 1.0 for slot in given}
    before = ""

    def add(action: str) -> None:
        nonlocal before
        told.append(({**user, **slots, **({f"did {before}": 1.0} if before else {})}, action))
        before = action

    for step in steps:
        if step.startswith((">", '"')):
            add(LISTEN)
            said, *filled = step[1:].split(" +")
            user = {f"intent {said}" if step.startswith(">") else f"words {said}": 1.0}
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


WORDED = (
    *TOLD[:2],
    story("refund", '"refund', "ask_receipt", ">affirm", "pay"),
    story("lost", '"refund', "ask_receipt", '"lost', "look_up"),
    story("lend", '"lend', "tell_price"),
)


def directions(texts: Sequence[str]) -> NDArray[np.float32]:
    """A vector for each text: those of stories at right angles, others between the axes."""
    axes = {"lend": 0, "lost": 1, "refund": 2}
    vectors = np.full((len(texts), 24), 0.2, dtype=np.float32)
    for row, text in enumerate(texts):
        if text in axes:
            vectors[row] = 0.0
            vectors[row, axes[text]] = 1.0
        elif text.startswith("near "):
            vectors[row, axes[text[5:]]] = 0.6
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def said_in_words(examples: Sequence[str] = ()) -> Spoken:
    return spoken((told.steps for told in WORDED), examples, directions)


def test_words_are_followed_from_what_they_are_like() -> None:
    said = said_in_words()
    assert said.words.texts == ("lend", "lost", "refund")
    model = fit_stories(WORDED, RECIPE, seed=0, said=said)[0]
    assert model.words == said.words
    for score in (1.0, 0.6):
        heard = [{}, {"words refund": score, f"did {LISTEN}": 1.0}]
        assert model.read(heard)[0] == "ask_receipt" and model.read(heard)[1] > 0.6
    asked = after('"refund', "ask_receipt", '"lost')
    assert model.read([*asked[:-1], {**asked[-1], "words lost": 0.7}])[0] == "look_up"


def test_a_story_in_words_is_learnt_without_vectors_too() -> None:
    model = fit_stories(WORDED, RECIPE, seed=0)[0]
    assert model.read(after('"lend'))[0] == "tell_price" and model.words.texts == ()


def test_examples_that_are_a_little_like_a_storys_words_lead_nowhere() -> None:
    said = said_in_words(["near refund"] * 3)
    book = book_of(WORDED)
    made = list(said.varied(conversations(book, book.stories, each=40, seed=1), seed=1))
    (like,) = {round(score, 3) for _, score in said.words.like(directions(["near refund"])[0])}
    lost = [steps[-1][0] for steps, _ in made if steps[-1][1] == NOTHING and "words refund" in steps[-1][0]]
    assert {round(state["words refund"], 3) for state in lost} == {like}
    again = list(said.varied(conversations(book, book.stories, each=40, seed=1), seed=1))
    assert made == again


def test_a_message_is_put_the_same_way_until_the_next_one() -> None:
    book = book_of(WORDED)
    said = said_in_words()
    scores = set()
    for steps, _ in said.varied(conversations(book, book.stories, each=20, seed=2), seed=2):
        for (state, action), (following, _) in pairwise(steps):
            if action != LISTEN:
                words = {name: score for name, score in state.items() if name.startswith("words ")}
                assert words == {name: s for name, s in following.items() if name.startswith("words ")}
                scores |= set(words.values())
    assert min(scores) >= 0.3 and max(scores) == 1.0 and len(scores) > 20
