"""Folders for what the steps of a verb hand each other: gone when it ends, by a signal too, and swept if it
could not end well.

Knows names, locks and signals; not what is put there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from bot.config import SettingInvalid

PURPOSES = ("corpus", "learn")
FRESH = 60.0  # seconds: a folder this young may belong to a process that is about to lock it


@contextmanager
def work_folder(home: Path, purpose: str) -> Iterator[Path]:
    """A new folder in `home`, locked while it is used and removed afterwards. Raises SettingInvalid."""
    sweep(home)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=home))
    except OSError as error:
        raise SettingInvalid(
            f"Nothing can be written in {home} ({error.strerror}); set FRONTDESK_HOME to another folder."
        ) from error
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with _leaving_on_signal():
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(home: Path) -> None:
    """Remove the folders that nobody uses any more: of processes that were killed, or of a power cut."""
    for purpose in PURPOSES:
        for folder in home.glob(f"{purpose}-*"):
            with suppress(OSError):
                if folder.is_dir() and time.time() - folder.stat().st_mtime > FRESH:
                    _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    """Raises OSError where somebody holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(handle)


@contextmanager
def _leaving_on_signal() -> Iterator[None]:
    """SIGTERM and SIGHUP leave the verb as Ctrl+C does, through every `finally`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
