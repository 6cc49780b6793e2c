"""Samples, splits, batches and redrawn numbers of the response model, by property."""

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from nlu.prompt import Dialogue, Line
from training.respond_data import (
    Exchange,
    Sample,
    SampleMaker,
    batches,
    fit_tokenizer,
    hold_out,
    redraw_numbers,
)

TOKENIZER = fit_tokenizer(["The limit is 1500 pounds.", "限额为1500英镑。"] * 3, vocabulary=300)


def exchange(
    text: str, answer: str = "Within 90 days.", reply: str | None = None, group: str = "g"
) -> Exchange:
    return Exchange(Dialogue((Line("customer", text),), "en"), "id", answer, group, reply, reply)


@given(st.text(max_size=60))
def test_any_text_survives_the_tokenizer(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text, add_special_tokens=False).ids) == text


def test_every_digit_is_a_token_of_its_own() -> None:
    tokens = TOKENIZER.encode("1500", add_special_tokens=False).tokens
    assert tokens == ["1", "5", "0", "0"]


@given(st.text(max_size=400), st.text(min_size=1, max_size=400))
def test_a_sample_fits_the_model_and_ends_with_the_end(text: str, answer: str) -> None:
    maker = SampleMaker(TOKENIZER, positions=64, prior_share=0.5, wording_share=0.5, seed=0)
    for sample in maker.epoch([exchange(text, answer)], 0):
        assert len(sample) <= 64
        assert sample.prompt
        assert sample.reply[-1] == TOKENIZER.token_to_id("<|end|>")


def test_an_epoch_depends_on_seed_and_number_alone() -> None:
    exchanges = [exchange(str(n), f"Within {n} days.") for n in range(20)]
    one, two = (
        SampleMaker(TOKENIZER, positions=64, prior_share=0.5, wording_share=0.5, seed=s) for s in (1, 2)
    )
    assert one.epoch(exchanges, 3) == one.epoch(exchanges, 3)
    assert one.epoch(exchanges, 3) != one.epoch(exchanges, 4)
    assert one.epoch(exchanges, 3) != two.epoch(exchanges, 3)


@given(st.lists(st.integers(0, 99_999), min_size=1, max_size=5), st.integers())
def test_numbers_are_redrawn_alike_in_answer_and_reply(numbers: list[int], seed: int) -> None:
    text = " and ".join(f"{number} days" for number in numbers)
    drawn = redraw_numbers(exchange("how long", text, "Sure: " + text), random.Random(seed))
    assert drawn.reply == "Sure: " + drawn.answer
    assert [len(n) for n in re.findall(r"\d+", drawn.answer)] == [len(str(n)) for n in numbers]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40), st.integers(0, 9))
def test_a_group_is_wholly_on_one_side(groups: list[str], seed: int) -> None:
    exchanges = [exchange(str(i), group=group) for i, group in enumerate(groups)]
    train, held = hold_out(exchanges, share=0.3, seed=seed)
    assert len(train) + len(held) == len(exchanges)
    assert not {e.group for e in train} & {e.group for e in held}


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(0, 9))
def test_batches_hold_every_sample_once_within_the_size(lengths: list[int], seed: int) -> None:
    samples = [Sample((i,) * length, (1,)) for i, length in enumerate(lengths)]
    made = batches(samples, tokens=64, seed=seed)
    assert sorted(s.prompt for batch in made for s in batch) == sorted(s.prompt for s in samples)
    assert all(len(batch) * max(map(len, batch)) <= 64 for batch in made)
