"""Token vectors of the pass that gives the sentence's: their places in the text, through the glossary too."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.encoder import Encoder
from retrieval.errors import EncoderUnreadable
from retrieval.gloss import Gloss, Glossary
from tests.training.tiny_bert import make_tiny_bert
from training.export import export_encoder, load_sentence_model

GLOSSARY = Glossary({"我": Gloss(4.0, "I"), "保单": Gloss(12.0, "my policy"), "丢": Gloss(9.0, "lost")})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("encoder")
    base = make_tiny_bert(tmp_path_factory.mktemp("base") / "tiny")
    export_encoder(load_sentence_model(base), base, made, name="tiny")
    (made / "gloss.tsv").write_text("我\t4.0\ti\n保单\t12.0\tmy policy\n丢\t9.0\tlost\n", encoding="utf-8")
    return made


def test_tokens_stand_where_their_words_stand(folder: Path) -> None:
    encoder = Encoder.load(folder)
    text = "I lost my card"
    vectors, [tokens] = encoder.encode_tokens([text])
    assert np.array_equal(vectors, encoder.encode([text]))
    assert [text[a:b] for a, b in tokens.places] == ["I", "lost", "my", "card"]
    assert len(tokens.vectors) == 4 and np.isfinite(tokens.vectors).all()


def test_tokens_of_a_gloss_stand_where_the_chinese_word_stands(folder: Path) -> None:
    text = "我的保单丢了 card"
    _, [tokens] = Encoder.load(folder).encode_tokens([text])
    assert [text[a:b] for a, b in tokens.places] == ["我", "保单", "保单", "丢", "card"]


def test_nothing_and_too_much_have_their_tokens(folder: Path) -> None:
    _, [none, many] = Encoder.load(folder).encode_tokens(["", "card " * 500])
    assert none.vectors.shape[0] == none.places.shape[0] == 0
    assert len(many.vectors) == len(many.places) < 500


def test_an_older_encoder_still_gives_sentences(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    settings = json.loads((folder / "encoder.json").read_text())
    (tmp_path / "encoder.json").write_text(json.dumps({**settings, "format": 1}))
    older = Encoder.load(tmp_path)
    assert not older.gives_tokens and older.encode(["card"]).shape == (1, older.dim)
    (tmp_path / "encoder.json").write_text(json.dumps({**settings, "format": 9}))
    with pytest.raises(EncoderUnreadable, match="format 9"):
        Encoder.load(tmp_path)


@given(st.text(alphabet="我保单丢了ab 1", max_size=20))
def test_every_character_read_stands_for_a_place_of_the_text(text: str) -> None:
    read, places = GLOSSARY.placed(text)
    assert read == GLOSSARY.read(text) and len(places) == len(read)
    assert all(0 <= start <= end <= len(text) for start, end in places)
    assert list(places) == sorted(places)
