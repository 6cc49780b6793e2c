"""The intent head: what is served computes what was trained, and the linear model joins in."""

import numpy as np
import pytest
import torch

from nlu.ngrams import buckets
from training.head import HeadNetwork, HeadRecipe, add_linear, add_wide, bag_tensors, fit_head, to_served
from training.intent_part import neighbour_for
from training.wide import fit_wide

RECIPE = HeadRecipe(hidden=16, width=8, buckets=64, least_steps=30, epochs=3)
TEXTS = ["card lost", "lost my card", "where is my card", "hello", "hi there", "good day"] * 4
LABELS = np.asarray([0, 0, 0, 1, 1, 1] * 4)


def points(dim: int = 6) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(len(TEXTS), dim)).astype(np.float32) + LABELS[:, None] * 2
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def test_numpy_serves_what_torch_computes() -> None:
    torch.manual_seed(0)
    network = HeadNetwork(6, 3, RECIPE).eval()
    head = to_served(network, points()[:0], RECIPE)
    bags = bag_tensors([buckets(text, size=RECIPE.buckets) for text in TEXTS], "cpu")
    with torch.no_grad():
        expected = network(torch.from_numpy(points() * RECIPE.scale), bags).numpy()
    assert head.logits(points(), TEXTS) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_linear_model_adds_its_scores(classes: int) -> None:
    torch.manual_seed(0)
    head = to_served(HeadNetwork(6, classes, RECIPE).eval(), points()[:0], RECIPE)
    both = add_linear(head, points(), LABELS, RECIPE)
    gained = both.logits(points(), TEXTS) - head.logits(points(), TEXTS)
    assert (gained[:, :2].argmax(axis=1) == LABELS).mean() > 0.9
    assert (gained[:, 2:] == 0).all()  # a class without rows gets no say


@pytest.mark.parametrize("classes", [2, 3])
def test_single_words_add_their_scores(classes: int) -> None:
    torch.manual_seed(0)
    head = to_served(HeadNetwork(6, classes, RECIPE).eval(), points()[:0], RECIPE)
    both = add_wide(head, TEXTS, LABELS, RECIPE)
    gained = both.logits(points(), TEXTS) - head.logits(points(), TEXTS)
    assert (gained[:, :2].argmax(axis=1) == LABELS).all()
    assert (gained[:, 2:] == 0).all()
    strange, none = (
        both.logits(points()[:1], [text]) - head.logits(points()[:1], [text]) for text in ("qqq www", "")
    )
    assert strange == pytest.approx(none)  # nothing known: the biases alone


def test_texts_without_a_word_leave_the_wide_member_empty() -> None:
    labels = np.asarray([0, 1, 0, 1])
    wide, bias = fit_wide(
        ("🙂", "🙁", "!", "?"), labels, classes=2, strength=1.0, weights={0: 1.0, 1: 1.0}, part=1.0
    )
    assert wide.scores("🙂 or not").tolist() == bias.tolist() == [0.0, 0.0]


def test_the_same_seed_gives_the_same_head() -> None:
    def fit() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        head = fit_head(
            points(),
            TEXTS,
            LABELS,
            classes=2,
            recipe=RECIPE,
            seed=3,
            device="cpu",
            progress=lambda d, t: None,
        )
        return head.logits(points(), TEXTS)

    first = fit()
    assert (first == fit()).all() and (first.argmax(axis=1) == LABELS).mean() > 0.9


@pytest.mark.parametrize(
    ("counts", "neighbour"),
    [([5] * 9, 2), ([10, 10, 12], 3), ([80] * 4, 9), ([1, 1, 900], 1), ([400], 10), ([], 1)],
)
def test_the_neighbour_grows_with_the_rows_of_most_intents(counts: list[int], neighbour: int) -> None:
    assert (
        neighbour_for([str(number) for number, rows in enumerate(counts) for _ in range(rows)]) == neighbour
    )
