"""Training data as JSON, as Rasa 3 still reads it, and what `frontdesk import` makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.reading import Entity
from bot.project.check import check_folder
from bot.project.load import load_project, read_project
from bot.project.model import NluData
from bot.project.nlu_gathered import Gathered
from bot.project.nlu_json_file import convert_json, read_nlu_json
from bot.project.project_import import import_project
from bot.project.report import Report
from bot.project.yaml import parse_yaml
from tests.bot.project.conftest import WriteProject

DATA = """\
{
  "rasa_nlu_data": {
    "common_examples": [
      {"text": "hello", "intent": "greet", "entities": []},
      {
\t"text": "a bike in the capital \\ud83d\\udeb2", "intent": "rent", "entities": [
          {"start": 14, "end": 21, "value": "Bern", "entity": "city", "role": "from", "extractor": "x"}]
      },
      {"intent": "rent", "text": "a boat in Basel", "entities": [
          {"start": 10, "end": 15, "value": "Basel", "entity": "city"}]},
      {"text": "is it \\"raining\\"?", "intent": "chitchat/weather"}
    ],
    "entity_synonyms": [{"value": "Basel", "synonyms": ["bale", "Basle"]}],
    "regex_features": [{"name": "plate", "pattern": "[A-Z]{2}[0-9]{4}"}],
    "lookup_tables": [
      {"name": "city", "elements": ["Bern", "Basel", "Bern"]},
      {"name": "boat", "elements": "data/boats.txt"}
    ]
  }
}
"""
PROJECT = {
    "domain.yml": "intents: [greet, rent, chitchat]\nentities:\n- city:\n    roles: [from]\n",
    "data/nlu.json": DATA,
    "data/boats.txt": "dinghy\n\nraft\n",
    "data/more.yml": "nlu:\n- intent: greet\n  examples: |\n    - hi\n",
}


def test_every_section_is_read_with_its_lines(write_project: WriteProject) -> None:
    project = load_project(write_project(PROJECT))
    examples = [(e.intent, e.text, e.place.file, e.place.line) for e in project.nlu.examples]
    assert examples == [
        ("greet", "hi", "data/more.yml", 4),
        ("greet", "hello", "data/nlu.json", 4),
        ("rent", "a bike in the capital 🚲", "data/nlu.json", 5),
        ("rent", "a boat in Basel", "data/nlu.json", 9),
        ("chitchat/weather", 'is it "raining"?', "data/nlu.json", 11),
    ]
    assert [e.entities for e in project.nlu.examples[2:4]] == [
        (Entity("city", "Bern", 14, 21, role="from"),),
        (Entity("city", "Basel", 10, 15),),
    ]
    assert project.nlu.synonyms == {"capital": "Bern", "bale": "Basel", "Basle": "Basel"}
    assert project.nlu.regexes == {"plate": ("[A-Z]{2}[0-9]{4}",)}
    assert project.nlu.lookups == {"city": ("Bern", "Basel"), "boat": ("dinghy", "raft")}
    assert "chitchat/weather" in project.domain.selections
    assert not [each for each in check_folder(project.folder) if "not read" in each.message]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"rasa_nlu_data": []}', "data/nlu.json:1: error: rasa_nlu_data must be a map"),
        ('{"rasa_nlu_data": {\n"common_exmples": []}}', "data/nlu.json:2: warning: rasa_nlu_data: the key"),
        ('{"rasa_nlu_data": {\n"common_examples": {}}}', "data/nlu.json:2: error: common_examples must be"),
        ('{"rasa_nlu_data": {"common_examples": [\n{"text": "x"}]}}', "data/nlu.json:2: warning: An example"),
        (
            '{"rasa_nlu_data": {"common_examples": [{"text": "abc", "intent": "greet", "entities": [\n'
            '{"start": 1, "end": 4, "entity": "city"}]}]}}',
            "data/nlu.json:2: error: The entity `city` lies in no part of its example.",
        ),
        (
            '{"rasa_nlu_data": {"common_examples": [{"text": "abc", "intent": "greet", "entities": [\n'
            '{"start": 0, "end": 1}]}]}}',
            "data/nlu.json:2: error: This entity has no `entity`.",
        ),
        ('{"rasa_nlu_data": {"regex_features": [\n{"name": "a", "pattern": "["}]}}', "The regex `a` is not"),
        ('{"rasa_nlu_data": {"entity_synonyms": [\n{"synonyms": ["a"]}]}}', "This synonym has no `value`."),
        (
            '{"rasa_nlu_data": {"lookup_tables": [\n{"name": "a", "elements": "../../etc/passwd"}]}}',
            "data/nlu.json:2: error: The file of the lookup table `a` cannot be read.",
        ),
        ('{"rasa_nlu_data": {\n"common_examples": [}}', "data/nlu.json:2: error: This is not valid YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(write_project: WriteProject, data: str, expected: str) -> None:
    told = [str(each) for each in read_project(write_project({**PROJECT, "data/nlu.json": data})).findings]
    assert any(expected in line for line in told), told


def test_other_json_is_left_alone(write_project: WriteProject) -> None:
    folder = write_project({**PROJECT, "data/nlu.json": '{"supportedLanguages": []}', "data/x.json": "{"})
    told = [str(each) for each in read_project(folder).findings]
    assert sum("This file is not read." in line for line in told) == 2


def test_the_clean_copy_has_it_as_yaml(write_project: WriteProject, tmp_path: Path) -> None:
    data = json.loads(DATA)
    data["rasa_nlu_data"]["common_examples"] += [
        {"text": "two\nlines", "intent": "greet"},
        {"text": "a [plain](bracket)", "intent": "greet"},
    ]
    source = write_project({**PROJECT, "data/nlu.json": json.dumps(data, indent=1)})
    report = import_project(source, tmp_path / "copy")
    assert report.converted == (("data/nlu.json", "data/nlu.yml"),)
    assert [remark.place.file for remark in report.by_hand] == ["data/nlu.json"] * 2
    old, new = load_project(source).nlu, load_project(tmp_path / "copy").nlu
    assert not (tmp_path / "copy" / "data" / "nlu.json").exists()
    kept = [e for e in old.examples if "\n" not in e.text and "[" not in e.text]
    assert sorted((e.text, e.intent, e.entities) for e in new.examples) == sorted(
        (e.text, e.intent, e.entities) for e in kept
    )
    assert (new.synonyms, new.lookups, new.regexes) == (old.synonyms, old.lookups, old.regexes)


def test_what_cannot_be_read_whole_stays_json(write_project: WriteProject, tmp_path: Path) -> None:
    source = write_project({**PROJECT, "data/nlu.json": '{"rasa_nlu_data": {"common_examples": [}}'})
    report = import_project(source, tmp_path / "copy")
    assert report.converted == () and report.errors
    assert (tmp_path / "copy" / "data" / "nlu.json").exists()


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=8)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "common_examples": st.lists(
                st.fixed_dictionaries(
                    {"text": TEXT, "intent": st.sampled_from(["a", "b/c", ""])},
                    optional={
                        "entities": st.lists(
                            st.fixed_dictionaries(
                                {"entity": TEXT, "start": st.integers(-1, 9), "end": st.integers(-1, 9)},
                                optional={"value": TEXT | st.integers() | st.none()},
                            ),
                            max_size=2,
                        )
                    },
                ),
                max_size=3,
            ),
            "entity_synonyms": st.lists(st.dictionaries(TEXT, TEXT, max_size=2), max_size=2),
            "lookup_tables": st.none() | st.lists(TEXT, max_size=2),
        },
    )
)
def test_anything_is_read_or_told(data: Any) -> None:
    text = json.dumps({"rasa_nlu_data": data})
    top = parse_yaml(text, "x.json", report := Report())
    assert top is not None and isinstance(top.value, dict)
    into = Gathered(("en",), report)
    read_nlu_json(top.value["rasa_nlu_data"], lambda path: None, into)
    for example in into.examples:
        assert all(0 <= (e.start or 0) < (e.end or 0) <= len(example.text) for e in example.entities)
    assert isinstance(into.data, NluData)
    convert_json(text, "x.json", lambda path: None)
