"""The corpus folder: exact, deterministic, and read by training as it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from bot.dialogue.reading import Entity
from bot.project.corpus import LEAST_TAUGHT, ReviewedTurn, compile_corpus, is_gold
from bot.project.load import load_project
from tests.bot.project.conftest import WriteProject
from tests.bot.project.samples import PROJECT
from training.corpus import Dialogue, Span, Told, Turn, read_corpus

FILES = {
    **PROJECT,
    "config.yml": "languages: [en, zh]\nfrontdesk: {alpha: 0.02, wrong_at_most: 0.01, base: my-bert}\n",
    "answers/a.yml": "answers:\n- id: hours\n  vetted: true\n  valid_to: 2030-01-01\n  text: {en: 9 to 5}\n"
    "  questions: {en: [When?], zh: [几点]}\n",
    "data/talk.yml": "dialogues:\n- language: en\n  turns:\n"
    "  - customer: When?\n  - agent: Nine.\n    answer: hours\n",
}


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


STORIES = {
    "domain.yml": "intents: [order, thank]\nentities: [city]\nslots:\n  city:\n    type: text\n"
    "    mappings: [{type: from_entity, entity: city}]\nresponses:\n  utter_where: [{text: Where?}]\n"
    "  utter_sent: [{text: Sent.}]\n",
    "data/stories.yml": "stories:\n- story: sent\n  steps:\n  - slot_was_set: [{city: null}]\n"
    "  - intent: order\n  - action: utter_where\n  - intent: order\n    entities: [{city: Bern}]\n"
    "  - action: utter_sent\n",
}


def test_stories_are_told_as_the_learned_policy_sees_them(
    write_project: WriteProject, tmp_path: Path
) -> None:
    compile_corpus(load_project(write_project(STORIES)), tmp_path / "corpus")
    listening = {"did action_listen": 1.0}
    asked = {"intent order": 1.0, **listening}
    said = {"intent order": 1.0, "entity city": 1.0, "slot city": 1.0}
    steps: tuple[tuple[Mapping[str, float], str], ...] = (
        ({}, "action_listen"),
        (asked, "utter_where"),
        ({"intent order": 1.0, "did utter_where": 1.0}, "action_listen"),
        ({**said, **listening}, "utter_sent"),
        ({**said, "did utter_sent": 1.0}, "action_listen"),
    )
    assert read_corpus(tmp_path / "corpus").stories == (Told("sent", steps, ("city",)),)


def test_stories_without_the_learned_policy_teach_nothing(
    write_project: WriteProject, tmp_path: Path
) -> None:
    config = {"config.yml": "policies:\n- name: RulePolicy\n- name: MemoizationPolicy\n"}
    compile_corpus(load_project(write_project({**STORIES, **config})), tmp_path / "corpus")
    assert read_corpus(tmp_path / "corpus").stories == ()


def test_the_files_are_exactly_so(write_project: WriteProject, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    identity = compile_corpus(load_project(write_project(FILES)), folder)
    head = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    assert identity == hashlib.sha256((folder / "corpus.json").read_bytes()).hexdigest()
    assert head["format"] == 1
    assert (head["project"], head["languages"], head["alpha"]) == ("pizza", ["en", "zh"], 0.02)
    assert (head["base"], head["wrong_at_most"]) == ("my-bert", 0.01)
    assert set(head["sha256"]) == {
        "intents.jsonl",
        "gold.jsonl",
        "entities.json",
        "answers.jsonl",
        "dialogues.jsonl",
    }
    assert rows(folder / "intents.jsonl")[3] == {
        "text": "from Bern",
        "intent": "order",
        "language": "en",
        "entities": [
            {"start": 5, "end": 9, "entity": "city", "role": "from", "group": None, "value": "Bern"}
        ],
        "source": "data/nlu.yml:11",
    }
    assert json.loads((folder / "entities.json").read_text(encoding="utf-8")) == {
        "synonyms": {"big": "large", "tiny": "small"},
        "lookups": {"city": ["Bern", "Rome"]},
        "regexes": {"zip": ["\\d{4}"]},
    }
    assert rows(folder / "answers.jsonl") == [
        {
            "id": "hours",
            "text": {"en": "9 to 5"},
            "questions": {"en": ["When?"], "zh": ["几点"]},
            "vetted": True,
            "valid_from": None,
            "valid_to": "2030-01-01",
            "source": "answers/a.yml:2",
        }
    ]


def test_the_same_project_gives_the_same_bytes(write_project: WriteProject, tmp_path: Path) -> None:
    project = load_project(write_project(FILES))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "corpus.json").write_text("old", encoding="utf-8")
    assert compile_corpus(project, tmp_path / "a") == compile_corpus(project, tmp_path / "b")
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_training_reads_what_was_written(write_project: WriteProject, tmp_path: Path) -> None:
    compile_corpus(load_project(write_project(FILES)), tmp_path / "corpus")
    corpus = read_corpus(tmp_path / "corpus")
    assert [example.text for example in corpus.examples] == [
        "hello",
        "hi there",
        "a big one",
        "from Bern",
        "stop it",
    ]
    assert corpus.examples[2].entities == (Span("size", "large", 2, 5),)
    assert corpus.answers[0].questions["zh"] == ("几点",)
    assert corpus.dialogues == (Dialogue("en", (Turn("customer", "When?"), Turn("agent", "Nine.", "hours"))),)
    assert corpus.entities["synonyms"] == {"big": "large", "tiny": "small"}


def test_reviewed_turns_join_once_and_the_later_review_holds(
    write_project: WriteProject, tmp_path: Path
) -> None:
    reviewed = [
        ReviewedTurn("One for Bern", "greet", "en", "log:1"),
        ReviewedTurn("Hello!", "order", "en", "log:2"),  # the project's own example says greet
        ReviewedTurn("one for bern", "order", "en", "log:3", (Entity("city", "Bern", 8, 12),)),
        ReviewedTurn("what is love", None, "en", "log:4"),
        ReviewedTurn("  ", "greet", "en", "log:5"),
    ]
    compile_corpus(load_project(write_project(FILES)), tmp_path / "corpus", reviewed=reviewed)
    added = read_corpus(tmp_path / "corpus").examples[5:]
    assert [(example.text, example.intent, example.source) for example in added] == [
        ("one for bern", "order", "log:3"),
        ("what is love", "out_of_scope", "log:4"),
    ]


def test_a_tenth_is_held_out_by_its_text_alone_and_never_changes_sides(
    write_project: WriteProject, tmp_path: Path
) -> None:
    texts = [f"please tell me about thing number {number}" for number in range(400)]
    first = [ReviewedTurn(text, "greet", "en", "log:1") for text in texts[:200]]
    all_of_them = [ReviewedTurn(text, "greet", "en", "log:1") for text in reversed(texts)]
    project = load_project(write_project(FILES))
    compile_corpus(project, tmp_path / "a", reviewed=first)
    compile_corpus(project, tmp_path / "b", reviewed=all_of_them)
    gold_a, gold_b = (
        {str(row["text"]) for row in rows(tmp_path / name / "gold.jsonl")} for name in ("a", "b")
    )
    taught_b = {str(row["text"]) for row in rows(tmp_path / "b" / "intents.jsonl")}
    assert gold_a == gold_b & (set(texts[:200]) | {"hello", "hi there"})
    assert not gold_b & taught_b and set(texts) <= gold_b | taught_b
    assert 20 <= len(gold_b) <= 60
    assert {text.upper() + " !" for text in gold_b if not is_gold(text.upper() + " !")} == set()


def test_a_scarce_intent_keeps_all_its_rows_for_training(write_project: WriteProject, tmp_path: Path) -> None:
    texts = [f"what about {number}" for number in range(200)]
    held, other = [t for t in texts if is_gold(t)], [t for t in texts if not is_gold(t)]
    project = load_project(write_project(FILES))
    for taught, gold in ((LEAST_TAUGHT - 1, 0), (LEAST_TAUGHT, 3)):
        turns = [ReviewedTurn(text, None, "en", "log:1") for text in [*held[:3], *other[:taught]]]
        compile_corpus(project, tmp_path / str(taught), reviewed=turns)
        assert len(rows(tmp_path / str(taught) / "gold.jsonl")) == gold
