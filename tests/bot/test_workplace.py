"""What a verb lays down on its way is gone after it, however it ends."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.cli.workplace import work_folder
from bot.config import SettingInvalid

HOLDS = """
import signal, sys, time
from pathlib import Path
from bot.cli.workplace import work_folder
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits it ignored
with work_folder(Path(sys.argv[1]), "corpus") as folder:
    (folder / "a file").write_text("words")
    print("ready", flush=True)
    time.sleep(60)
"""


def leftovers(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


def holder(home: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", HOLDS, str(home)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    return child


def made_long_ago(folder: Path) -> None:
    os.utime(folder, (1.0, 1.0))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with holder(tmp_path) as child:
        assert len(leftovers(tmp_path)) == 1
        child.send_signal(number)
        assert child.wait(30) != 0
    assert leftovers(tmp_path) == []


def test_what_a_killed_process_left_is_swept_at_the_next_start(tmp_path: Path) -> None:
    with holder(tmp_path) as child:
        child.kill()
    (old,) = tmp_path.iterdir()
    made_long_ago(old)
    with work_folder(tmp_path, "learn") as folder:
        assert leftovers(tmp_path) == [folder.name]
    assert leftovers(tmp_path) == []


def test_a_folder_in_use_or_just_made_is_left_alone(tmp_path: Path) -> None:
    used, young, other = tmp_path / "corpus-used", tmp_path / "learn-young", tmp_path / "bundles"
    for folder in (used, young, other):
        folder.mkdir()
    made_long_ago(used)
    made_long_ago(other)
    handle = os.open(used, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with work_folder(tmp_path, "corpus"):
            assert {"corpus-used", "learn-young", "bundles"} < set(leftovers(tmp_path))
    finally:
        os.close(handle)


def test_a_home_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="FRONTDESK_HOME"), work_folder(tmp_path / "gone", "corpus"):
        pass


def test_training_that_is_told_to_end_leaves_no_corpus_and_no_half_bundle(project: Path) -> None:
    """The whole chain: the verb, its child, and what both have begun."""
    home = project / ".frontdesk"
    before = leftovers(home), leftovers(home / "bundles")
    command = [sys.executable, "-m", "bot", "train", str(project), "--no-promote"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        deadline = time.monotonic() + 60
        while not list((home / "bundles").glob(".unfinished-*")):
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        assert list(home.glob("corpus-*"))
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 128 + signal.SIGTERM
    assert (leftovers(home), leftovers(home / "bundles")) == before
