"""The scorer of next actions: what it is told of, and what it makes of a folder that is not right."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from nlu.errors import PartUnreadable
from nlu.next_action import NOTHING, SETTINGS, WEIGHTS, NextActionModel, StoryWords, Vocabulary

VOCABULARY = Vocabulary({"did ask": 0, "intent yes": 1, "slot much=amount": 2}, states=2)
MODEL = NextActionModel(
    vocabulary=VOCABULARY,
    actions=(NOTHING, "utter_done", "utter_sorry"),
    w1=np.eye(6, dtype=np.float32),
    b1=np.zeros(6, dtype=np.float32),
    w2=np.asarray([[0, 0, 0], [0, 3, 0], [0, 0, 0], [0, 2, 0], [0, 0, 9], [9, 0, 0]], dtype=np.float32),
    b2=np.zeros(3, dtype=np.float32),
    temperature=1.0,
)


def test_the_newest_state_comes_first_and_unknown_names_count_for_nothing() -> None:
    older, newer = {"did ask": 1.0, "intent new": 1.0}, {"intent yes": 1.0, "slot much=amount": 0.25}
    forgotten = {"intent yes": 1.0}
    found = sorted(VOCABULARY.active([forgotten, older, newer]))
    assert found == [(1, 1.0), (2, 0.25), (3, 1.0)]
    assert VOCABULARY.size == 6
    assert list(VOCABULARY.active([])) == []


def test_the_likeliest_action_with_its_probability() -> None:
    action, probability = MODEL.read([{"did ask": 1.0}, {"intent yes": 1.0}])
    assert (action, round(probability, 3)) == ("utter_done", round(np.exp(5) / (np.exp(5) + 2), 3))
    cooler = replace(MODEL, temperature=5.0).read([{"did ask": 1.0}, {"intent yes": 1.0}])
    assert cooler[0] == "utter_done" and cooler[1] < probability
    assert MODEL.read([{"slot much=amount": 1.0}, {}])[0] is None
    assert MODEL.read([{}])[1] == pytest.approx(1 / 3)
    assert MODEL.chances([{}]) == pytest.approx(dict.fromkeys(MODEL.actions, 1 / 3))


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    MODEL.save(tmp_path)
    read = NextActionModel.load(tmp_path)
    states = [{"did ask": 1.0}, {"intent yes": 1.0}]
    assert read.read(states) == MODEL.read(states)
    assert (read.vocabulary, read.actions, read.temperature) == (VOCABULARY, MODEL.actions, 1.0)


def test_a_folder_that_is_not_right_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartUnreadable):
        NextActionModel.load(tmp_path)
    MODEL.save(tmp_path)
    settings = json.loads((tmp_path / SETTINGS).read_text(encoding="utf-8"))
    (tmp_path / SETTINGS).write_text(json.dumps({**settings, "format": 9}), encoding="utf-8")
    with pytest.raises(PartUnreadable, match="format 9"):
        NextActionModel.load(tmp_path)
    (tmp_path / SETTINGS).write_text(json.dumps({**settings, "states": 3}), encoding="utf-8")
    with pytest.raises(PartUnreadable, match="another shape"):
        NextActionModel.load(tmp_path)
    (tmp_path / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    save_file({"w1": MODEL.w1}, tmp_path / WEIGHTS)
    with pytest.raises(PartUnreadable):
        NextActionModel.load(tmp_path)


WORDS = StoryWords(("refund", "return", "towel"), np.asarray([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32))


def test_a_message_is_like_the_words_that_are_near_and_like_none_where_all_are_far() -> None:
    assert WORDS.like(np.asarray([1, 0], dtype=np.float32)) == [("refund", 1.0), ("return", 0.8)]
    assert WORDS.like(np.asarray([-1, 0], dtype=np.float32)) == []
    assert StoryWords().like(np.asarray([1, 0], dtype=np.float32)) == []


def test_words_are_kept_with_the_model_and_make_it_a_format_of_its_own(tmp_path: Path) -> None:
    MODEL.save(tmp_path)
    plain = json.loads((tmp_path / SETTINGS).read_text(encoding="utf-8"))
    assert plain["format"] == 1 and "words" not in plain, "what needs no words is read by earlier versions"
    replace(MODEL, words=WORDS).save(tmp_path)
    assert json.loads((tmp_path / SETTINGS).read_text(encoding="utf-8"))["format"] == 2
    read = NextActionModel.load(tmp_path)
    assert read.words.texts == WORDS.texts and np.array_equal(read.words.vectors, WORDS.vectors)
    assert read.read([{"intent yes": 1.0}]) == MODEL.read([{"intent yes": 1.0}])
    replace(MODEL, words=replace(WORDS, texts=("refund",))).save(tmp_path)
    with pytest.raises(PartUnreadable, match="another shape"):
        NextActionModel.load(tmp_path)
