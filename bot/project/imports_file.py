"""Reads `importers:` and `imports:` of a config file: which other folders hold parts of this project.

Knows Rasa's two importers (rasa/shared/importers); reads none of the folders (sources does).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.project.node import Entries, check_keys, entries, items, text
from bot.project.report import Place, Report
from bot.project.yaml import Node

KEYS = ("importers", "imports")
_OWN, _OTHERS = "RasaFileImporter", "MultiProjectImporter"


@dataclass(frozen=True, slots=True)
class Import:
    """A folder or a config file whose project is a part of this one, and the line that names it."""

    path: Path
    place: Place


def read_imports(config: Node | None, folder: Path, report: Report, *, chosen: bool = False) -> list[Import]:
    """The imports of a config file in `folder`. Without `chosen` they count only where the importer of
    several projects is named, as in Rasa.
    """
    top = entries(config, "config.yml", Report())
    chosen = chosen or _OTHERS in _importers(top, report)
    node = top.get("imports")
    if node is not None and not chosen:
        message = f"`imports` has no effect without `importers: [{{name: {_OTHERS}}}]`."
        report.warn(node.place, message, "Add that, or remove `imports`.")
        return []
    found: list[Import] = []
    for item in items(node, "imports", report):
        path = text(item, "imports: each item", report)
        if path and folder.resolve().is_relative_to((folder / path).resolve()):
            message = f"The import `{path}` holds this project itself; it is not read."
            report.warn(item.place, message, "Name the folder of another project.")
        elif path and (folder / path).exists():
            found.append(Import((folder / path).resolve(), item.place))
        elif path:
            message = f"The imported project `{path}` is not there."
            report.warn(item.place, message, "Give its folder's path from the folder of this file.")
    return found


def _importers(top: Entries, report: Report) -> set[str]:
    """The importers by their short names; those that are not Rasa's own are warned of."""
    named: set[str] = set()
    for item in items(top.get("importers"), "importers", report):
        found = entries(item, "an importer", report)
        check_keys(found, ("name",), "importers", report)
        name = text(found.get("name"), "name of an importer", report) or ""
        short = name.rsplit(".", 1)[-1]
        named.add(short)
        if short not in (_OWN, _OTHERS):
            message = f"The importer `{name}` is not run: what it would read is missing."
            report.warn(item.place, message, "Write its data into files of the project.")
    return named
