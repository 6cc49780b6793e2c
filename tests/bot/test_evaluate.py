"""`frontdesk evaluate` as it is typed: the child process really runs, and bad input is one line with the
mend.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.__main__ import run
from tests.training.test_evaluate import FAULTS

pytestmark = pytest.mark.slow  # each starts a process that loads torch


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = run(["evaluate", *words])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
def test_bad_input_is_one_line(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    code, error = typed(capsys, "intents", "--train", str(path), "--test", str(path))
    assert (code, error.count("\n")) == (1, 1) and message in error


def test_an_unknown_base_model_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "hello,greet\nbye,leave\n" * 9)
    code, error = typed(capsys, "intents", "--train", str(path), "--test", str(path), "--base", "nobody/none")
    assert code == 1 and "nobody/none is no local folder" in error.splitlines()[-1]


def test_a_report_where_no_folder_can_be_is_refused_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n" + "hello,greet\nbye,leave\n" * 9)
    words = ["intents", "--train", str(path), "--test", str(path), "--report", str(path / "below")]
    code, error = typed(capsys, *words)
    assert (code, error.count("\n")) == (1, 1) and "give --report another folder" in error


def test_a_page_is_written_and_named_at_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder = tmp_path / "rows.csv", tmp_path / "report"
    lines = [f"hello {n},greet\nbye {n},leave\n" for n in range(6)]
    path.write_text("text,label\n" + "".join(lines) + f"hello 1,leave\n{'long ' * 2_000},leave\n")
    code, error = typed(capsys, "intents", "--train", str(path), "--test", str(path), "--report", str(folder))
    assert code == 0 and error.splitlines()[-1] == f"Report: {folder / 'intents.html'}"
    assert "<td>hello 1</td>" in (folder / "intents.html").read_text(encoding="utf-8")
