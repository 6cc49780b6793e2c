"""`frontdesk check --graph`: what it writes, and what it says where it cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.__main__ import run
from tests.conftest import SMALL_PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL_PROJECT, tmp_path / "small_project"))


@pytest.mark.parametrize(
    ("name", "begins"), [("bot.svg", "<svg "), ("bot.html", "<!doctype"), ("B.HTML", "<!")]
)
def test_the_ending_says_what_is_drawn(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, begins: str
) -> None:
    assert run(["check", str(project), "--graph", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert f"Drawn in {tmp_path / name}." in capsys.readouterr().out


def test_a_faulty_project_is_drawn_as_well_and_still_fails(project: Path, tmp_path: Path) -> None:
    (project / "data" / "more.yml").write_text("rules:\n- rule: odd\n  steps:\n  - action: utter_nothing\n")
    assert run(["check", str(project), "--graph", str(tmp_path / "bot.html")]) == 1
    assert "data/more.yml:2" in (tmp_path / "bot.html").read_text(encoding="utf-8")


def test_results_on_standard_output_stay_json(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(project), "--json", "-", "--graph", str(tmp_path / "bot.svg")]) == 0
    assert json.loads(capsys.readouterr().out)["errors"] == 0


@pytest.mark.parametrize("name", ["bot.png", "bot"])
def test_another_ending_is_wrong_usage(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["check", str(project), "--graph", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert name in error and ".html" in error and ".svg" in error and error.count("\n") == 1


def test_a_file_that_cannot_be_written_is_one_line(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(project), "--graph", str(tmp_path / "gone" / "bot.svg")]) == 1
    error = capsys.readouterr().err
    assert str(tmp_path / "gone" / "bot.svg") in error and "--graph" in error and error.count("\n") == 1
