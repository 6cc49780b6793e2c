"""The answer index: the asked is found, edits show at once, filters hold, disk gives back the same."""

import threading
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.answers import Answer
from retrieval.errors import AnswerInvalid, IndexUnreadable
from retrieval.index import AnswerIndex, Mixture
from retrieval.lexical import LexicalIndex, terms

DIM = 256


def encode(texts: list[str]) -> NDArray[np.float32]:
    """A stand-in for the encoder outside this room: hashed words, of length 1."""
    found = np.full((len(texts), DIM), 1e-3, dtype=np.float32)
    for row, text in enumerate(texts):
        for term in terms(text):
            found[row, sum(ord(c) * 31**i for i, c in enumerate(term)) % DIM] += 1.0
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def vectors(*answers: Answer) -> NDArray[np.float32]:
    return encode([text for answer in answers for _, text in answer.variants()])


PAY = Answer("pay", {"en": "You pay monthly.", "zh": "按月付款。"},
             {"en": ("how do I pay", "when is payment due"), "zh": ("怎么付款", "什么时候交费")})  # fmt: skip
REFUND = Answer("refund", {"en": "Refunds take five days."}, {"en": ("where is my refund", "refund status")})
CLAIM = Answer("claim", {"zh": "理赔需要五个工作日。"}, {"zh": ("理赔要多久", "理赔进度怎么查")})
ALL = (PAY, REFUND, CLAIM)


@pytest.fixture
def index() -> AnswerIndex:
    return AnswerIndex.build(ALL, vectors(*ALL))


def ids(index: AnswerIndex, text: str, **filters: Any) -> list[str]:
    return [hit.answer_id for hit in index.search(encode([text]), [text], top=3, **filters)[0]]


@pytest.mark.parametrize(
    ("text", "answer", "variant"),
    [
        ("where is my refund please", "refund", "where is my refund"),
        ("my payment is due when", "pay", "when is payment due"),
        ("请问理赔大概要多久呢", "claim", "理赔要多久"),
        ("交费是什么时候", "pay", "什么时候交费"),
    ],
)
def test_the_nearest_answer_comes_with_the_wording_that_matched(
    index: AnswerIndex, text: str, answer: str, variant: str
) -> None:
    hit = index.search(encode([text]), [text], top=3)[0][0]
    assert (hit.answer_id, hit.variant) == (answer, variant)
    assert 0.0 < hit.score < 1.0


def test_each_answer_comes_once_and_the_same_wording_scores_one(index: AnswerIndex) -> None:
    hits = index.search(encode(["How do I PAY?"]), ["How do I PAY?"], top=3)[0]
    assert (hits[0].answer_id, hits[0].score, hits[0].language) == ("pay", 1.0, "en")
    assert len({hit.answer_id for hit in hits}) == len(hits)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_filters_hold(index: AnswerIndex) -> None:
    assert "claim" not in ids(index, "理赔要多久", languages=("en",))
    dated = Answer("dated", {"en": "Offer."}, {"en": ("summer offer",)}, valid_to=date(2026, 6, 30))
    staff = Answer("staff", {"en": "Internal."}, {"en": ("staff discount",)}, audience=frozenset({"staff"}))
    for answer in (dated, staff):
        index.upsert(answer, vectors(answer))
    assert ids(index, "summer offer", today=date(2026, 6, 30))[0] == "dated"
    assert "dated" not in ids(index, "summer offer", today=date(2026, 7, 1))
    assert "staff" not in ids(index, "staff discount")
    assert ids(index, "staff discount", audience="staff")[0] == "staff"


def test_filters_never_starve_a_search() -> None:
    crowd = [
        Answer(f"a{i}", {"en": ""}, {"en": (f"pay bill {i}",)}, audience=frozenset({"x"})) for i in range(300)
    ]
    many = [*crowd, REFUND]
    index = AnswerIndex.build(many, vectors(*many))
    assert ids(index, "pay bill 7") == ["refund"]


def test_edits_show_at_once(index: AnswerIndex) -> None:
    changed = Answer("refund", {"en": "Ask your bank."}, {"en": ("chargeback rules",)})
    index.upsert(changed, vectors(changed))
    assert ids(index, "chargeback rules")[0] == "refund"
    assert index.answer("refund") == changed
    assert index.search(encode(["refund status"]), ["refund status"], top=1)[0][0].score < 0.9
    assert index.remove("refund")
    assert not index.remove("refund")
    assert "refund" not in ids(index, "chargeback rules")
    assert len(index) == 2


def test_disk_gives_back_the_same_index(index: AnswerIndex, tmp_path: Path) -> None:
    index.remove("pay")
    index.upsert(PAY, vectors(PAY))
    index.save(tmp_path)
    again = AnswerIndex.load(tmp_path)
    for text in ("my refund", "理赔进度", "when do I pay"):
        one, two = (i.search(encode([text]), [text], top=3)[0] for i in (index, again))
        assert [(h.answer_id, h.variant) for h in one] == [(h.answer_id, h.variant) for h in two]
        assert [h.score for h in one] == pytest.approx([h.score for h in two], abs=1e-6)
    assert again.answer("pay") == PAY


def test_an_empty_index_finds_nothing_and_lives(tmp_path: Path) -> None:
    index = AnswerIndex(DIM)
    assert index.search(encode(["hello"]), ["hello"], top=3) == [[]]
    index.save(tmp_path)
    assert len(AnswerIndex.load(tmp_path)) == 0
    index.upsert(PAY, vectors(PAY))
    assert ids(index, "怎么付款") == ["pay"]


def test_what_does_not_fit_is_refused(index: AnswerIndex, tmp_path: Path) -> None:
    with pytest.raises(AnswerInvalid, match="needs 6 vectors"):
        index.upsert(PAY, vectors(REFUND))
    with pytest.raises(AnswerInvalid, match="do not fit"):
        AnswerIndex.build([PAY], vectors(REFUND))
    with pytest.raises(IndexUnreadable):
        AnswerIndex.load(tmp_path)
    index.save(tmp_path)
    lines = (tmp_path / "answers.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "answers.jsonl").write_text("".join(lines[:-1]))
    with pytest.raises(IndexUnreadable, match="does not fit"):
        AnswerIndex.load(tmp_path)


def test_many_wordings_are_searched_by_inverted_lists(tmp_path: Path) -> None:
    many = [Answer(f"a{i}", {"en": f"text{i}"}, {"en": (f"word{i} thing{i}",)}) for i in range(200)]
    index = AnswerIndex.build(many, vectors(*many), exact_up_to=50)
    assert ids(index, "thing77 word77")[0] == "a77"
    index.remove("a77")
    assert ids(index, "thing77 word77")[0] != "a77"
    index.save(tmp_path)
    again = AnswerIndex.load(tmp_path)
    assert ids(again, "word5 thing5")[0] == "a5"
    again.upsert(REFUND, vectors(REFUND))
    assert ids(again, "where is my refund")[0] == "refund"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(ALL)), max_size=8))
def test_any_run_of_edits_leaves_what_the_last_ones_say(edits: list[tuple[bool, Answer]]) -> None:
    index, held = AnswerIndex(DIM), dict[str, Answer]()
    for adding, answer in edits:
        if adding:
            index.upsert(answer, vectors(answer))
            held[answer.id] = answer
        else:
            assert index.remove(answer.id) == (held.pop(answer.id, None) is not None)
    assert len(index) == len(held)
    for answer in held.values():
        question = next(iter(answer.questions.values()))[0]
        assert ids(index, question)[0] == answer.id


def test_searching_while_editing_is_safe(index: AnswerIndex) -> None:
    failures: list[BaseException] = []

    def search() -> None:
        try:
            for _ in range(60):
                ids(index, "how do I pay")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        index.upsert(REFUND, vectors(REFUND))
        index.remove("refund")
    for thread in threads:
        thread.join()
    assert not failures


def test_weights_follow_the_script() -> None:
    mixture = Mixture(latin=0.1, chinese=0.6)
    assert mixture.weight("hello") == pytest.approx(0.1)
    assert mixture.weight("你好") == pytest.approx(0.6)
    assert 0.1 < mixture.weight("hello 你好") < 0.6
    assert mixture.score(2.0, 1.0, 0.5) == 1.0 and mixture.score(-1.0, 0.0, 0.5) == 0.0


def test_lexical_similarity_is_a_share_of_the_best_possible() -> None:
    lexical = LexicalIndex(["pay the bill", "退款 要多久", ""])
    assert lexical.scores("bill")[0] > 0 == lexical.scores("bill")[1]
    assert lexical.similarities("退款")[1] > lexical.similarities("zebra 退款")[1] > 0
    assert np.all(
        (lexical.similarities("pay pay bill") >= 0) & (lexical.similarities("pay pay bill") <= 1.0001)
    )
    for silent in (LexicalIndex([]), LexicalIndex([""])):
        assert not silent.scores("pay").any() and not silent.similarities("pay").any()
    assert not lexical.similarities("?!").any()
