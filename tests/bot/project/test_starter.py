"""A project made from a table can greet, say goodbye and fetch a person; what people wrote stays theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.project.answers_import import import_answers
from bot.project.check import check_folder
from bot.project.load import load_project
from bot.project.starter import write_starter


def table(folder: Path, text: str) -> Path:
    path = folder / "faq.csv"
    path.write_text(f"question,answer\n{text}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("row", "languages"),
    [("When are you open?,9 to 5", {"en"}), ("几点开门？,九点", {"zh"})],
)
def test_small_talk_comes_in_the_table_s_language(tmp_path: Path, row: str, languages: set[str]) -> None:
    report = import_answers(table(tmp_path, row), tmp_path / "bot")
    assert any("Small talk" in note for note in report.notes)
    assert check_folder(tmp_path / "bot") == ()
    project = load_project(tmp_path / "bot", environ={})
    assert {example.language for example in project.nlu.examples} == languages
    assert {"greet", "talk_to_human", "out_of_scope"} <= {example.intent for example in project.nlu.examples}
    assert all(rule.intents for rule in project.domain.rules)


def test_both_languages_at_once(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text("language: en\nlanguages: [en, zh]\n", encoding="utf-8")
    assert len(write_starter(tmp_path, ("en", "zh-CN"))) == 4
    assert check_folder(tmp_path) == ()


def test_other_languages_get_none(tmp_path: Path) -> None:
    assert write_starter(tmp_path, ("de",)) == ()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("own", ["domain.yml", "data/nlu.yml"])
def test_what_is_there_is_never_touched(tmp_path: Path, own: str) -> None:
    mine = tmp_path / own
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("# mine\n", encoding="utf-8")
    assert write_starter(tmp_path, ("en",)) == ()
    assert [path for path in tmp_path.rglob("*.yml")] == [mine]


def test_small_talk_thrown_away_stays_away(tmp_path: Path) -> None:
    source = table(tmp_path, "When?,9 to 5")
    import_answers(source, tmp_path / "bot")
    (tmp_path / "bot" / "domain.yml").unlink()
    again = import_answers(source, tmp_path / "bot")
    assert again.notes == () and not (tmp_path / "bot" / "domain.yml").exists()
