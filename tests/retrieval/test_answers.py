"""Answers as lines of JSON: there and back, and errors that name the line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answers import Answer, answer_from_json, read_answers, write_answers
from retrieval.encoder import Encoder
from retrieval.errors import AnswerInvalid, EncoderUnreadable

texts = st.dictionaries(st.sampled_from(["en", "zh"]), st.text(min_size=1), min_size=1)
many = st.dictionaries(st.sampled_from(["en", "zh"]), st.lists(st.text()).map(tuple))
days = st.none() | st.dates()
answers = st.builds(
    Answer,
    id=st.text(min_size=1),
    text=texts,
    questions=many,
    vetted=st.booleans(),
    valid_from=days,
    valid_to=days,
    audience=st.frozensets(st.text(min_size=1)),
)


@given(answers)
def test_there_and_back(answer: Answer) -> None:
    assert answer_from_json(answer.to_json()) == answer


def test_a_file_keeps_the_order(tmp_path: Path) -> None:
    written = [Answer("b", {"en": "one\u2028line"}), Answer("a", {"zh": "二"}, valid_to=date(2026, 1, 31))]
    write_answers(tmp_path / "answers.jsonl", written)
    assert list(read_answers(tmp_path / "answers.jsonl")) == written


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2"),
        ("[]", "`id`"),
        ('{"id": "x", "text": "plain"}', "`text`"),
        ('{"id": "x", "text": {"en": "t"}, "questions": {"en": "q"}}', "`questions`"),
        ('{"id": "x", "text": {"en": "t"}, "valid_to": "soon"}', "`valid_to`"),
        ('{"id": "x", "text": {"en": "t"}, "audience": "all"}', "`audience`"),
        ('{"id": "one", "text": {"en": "t"}}', "appears twice"),
    ],
)
def test_a_line_that_is_no_answer_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text('{"id": "one", "text": {"en": "t"}}\n' + line + "\n")
    with pytest.raises(AnswerInvalid, match=message) as caught:
        read_answers(path)
    assert "line 2" in str(caught.value)


def test_validity_and_audience() -> None:
    answer = Answer("a", {"en": "t"}, valid_from=date(2026, 1, 1), valid_to=date(2026, 1, 31))
    assert answer.is_valid_on(date(2026, 1, 1)) and answer.is_valid_on(date(2026, 1, 31))
    assert not answer.is_valid_on(date(2025, 12, 31)) and not answer.is_valid_on(date(2026, 2, 1))
    assert answer.is_for(None) and answer.is_for("anyone")
    assert not Answer("b", {"en": "t"}, audience=frozenset({"staff"})).is_for(None)


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnreadable, match="train anew"):
        Encoder.load(tmp_path)
    (tmp_path / "encoder.json").write_text('{"format": 7}')
    with pytest.raises(EncoderUnreadable, match="format 7"):
        Encoder.load(tmp_path)
