"""Chinese through a glossary: the cut into words, what becomes of them, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import EncoderUnreadable
from retrieval.gloss import Gloss, Glossary

WORDS = {
    "申请": Gloss(9.0, "apply for"),
    "理赔": Gloss(11.0, "settle a claim"),
    "保": Gloss(9.0, "guarantee"),
    "单": Gloss(9.0, "bill"),
    "保单": Gloss(12.0, "policy"),
    "我": Gloss(4.0, "I"),
}
GLOSSARY = Glossary(WORDS)


def test_words_become_their_glosses_and_particles_vanish() -> None:
    assert GLOSSARY.read("我申请理赔了").split() == ["I", "apply", "for", "settle", "a", "claim"]


def test_the_likeliest_cut_wins() -> None:
    assert GLOSSARY.cut("我保单") == ["我", "保单"]


def test_what_is_not_chinese_stays_as_it_was() -> None:
    assert GLOSSARY.read("claim HL-123456?") == "claim HL-123456?"
    assert GLOSSARY.read("保单HL-1").split() == ["policy", "HL-1"]


def test_a_character_in_no_word_is_kept() -> None:
    assert GLOSSARY.read("龘").strip() == "龘"


@given(st.text(alphabet="我申请理赔保单龘了", max_size=30))
def test_a_cut_loses_and_adds_nothing(run: str) -> None:
    assert "".join(GLOSSARY.cut(run)) == run


def test_a_table_is_read_and_a_torn_one_refused(tmp_path: Path) -> None:
    table = tmp_path / "gloss.tsv"
    table.write_text("# remark\n保单\t12.00\tpolicy\n", encoding="utf-8")
    assert Glossary.load(table).read("保单").strip() == "policy"
    table.write_text("保单\t12.00\n", encoding="utf-8")
    with pytest.raises(EncoderUnreadable):
        Glossary.load(table)
