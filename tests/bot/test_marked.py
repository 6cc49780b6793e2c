"""Marked examples for `frontdesk evaluate entities`: Rasa's YAML becomes training's lines, JSON lines
stay.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.marked import marked_lines
from bot.errors import ProjectError
from training.corpus import Span
from training.evaluate_entities import read_annotated

NLU = """nlu:
- intent: book
  examples: |
    - from [Oslo]{"entity": "city", "role": "from"} to [Rome]{"entity": "city", "role": "to", "group": "1"}
    - thanks
"""


def test_yaml_becomes_lines_that_training_reads(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_text(NLU, encoding="utf-8")
    (tmp_path / "made").mkdir()
    booked, thanks = read_annotated(marked_lines(tmp_path / "nlu.yml", tmp_path / "made"))
    assert (booked.text, thanks.text, thanks.entities) == ("from Oslo to Rome", "thanks", ())
    assert booked.entities == (Span("city", "Oslo", 5, 9, "from"), Span("city", "Rome", 13, 17, "to", "1"))


def test_lines_stay_and_bad_yaml_is_named(tmp_path: Path) -> None:
    lines = tmp_path / "rows.jsonl"
    assert marked_lines(lines, tmp_path) == lines
    (tmp_path / "bad.yml").write_text('nlu:\n- intent: a\n  examples: |\n    - [x]{"role": "y"}\n')
    with pytest.raises(ProjectError, match=r"bad\.yml:4"):
        marked_lines(tmp_path / "bad.yml", tmp_path)
