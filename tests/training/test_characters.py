"""A base that lacks Chinese characters, widened: what was known stays, what is new begins as its gloss."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from training.adapters import word_embeddings
from training.characters import base_of_characters
from training.export import load_sentence_model

TEXTS = ("卡丢了", "my card, 你好", "丢")  # 了 is a particle, 你 and 好 have no gloss here


@pytest.fixture
def widened(tiny_base: Path, tmp_path: Path) -> Path:
    gloss = tmp_path / "gloss.tsv"
    gloss.write_text("# remark\n卡\t9.0\tcard\n丢\t9.0\tlost stolen\n", encoding="utf-8")
    return base_of_characters(tiny_base, tmp_path / "base", TEXTS, gloss)


def test_every_character_of_the_texts_is_a_token_of_its_own(widened: Path, tiny_base: Path) -> None:
    before = Tokenizer.from_file(str(tiny_base / "tokenizer.json"))
    after = Tokenizer.from_file(str(widened / "tokenizer.json"))
    assert after.encode("卡丢了你好", add_special_tokens=False).tokens == list("卡丢了你好")
    assert after.encode("where is my card").ids == before.encode("where is my card").ids
    assert after.get_vocab_size() == before.get_vocab_size() + 5


def test_a_character_begins_as_the_mean_of_its_gloss(widened: Path, tiny_base: Path) -> None:
    tokens = Tokenizer.from_file(str(widened / "tokenizer.json"))
    old, new = (word_embeddings(load_sentence_model(base)).weight for base in (tiny_base, widened))

    def vector(token: str) -> torch.Tensor:
        return new[tokens.token_to_id(token)]

    known = len(old)
    assert torch.equal(new[:known], old)
    assert torch.allclose(vector("卡"), vector("card"))
    assert torch.allclose(vector("丢"), (vector("lost") + vector("stolen")) / 2)
    assert torch.allclose(vector("你"), vector("[UNK]"))
    assert torch.allclose(vector("了"), old.mean(dim=0), atol=1e-6)
