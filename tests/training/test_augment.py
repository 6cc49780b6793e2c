"""Texts rewritten while tuning: slips, synonyms, translation there and back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein
from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

from tests.training.tiny_bert import make_tiny_bert
from training.augment import Augmentation, translated_twins, vary_by, with_typos
from training.errors import BaseModelMissing


@given(st.text(alphabet="abcdefg xyz你好,.", max_size=60), st.integers(0, 2**32 - 1))
def test_a_word_gets_one_slip_at_most_and_short_words_none(text: str, seed: int) -> None:
    slipped = with_typos(text, np.random.default_rng(seed), 1.0)
    for before, after in zip(text.split(" "), slipped.split(" "), strict=True):
        assert DamerauLevenshtein.distance(before, after) <= sum(c in ",.你好" for c in before) + 1
        if len(before) < 4:
            assert after == before
    assert with_typos(text, np.random.default_rng(seed), 0.0) == text


def test_slips_differ_from_time_to_time() -> None:
    vary = vary_by(Augmentation(typos=0.5), ())
    assert vary is not None
    chance = np.random.default_rng(0)
    assert len({vary("please cancel the insurance policy", chance) for _ in range(20)}) > 5


def test_a_mention_becomes_another_of_its_row_and_nothing_else_does() -> None:
    vary = vary_by(Augmentation(synonyms=1.0), [("policy", "contract"), ("理赔", "赔付"), ("alone",)])
    assert vary is not None
    chance = np.random.default_rng(0)
    assert {vary("cancel my Policy", chance) for _ in range(30)} == {"cancel my policy", "cancel my contract"}
    assert {vary("我要理赔", chance) for _ in range(30)} == {"我要理赔", "我要赔付"}
    assert vary("policyholder alone", chance) == "policyholder alone"


def test_nothing_configured_rewrites_nothing() -> None:
    assert vary_by(Augmentation(), [("a", "b")]) is None
    assert translated_twins(("hello",), Augmentation(), lambda done, total: None) == []


def test_a_translation_model_makes_a_twin_of_every_text(tmp_path: Path) -> None:
    folder = _tiny_translator(tmp_path / "marian")
    told: list[tuple[int, int]] = []
    twins = translated_twins(
        ("i want my card", "hello"), Augmentation(there=str(folder), back=str(folder)),
        lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert len(twins) == 2
    assert told == [(2, 2)]


def test_a_missing_translation_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(BaseModelMissing, match="gone"):
        translated_twins(("hello",), Augmentation(there=str(tmp_path / "gone"), back="x"), lambda d, t: None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BaseModelMissing, match="no translation model"):
        translated_twins(("hi",), Augmentation(there=str(tmp_path / "empty"), back="x"), lambda d, t: None)


def _tiny_translator(folder: Path) -> Path:
    make_tiny_bert(folder)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers leaves it untyped
        tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]", unk_token="[UNK]", eos_token="[SEP]"
    )
    config = MarianConfig(
        vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, pad_token_id=0,
        decoder_start_token_id=0, eos_token_id=3, max_position_embeddings=64,
    )  # fmt: skip
    MarianMTModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
