"""Gives a new project its small talk: greeting, thanks, goodbye, what can you do, a person please.

Knows the packaged files in English and Chinese; a project that has any file of its own keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from bot.project.language import primary

FILES = {"domain.yml": "domain.yml", "rules.yml": "data/rules.yml"}


def write_starter(project: Path, languages: Iterable[str]) -> tuple[Path, ...]:
    """Writes the files into a project that has none of them. The files written: none where the project
    speaks neither English nor Chinese, or where one of the files is there already.
    """
    spoken = [code for code in ("en", "zh") if code in {primary(language) for language in languages}]
    files = {**FILES, **{f"nlu_{code}.yml": f"data/nlu_{code}.yml" for code in spoken}}
    targets = {name: project / place for name, place in files.items()}
    if not spoken or (project / "data").exists() or any(path.exists() for path in targets.values()):
        return ()
    packaged = resources.files("bot.project") / "starter_files"
    for name, path in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((packaged / name).read_text(encoding="utf-8"), encoding="utf-8")
    return tuple(targets.values())
