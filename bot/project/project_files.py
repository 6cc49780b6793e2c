"""Which files of a Rasa project make up the bot, and which are left behind and why.

Knows names, sizes and links; reads no file's content.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.project.yaml import LARGEST_FILE

SECRET_FILES = ("credentials", "endpoints")
_YAML_FILES = ("config", "domain", "flows", *SECRET_FILES)
_FOLDERS = ("domain", "data", "tests", "actions", "answers", "flows")
_FILE = re.compile(rf"({'|'.join(_YAML_FILES)})\.ya?ml|[\w.-]*requirements[\w.-]*\.txt|\w+\.py")
# Why something is left behind, by the name of the file or of a folder above it; the first that fits holds.
_LEFT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r".*\.(tar\.gz|h5|pkl|pickle|pt|onnx)"), "trained models are made anew"),
    (re.compile(r"\.venv|v?env|node_modules|site-packages"), "installed packages are no part of a bot"),
    (re.compile(r"__pycache__|.*\.py[co]|\.rasa|\..*_cache"), "caches are made anew"),
    (re.compile(r".*\.(db|sqlite3?|rdb|log)(-\w+)?"), "databases and logs stay where they are"),
    (re.compile(r"\..*"), "hidden files are not read, and may hold secrets"),
)
_UNNAMED = "its name cannot be shown: rename it"
_NO_SECRETS = "what an imported project calls is not used, and may hold secrets"
_NO_LINKS = "a link to a folder is not followed"
_LEFT_AT_TOP = {"models": "trained models are made anew", "results": "results of tests are made anew"}


@dataclass(frozen=True, slots=True)
class Left:
    """A file or folder that is not copied."""

    name: str
    why: str


def survey(source: Path, imported: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[Left, ...]]:
    """The bot's files relative to `source`, in one order on every machine, and what is left behind.
    `imported` names further folders at its top that hold parts of the bot.
    """
    kept_folders = {*_FOLDERS, *imported}
    kept: list[str] = []
    left: list[Left] = []
    for entry in sorted(os.scandir(source), key=lambda each: each.name):
        if not entry.name.isprintable():
            left.append(Left(_shown(entry.name), _UNNAMED))
        elif entry.name in kept_folders and entry.is_dir(follow_symlinks=False):
            for name in _files_below(source, entry.name, left):
                if entry.name in imported and Path(name).stem in SECRET_FILES:
                    left.append(Left(name, _NO_SECRETS))
                else:
                    kept += [name] if _is_fit(source, name, left) else []
        elif _FILE.fullmatch(entry.name) and not entry.is_dir(follow_symlinks=False):
            kept += [entry.name] if _is_fit(source, entry.name, left) else []
        elif entry.name in kept_folders and entry.is_symlink():
            left.append(Left(entry.name, _NO_LINKS))
        else:
            folder = entry.is_dir(follow_symlinks=False)
            why = _LEFT_AT_TOP.get(entry.name) or _why((entry.name,)) or "no part of a bot that is read here"
            left.append(Left(entry.name + ("/" if folder else ""), why))
    return tuple(kept), tuple(left)


def _files_below(source: Path, top: str, left: list[Left]) -> Iterator[str]:
    """Every file below that is not left behind by its name; links to folders are not followed."""
    for at, folders, files in os.walk(source / top):
        folders.sort()
        here = Path(at).relative_to(source)
        for name in tuple(folders):
            why = _why_folder(source / here / name)
            if why is not None:
                folders.remove(name)
                left.append(Left(_shown((here / name).as_posix()) + "/", why))
        for name in sorted(files):
            why = _why((name,)) if name.isprintable() else _UNNAMED
            if why is not None:
                left.append(Left(_shown((here / name).as_posix()), why))
            else:
                yield (here / name).as_posix()


def _why_folder(path: Path) -> str | None:
    if not path.name.isprintable():
        return _UNNAMED
    if path.is_symlink():
        return _NO_LINKS
    return _why(("venv",)) if (path / "pyvenv.cfg").exists() else _why((path.name,))


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name)


def _why(parts: Sequence[str]) -> str | None:
    return next((why for part in parts for pattern, why in _LEFT if pattern.fullmatch(part)), None)


def _is_fit(source: Path, name: str, left: list[Left]) -> bool:
    """Whether a file can be copied: an ordinary one, not too large, and within the folder."""
    path = source / name
    why = None
    if path.is_symlink():
        why = _why_link(source, path)
    elif not path.is_file():
        why = "it is no ordinary file"
    if why is None and (size := path.stat().st_size) > LARGEST_FILE:
        why = f"it has {size // 2**20} MiB, of which {LARGEST_FILE // 2**20} are copied: copy it yourself"
    if why is not None:
        left.append(Left(name, why))
    return why is None


def _why_link(source: Path, path: Path) -> str | None:
    """Why a link is not followed: out of the folder, to nothing, or to what may hold secrets."""
    target = path.resolve()
    if not target.is_relative_to(source.resolve()):
        return "a link that leads out of the folder is not followed"
    if not target.is_file():
        return "the link leads to no file"
    inside = target.relative_to(source.resolve())
    secret = inside.stem in SECRET_FILES and path.stem not in SECRET_FILES
    return "the link leads to what may hold secrets" if secret or _why(inside.parts) else None
