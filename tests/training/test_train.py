"""A bundle from corpus to served parts: it verifies, repeats, grows from an older one or says why not."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from nlu.artifacts import Bundle, list_bundles, verify
from nlu.classifier import IntentClassifier
from nlu.entities import EntityExtractor
from nlu.explain import Examples
from nlu.next_action import NextActionModel
from nlu.sentiment import SentimentModel
from retrieval.index import AnswerIndex
from retrieval.paired import load_encoders
from tests.training.conftest import write_corpus_head, write_small_corpus
from tests.training.tiny_bert import make_tiny_bert
from training.__main__ import main
from training.errors import BaseModelMissing, CorpusInvalid, TooLittleData, TrainingError
from training.knobs import Choice
from training.train import Order, train

FEW_STEPS = {"head.least_steps": "40"}  # what a few rows need


def silent(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total, stage


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory, tiny_base: Path) -> Order:
    folder = tmp_path_factory.mktemp("train")
    (folder / "corpus").mkdir()
    write_small_corpus(folder / "corpus")
    return Order(
        corpus=folder / "corpus",
        bundles=folder / "bundles",
        base=str(tiny_base),
        intents=Choice("fast", FEW_STEPS),
        device="cpu",
    )


@pytest.fixture(scope="module")
def trained(order: Order) -> Bundle:
    """A bundle of all parts that other tests start from. Nobody changes it."""
    return train(order, silent)


@pytest.fixture
def changed(order: Order, tmp_path: Path) -> Order:
    """An order over a corpus and a registry that one test may spoil."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    write_small_corpus(folder)
    return replace(order, corpus=folder, bundles=tmp_path / "bundles")


def test_trained_bundle_serves_every_part(trained: Bundle) -> None:
    bundle = verify(trained.folder)
    assert bundle.parts == ("answers", "encoder", "entities", "intents", "sentiment")
    intents, encoder = load_encoders(bundle.folder)
    assert intents is encoder
    classifier = IntentClassifier.load(bundle.folder / "intents")
    assert set(classifier.labels) == {"greet", "lost_card", "cancel", "out_of_scope", "faq"}
    texts = ["my card is lost", "怎么交保费", "卡丢了"]
    found = classifier.predict(encoder.encode(texts), texts)
    assert [p.verdicts[0][0] for p in found] == ["lost_card", "faq", "lost_card"]
    assert sum(p for _, p in found[0].verdicts) == pytest.approx(1.0, abs=1e-4)
    index = AnswerIndex.load(bundle.folder / "answers")
    hit = index.search(encoder.encode(["where is my refund"]), ["where is my refund"], top=1)[0][0]
    assert (hit.answer_id, hit.score) == ("refund", 1.0)
    values = [
        e.value for e in EntityExtractor.load(bundle.folder / "entities").extract("visa card HL-123456")
    ]
    assert values == ["card", "HL-123456"]
    angry = ["this is ridiculous, you thieves!!", "气死我了，一群骗子！"]
    feelings = SentimentModel.load(bundle.folder / "sentiment").read(encoder.encode(angry), angry)
    assert all(feeling.polarity[0] > 0.5 for feeling in feelings)


def test_the_examples_that_explain_stand_beside_their_vectors(trained: Bundle) -> None:
    encoder, _ = load_encoders(trained.folder)
    vectors = IntentClassifier.load(trained.folder / "intents").reference
    examples = Examples.load(trained.folder / "intents", vectors)
    for text, intent in (("card stolen", "lost_card"), ("refund money", "faq"), ("您好", "greet")):
        (near,) = examples.nearest(encoder.encode([text])[0], most=1)
        assert near.cosine == pytest.approx(1.0, abs=1e-3)
        if text.isascii():  # the tiny base reads every Chinese character as unknown
            assert (near.text, near.intent) == (text, intent)
    (stray,) = examples.nearest(encoder.encode(["sing a song"])[0], most=1)
    assert stray.intent != "out_of_scope"


def test_a_message_reads_the_same_alone_and_in_a_batch(trained: Bundle) -> None:
    encoder, _ = load_encoders(trained.folder)
    texts = ["my card is lost", "hello", "where is my refund please i want to pay the premium"]
    together = encoder.encode(texts)
    for row, text in enumerate(texts):
        assert np.array_equal(encoder.encode([text])[0], together[row])
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-4)
    assert encoder.encode([]).shape == (0, encoder.dim)
    assert np.isfinite(encoder.encode(["", "word " * 5000, "\x00"])).all()


def test_stories_make_a_part_of_their_own(changed: Order) -> None:
    listen, said = {"did action_listen": 1.0}, {"intent greet": 1.0}
    states = [{}, {**said, **listen}, {**said, "did utter_hello": 1.0}]
    actions = ["action_listen", "utter_hello", "action_listen"]
    steps = [{"state": s, "action": a} for s, a in zip(states, actions, strict=True)]
    row = {"story": "hello", "steps": steps, "given": []}
    (changed.corpus / "stories.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    write_corpus_head(changed.corpus, project="small", languages=("en", "zh"), alpha=0.05)
    bundle = verify(train(replace(changed, parts=("stories",)), silent).folder)
    assert bundle.parts == ("encoder", "stories")
    action, probability = NextActionModel.load(bundle.folder / "stories").read(states[:2])
    assert action == "utter_hello" and probability > 0.6
    figures = bundle.details.metrics["parts"]["stories"]
    assert (figures["stories"], figures["actions"], figures["held_out"]) == (1, 3, {"steps": 0})
    assert bundle.details.recipe["parts"]["stories"]["states"] == 5
    (changed.corpus / "stories.jsonl").write_text(json.dumps({"steps": [{}]}) + "\n", encoding="utf-8")
    write_corpus_head(changed.corpus, project="small", languages=("en", "zh"), alpha=0.05)
    with pytest.raises(CorpusInvalid, match=r"stories\.jsonl line 1"):
        train(replace(changed, parts=("stories",)), silent)


def test_same_seed_same_content(order: Order, trained: Bundle, tmp_path: Path) -> None:
    again = train(replace(order, bundles=tmp_path), silent)
    assert _files(again) == _files(trained)
    assert again.id.split("-")[1] == trained.id.split("-")[1]


def test_every_knob_is_on_record(trained: Bundle) -> None:
    details = trained.details
    assert details.recipe["parts"]["intents"]["head"]["hidden"] > 0
    assert details.recipe["seed"] == 0
    assert details.data_sha256 and details.languages == ("en", "zh")
    assert details.metrics["parts"]["intents"]["rows"] == 47
    assert json.loads((trained.folder / "report.json").read_text())["parts"]["answers"]["answers"] == 2


def test_kept_parts_are_byte_for_byte_those_of_the_older_bundle(order: Order, trained: Bundle) -> None:
    newer = verify(train(replace(order, parts=("answers",), start_from=trained.id, seed=3), silent).folder)
    assert newer.parts == trained.parts
    kept = {n: value for n, value in _files(trained).items() if n.startswith(("intents", "encoder"))}
    assert kept.items() <= _files(newer).items()
    assert newer.details.recipe["parts"]["intents"] == trained.details.recipe["parts"]["intents"]
    verify(trained.folder)


def test_a_bundle_that_keeps_its_intents_is_not_of_the_new_data(changed: Order) -> None:
    """`frontdesk learn` looks at these: examples that no intents learnt from are still news."""
    changed = replace(changed, parts=("intents", "answers"))
    first = train(changed, silent)
    rows = (changed.corpus / "intents.jsonl").read_text()
    more = {"text": "hi there", "intent": "greet", "language": "en", "entities": [], "source": ""}
    (changed.corpus / "intents.jsonl").write_text(f"{rows}{json.dumps(more)}\n")
    write_corpus_head(changed.corpus, project="small", languages=("en", "zh"), alpha=0.05)
    other = replace(changed, intents=Choice("accurate"), start_from=first.id)
    answers = train(replace(other, parts=("answers",)), silent).details
    assert (answers.data_sha256, answers.recipe["name"]) == (first.details.data_sha256, "fast")
    whole = train(replace(changed, start_from=first.id), silent).details
    assert whole.data_sha256 != first.details.data_sha256


def test_another_base_needs_every_part_on_it_trained_anew(
    order: Order, trained: Bundle, tmp_path: Path
) -> None:
    base = str(make_tiny_bert(tmp_path / "other", words=("claim", "money")))
    with pytest.raises(TrainingError, match="intents"):
        train(replace(order, parts=("answers",), start_from=trained.id, base=base), silent)
    newer = train(replace(order, start_from=trained.id, base=base), silent)
    assert newer.details.base == base
    assert _files(newer)["encoder/model.onnx"] != _files(trained)["encoder/model.onnx"]


def test_answers_alone_make_no_classifier(changed: Order) -> None:
    write_small_corpus(changed.corpus, intents=False)
    assert train(changed, silent).parts == ("answers", "encoder", "entities", "sentiment")


@pytest.mark.parametrize(("recipe", "views"), [("accurate", 2), ("few-shot", 1)])
def test_a_tuning_recipe_brings_an_encoder_of_its_own(order: Order, recipe: str, views: int) -> None:
    bundle = train(
        replace(order, intents=Choice(recipe, {**FEW_STEPS, "tune.least_steps": "30"}), parts=("intents",)),
        silent,
    )
    intents, shared = load_encoders(bundle.folder)
    texts = ["my card is lost", "cancel my policy", "hello"]
    vectors = intents.encode(texts)
    assert vectors.shape[1] == views * shared.dim
    assert np.allclose(vectors, intents.encode_beside(shared.encode(texts), texts))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    found = IntentClassifier.load(bundle.folder / "intents").predict(vectors, texts)
    assert [p.verdicts[0][0] for p in found] == ["lost_card", "cancel", "greet"]
    assert not np.allclose(vectors[:, : shared.dim], shared.encode(texts), atol=1e-3)


def test_with_rows_enough_chinese_is_read_by_its_characters(order: Order) -> None:
    choice = Choice("accurate", {**FEW_STEPS, "characters": "4"})
    bundle = train(replace(order, intents=choice, parts=("intents",)), silent)
    intents, _ = load_encoders(bundle.folder)
    tokens = Tokenizer.from_file(str(bundle.folder / "intents" / "tokenizer.json"))
    assert tokens.token_to_id("卡") is not None
    assert not (bundle.folder / "intents" / "gloss.tsv").exists()
    assert (bundle.folder / "encoder" / "gloss.tsv").exists()
    classifier = IntentClassifier.load(bundle.folder / "intents")
    text = "我的卡丢了"
    [found] = classifier.predict(intents.encode([text]), [text])
    assert found.verdicts[0][0] in {"lost_card", "faq"}


def test_a_search_goes_on_record_with_what_it_tried(order: Order) -> None:
    choice = Choice("fast", {"head.least_steps": "20", "head.hidden": "16"}, 3)
    bundle = train(replace(order, intents=choice, parts=("intents",)), silent)
    found = bundle.details.recipe["parts"]["intents"]
    assert found["head"]["hidden"] == 16
    assert len(found["search"]["tries"]) == 3
    assert found["search"]["loss"] <= found["search"]["loss_before"]


def test_a_knob_that_is_not_there_is_named(order: Order) -> None:
    with pytest.raises(TrainingError, match=r"Did you mean head\.hidden"):
        train(replace(order, intents=Choice("fast", {"head.hiden": "16"}), parts=("intents",)), silent)


def test_failures_name_the_cause_and_leave_nothing(changed: Order) -> None:
    with pytest.raises(TrainingError, match="no part nonsense"):
        train(replace(changed, parts=("nonsense",)), silent)
    with pytest.raises(BaseModelMissing, match="HF_HUB_OFFLINE"):
        train(replace(changed, base="nobody/no-model"), silent)
    (changed.corpus / "intents.jsonl").write_text('{"text": "hi", "intent": "greet"}\n')
    with pytest.raises(CorpusInvalid, match=r"intents\.jsonl was changed"):
        train(changed, silent)
    (changed.corpus / "answers.jsonl").write_text("")
    write_corpus_head(changed.corpus, project="small", languages=("en",), alpha=0.05)
    with pytest.raises(TooLittleData, match="at least two"):
        train(changed, silent)
    assert list_bundles(changed.bundles) == ()
    assert not [p for p in changed.bundles.glob("*") if p.is_dir()]


def test_command_prints_progress_then_result(
    changed: Order, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--corpus", str(changed.corpus), "--bundles", str(tmp_path / "b")]
    arguments += ["--base", changed.base]
    assert main([*arguments, "--parts", "answers"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all("progress" in line for line in lines[:-1])
    assert lines[-1]["result"]["parts"] == ["answers", "encoder"]
    assert main([*arguments[:2], str(tmp_path / "none"), *arguments[3:]]) == 1
    assert "corpus.json" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["message"]
    with pytest.raises(SystemExit) as stopped:
        main(["train"])
    assert stopped.value.code == 2


def _files(bundle: Bundle) -> dict[str, Any]:
    files: dict[str, Any] = json.loads((bundle.folder / "manifest.json").read_text())["files"]
    return files
