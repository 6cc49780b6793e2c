"""The corpus folder: read whole or refused with the file and line; and where base models are looked for."""

import json
from pathlib import Path

import pytest

from tests.training.conftest import write_corpus_head, write_small_corpus
from training.base import DEFAULT, find_base
from training.corpus import read_corpus
from training.errors import BaseModelMissing, CorpusInvalid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small_corpus(tmp_path)
    return tmp_path


def test_a_corpus_is_read_whole(folder: Path) -> None:
    turns = [
        {"speaker": "customer", "text": "你好"},
        {"speaker": "agent", "text": "退款需要五天。", "answer": "refund"},
    ]
    dialogue = {"language": "zh", "turns": turns}
    (folder / "dialogues.jsonl").write_text(json.dumps(dialogue) + "\n")
    write_corpus_head(folder, project="small", languages=("en", "zh"), alpha=0.02)
    corpus = read_corpus(folder)
    assert (corpus.project, corpus.languages, corpus.promises.alpha) == ("small", ("en", "zh"), 0.02)
    assert len(corpus.examples) == 31 and len(corpus.answers) == 2
    assert corpus.examples[-1].entities[0].entity == "document"
    assert corpus.dialogues[0].turns[1].answer == "refund"
    assert corpus.dialogues[0].turns[0].answer is None


def test_the_identity_of_the_data_follows_the_data(folder: Path) -> None:
    before = read_corpus(folder).sha256
    assert read_corpus(folder).sha256 == before
    (folder / "dialogues.jsonl").write_text("\n")
    write_corpus_head(folder, project="small", languages=("en", "zh"), alpha=0.05)
    assert read_corpus(folder).sha256 != before


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("intents.jsonl", '{"intent": "x"}', r"intents\.jsonl line 1: `text`"),
        ("intents.jsonl", "\n{", r"intents\.jsonl line 2 is no JSON"),
        ("intents.jsonl", '{"text": "a", "intent": "b", "entities": [{}]}', "an entity needs"),
        ("answers.jsonl", "{}", r"answers\.jsonl line 1"),
        ("dialogues.jsonl", '{"turns": [{"speaker": "ghost", "text": "boo"}]}', "customer or agent"),
        ("entities.json", "[]", "JSON object"),
    ],
)
def test_what_does_not_fit_is_named(folder: Path, name: str, text: str, message: str) -> None:
    (folder / name).write_text(text)
    write_corpus_head(folder, project="small", languages=("en",), alpha=0.05)
    with pytest.raises(CorpusInvalid, match=message):
        read_corpus(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2"),
        ({"alpha": 0.9}, "alpha"),
        ({"wrong_at_most": "few"}, "wrong_at_most"),
        ({"sha256": None}, "sha256"),
        ({"sha256": {"../x": ""}}, "lacks"),
    ],
)
def test_a_head_that_does_not_fit_is_named(folder: Path, change: dict[str, object], message: str) -> None:
    head = json.loads((folder / "corpus.json").read_text())
    (folder / "corpus.json").write_text(json.dumps(head | change))
    with pytest.raises(CorpusInvalid, match=message):
        read_corpus(folder)


def test_no_corpus_at_all_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusInvalid, match="frontdesk train"):
        read_corpus(tmp_path)


def test_a_base_is_a_folder_or_carried_by_a_package(tiny_base: Path, tmp_path: Path) -> None:
    assert find_base(str(tiny_base)) == tiny_base
    assert (find_base(DEFAULT) / "model.safetensors").is_file()
    with pytest.raises(BaseModelMissing, match=r"lacks config\.json"):
        find_base(str(tmp_path))
    with pytest.raises(BaseModelMissing, match="HF_HUB_OFFLINE"):
        find_base("someone/some-bert")
