"""Finds the documents of a source: a file, a folder of them, or a site that lies in a folder.

Knows folders, links and sitemaps; opens no document.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.documents.readers import ENDINGS, why_not_read
from bot.documents.sitemap import read_sitemap
from bot.errors import SourceUnreadable

_LEFT_OUT = frozenset({"node_modules", "__pycache__"})
_PROJECT = frozenset({"domain", "config"})
_YAML = (".yml", ".yaml")
_TRAINING = ("nlu", "stories")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not taken: a file, a page's address, or a place in a document; and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Documents by the names that they go by, in a fixed order, and what is none."""

    files: tuple[tuple[str, Path], ...]
    refused: tuple[Refusal, ...] = ()


def is_document_source(source: Path) -> bool:
    """Whether SOURCE is read as documents; other files are tables, other folders Rasa projects."""
    if not source.is_dir():
        return source.suffix.lower() in ENDINGS or _is_sitemap(source)
    if _sitemap_of(source):
        return True
    try:
        return not _is_project(source)
    except OSError:
        return False  # that it cannot be read is for the import of a project to say


def _is_project(folder: Path) -> bool:
    """Whether a folder has what Rasa projects have; one that is called `data` may hold anything."""
    names = {path.name.split(".")[0] for path in folder.iterdir() if path.is_dir() or path.suffix in _YAML}
    data = (folder / "data").rglob("*")
    return bool(names & _PROJECT) or any(
        path.name.startswith(_TRAINING) or path.suffix in _YAML for path in data
    )


def source_name(source: Path) -> str:
    """What a source goes by: a folder's name, also where its sitemap is given, else that of the file with its
    ending, so that a PDF and a DOCX of one name stay apart."""
    path = source.resolve()
    return path.parent.name if path.is_file() and _is_sitemap(path) else path.name


def find_documents(source: Path) -> Found:
    """The documents of a source. Raises SourceUnreadable where there is none."""
    if source.is_dir():
        sitemap = _sitemap_of(source)
        found = _of_site(sitemap) if sitemap else _of_folder(source)
    else:
        found = _of_site(source) if _is_sitemap(source) else Found(((source.name, source),))
    if not found.files:
        why = "".join(f"\n  {each.where}: {each.reason}" for each in found.refused[:5])
        raise SourceUnreadable(
            f"{source} holds no document that can be read, and is no Rasa project: it has neither domain.yml "
            f"nor data/. Give a folder with Markdown, HTML, DOCX or PDF files in it.{why}"
        )
    return found


def _is_sitemap(path: Path) -> bool:
    return path.suffix.lower() == ".xml" and path.stem.lower().startswith("sitemap")


def _sitemap_of(folder: Path) -> Path | None:
    return next(
        (path for name in ("sitemap.xml", "sitemap_index.xml") if (path := folder / name).is_file()), None
    )


def _of_site(sitemap: Path) -> Found:
    read = read_sitemap(sitemap)
    folder = sitemap.parent.resolve()
    refused = [Refusal(address, why) for address, why in read.refused]
    files: list[tuple[str, Path]] = []
    for address, path in read.pages:
        if path.suffix.lower() in ENDINGS:
            files.append((path.relative_to(folder).as_posix(), path))
        else:
            refused.append(Refusal(address, why_not_read(path.suffix.lower())))
    return Found(tuple(files), tuple(refused))


def _of_folder(folder: Path) -> Found:
    files: list[tuple[str, Path]] = []
    refused: list[Refusal] = []
    others: Counter[str] = Counter()
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
        if path.is_symlink():
            if not path.resolve().is_relative_to(folder.resolve()):
                refused.append(
                    Refusal(name, "it is a link that leads out of the folder; copy what it leads to")
                )
        elif path.suffix.lower() in ENDINGS and path.is_file():
            files.append((name, path))
        else:
            others[path.suffix.lower()] += 1
    for ending, count in sorted(others.items()):
        where = f"{count} {'file' if count == 1 else 'files'}"
        refused.append(Refusal(where, why_not_read(ending)))
    return Found(tuple(files), tuple(refused))


def _walk(folder: Path) -> Iterator[Path]:
    """Files, and links of any kind, in a fixed order; hidden ones and installed packages are passed over."""
    for at, folders, names in os.walk(folder):
        here = Path(at)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in (*_LEFT_OUT, *links)
            and not (here / name / "pyvenv.cfg").exists()
        )
        yield from (here / name for name in sorted((*names, *links)) if not name.startswith("."))
