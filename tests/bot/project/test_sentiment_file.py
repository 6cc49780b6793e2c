"""A project's labelled messages: read, checked, and handed to training."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.project.corpus import compile_corpus
from bot.project.load import load_project, read_project
from bot.project.sentiment_file import Mood
from tests.bot.project.conftest import WriteProject
from tests.bot.project.samples import PROJECT
from training.corpus import read_corpus


def test_the_rows_reach_training_as_they_were_written(write_project: WriteProject, tmp_path: Path) -> None:
    table = 'text,label\n"Late, again!",angry\n谢谢,positive\n'
    project = load_project(write_project({**PROJECT, "data/sentiment.csv": table}))
    assert project.moods == (Mood("Late, again!", "angry"), Mood("谢谢", "positive"))
    assert not any("not read" in finding.message for finding in project.findings)
    compile_corpus(project, tmp_path / "corpus")
    assert read_corpus(tmp_path / "corpus").sentiment == (("Late, again!", "angry"), ("谢谢", "positive"))


def test_without_the_file_the_corpus_has_none(write_project: WriteProject, tmp_path: Path) -> None:
    compile_corpus(load_project(write_project(PROJECT)), tmp_path / "corpus")
    assert not (tmp_path / "corpus" / "sentiment.jsonl").exists()
    assert read_corpus(tmp_path / "corpus").sentiment == ()


def test_what_counts_as_angry_is_the_projects_to_say(write_project: WriteProject) -> None:
    config = "language: en\nfrontdesk: {anger_threshold: 0.8}\n"
    assert load_project(write_project(PROJECT)).domain.thresholds.anger == 0.5
    assert load_project(write_project({**PROJECT, "config.yml": config})).domain.thresholds.anger == 0.8
    beyond = read_project(write_project({**PROJECT, "config.yml": config.replace("0.8", "8")}))
    assert any("`anger_threshold` must lie between 0 and 1" in found.message for found in beyond.errors)


@pytest.mark.parametrize(
    ("table", "line", "message"),
    [
        ("text,label\nfine,glad\n", 2, "There is no label `glad`."),
        ("text,label\nfine,neutral\n,angry\n", 3, "The text is empty."),
        ("text,mood\nfine,neutral\n", 1, "The column label is missing."),
        ("text,label\n", 1, "holds no rows"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    write_project: WriteProject, table: str, line: int, message: str
) -> None:
    project = read_project(write_project({**PROJECT, "data/sentiment.csv": table}))
    (finding,) = [found for found in project.errors if found.file == "data/sentiment.csv"]
    assert finding.line == line and message in finding.message and finding.mend
