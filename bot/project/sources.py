"""Finds a project's files and reads each as what it is: config, domain, training data, answers, secrets.

Knows names, sections and the order of reading; what the sections mean is read by modules of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.errors import ProjectError
from bot.project.domain_file import LISTS, MAPS
from bot.project.imports_file import read_imports
from bot.project.migration import migrate, tell
from bot.project.nlu_json_file import SECTION as NLU_JSON
from bot.project.nlu_json_file import is_nlu_json
from bot.project.node import check_sections, entries
from bot.project.old_format import Files
from bot.project.project_files import SECRET_FILES
from bot.project.report import Place, Report
from bot.project.sentiment_file import FILE as MOODS
from bot.project.yaml import Node, read_yaml

_YAML = (".yml", ".yaml")
# What is missing when a file cannot be read, by the section whose name it bears.
_CONFIG_PARTS = {"language": "languages", "languages": "languages"}
_ENDPOINT_PARTS = {"action_endpoint": "endpoints"}
_DOMAIN_PARTS = {section: section for section in (*LISTS, *MAPS)}
_DATA_PARTS = {
    "nlu": "examples",
    NLU_JSON: "examples",
    "rules": "rules",
    "stories": "stories",
    "responses": "responses",
    "flows": "flows",
}
_ANSWER_PARTS = {"answers": "answers"}
_DATA_KEYS = ("version", "nlu", NLU_JSON, "rules", "stories", "responses", "dialogues", "flows")


@dataclass(slots=True)
class Sources:
    """The top nodes of a project's files, by what they are."""

    config: Node | None = None
    endpoints: Node | None = None
    credentials: Node | None = None
    domain: list[Node] = field(default_factory=list)
    answers: list[Node] = field(default_factory=list)
    data: list[Node] = field(default_factory=list)

    @property
    def sections(self) -> dict[str, list[Node]]:
        """The data files' sections, by name."""
        found = [node.value for node in self.data if isinstance(node.value, Mapping)]
        return {key: [top[key] for top in found if key in top] for key in _DATA_KEYS}


def collect(folder: Path, report: Report, environ: Mapping[str, str]) -> Sources:
    """Everything that is read of the project. Raises ProjectError where `folder` is none."""
    if not folder.is_dir():
        message = f"{folder} is no folder. Give the folder that holds domain.yml, or one with answers/ alone."
        raise ProjectError((), message=message)
    sources = Sources(
        config=_first(folder, "config", _CONFIG_PARTS, report, environ),
        endpoints=_first(folder, "endpoints", _ENDPOINT_PARTS, report, environ, lenient=True),
        credentials=_first(folder, "credentials", {}, report, environ, lenient=True),
    )
    for path in (*_named(folder, "domain"), *_yaml_files(folder / "domain")):
        _add(sources.domain, path, folder, _DOMAIN_PARTS, report)
    for path in _yaml_files(folder / "answers"):
        _add(sources.answers, path, folder, _ANSWER_PARTS, report)
    _collect_data(folder, sources, report)
    _collect_imports(folder, sources, report)
    if not (sources.domain or sources.answers or report.findings):
        message = (
            f"{folder} holds neither domain.yml nor answers/. Write one of them, or run `frontdesk import`."
        )
        raise ProjectError((), message=message)
    _note_unread(folder, report)
    for name, kinds in (("answers", _ANSWER_PARTS), ("data", _DATA_PARTS)):
        report.lost.update(kinds.values() if name in report.torn else ())
    return sources


def _collect_data(folder: Path, sources: Sources, report: Report) -> None:
    paths = (
        *_files(folder / "data", lambda path: path.suffix in _YAML or is_nlu_json(path)),
        *_named(folder, "flows"),
        *_yaml_files(folder / "flows"),
    )
    for path in paths:
        read: list[Node] = []
        _add(read, path, folder, _DATA_PARTS, report)
        sources.data += map(_untested, read) if path.name.startswith("test_") else read
    _check_data(sources.data, report)


def _check_data(tops: Sequence[Node], report: Report) -> None:
    for top in tops:
        found = entries(top, "A data file", report)
        check_sections(found, _DATA_KEYS, "data file", _DATA_PARTS, report)
        for key, node in found.items():
            if key in _DATA_PARTS and not isinstance(
                node.value, Mapping if key in ("responses", "flows", NLU_JSON) else tuple
            ):
                report.lost.update([_DATA_PARTS[key]] if node.value is not None else [])


def _collect_imports(folder: Path, sources: Sources, report: Report) -> None:
    """What other projects bring in, in the order in which they are named; of one name the first holds."""
    read = {(folder / top.place.file).resolve() for top in (*sources.domain, *sources.data, *sources.answers)}
    waiting, done, around = read_imports(sources.config, folder, report), set[Path](), folder.resolve().parent
    while waiting:
        each = waiting.pop(0)
        if each.path in done:
            continue
        done.add(each.path)
        if not each.path.is_relative_to(around):
            message = f"This imports from outside {around}, the folder around the project."
            report.warn(each.place, message, "Move it beside the project, unless you trust what is there.")
        for path in [each.path] if each.path.is_file() else _files(each.path, _is_readable):
            if path.resolve() in read:
                continue
            read.add(path.resolve())
            if path.stem == "config":
                own = read_yaml(path, _named_from(folder, path), report)
                waiting += read_imports(own, path.parent, report, chosen=True)
            else:
                _take_in(path, folder, sources, report)


def _is_readable(path: Path) -> bool:
    """Whether a file of an imported project may hold parts of a bot: no test, no secret."""
    kept = path.suffix in _YAML and not path.stem.startswith("test_") and path.stem not in SECRET_FILES
    return kept or is_nlu_json(path)


def _take_in(path: Path, folder: Path, sources: Sources, report: Report) -> None:
    """A file is what its sections are; one without any that is known is none of a bot's."""
    quiet, name = Report(), _named_from(folder, path)
    node = read_yaml(path, name, quiet)
    found = node.value if node is not None and isinstance(node.value, Mapping) else {}
    domain = found.keys() & (_DOMAIN_PARTS.keys() - {"responses"})
    if not domain and not found.keys() & _DATA_PARTS.keys() and not quiet.torn:
        return
    node = read_yaml(path, name, report)
    if node is not None and domain:
        sources.domain.append(node)
    elif node is not None:
        sources.data.append(node)
        _check_data([node], report)


def _named_from(folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _untested(top: Node) -> Node:
    """A file without its test conversations, which are played and not learned from."""
    found = top.value if isinstance(top.value, Mapping) else {}
    learned = {key: node for key, node in found.items() if key not in ("stories", "rules")}
    return replace(top, value=learned) if found else top


def in_new_words(sources: Sources, report: Report) -> Sources:
    """What Rasa 2 and 1 wrote otherwise, as Rasa 3 has it; a warning tells where."""
    config = {} if sources.config is None else {sources.config.place.file: sources.config}
    domain, data = ({top.place.file: top for top in tops} for tops in (sources.domain, sources.data))
    migrated = migrate(Files(config, domain, data))
    tell(migrated, report)
    files = migrated.files
    return replace(
        sources,
        config=next(iter(files.config.values()), None),
        domain=list(files.domain.values()),
        data=list(files.data.values()),
    )


def _add(into: list[Node], path: Path, folder: Path, parts: Mapping[str, str], report: Report) -> None:
    node = read_yaml(path, path.relative_to(folder).as_posix(), report)
    _note_lost(path, folder, parts, node, report)
    if node is not None:
        into.append(node)


def _first(
    folder: Path,
    stem: str,
    parts: Mapping[str, str],
    report: Report,
    environ: Mapping[str, str],
    *,
    lenient: bool = False,
) -> Node | None:
    """`lenient`: of a variable that is unset it is told; whether it is needed, whoever needs it says."""
    path = next(_named(folder, stem), None)
    if path is None:
        return None
    node = read_yaml(path, path.name, report, environ=environ, lenient=lenient)
    _note_lost(path, folder, parts, node, report)
    return node


def _note_lost(path: Path, folder: Path, parts: Mapping[str, str], node: Node | None, report: Report) -> None:
    """What a file that cannot be read would have told: the sections whose names begin a line of it, or all
    where none does.
    """
    if path.relative_to(folder).as_posix() in report.torn:
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                begun = {line.strip().strip("\"'").split(":")[0].strip("\"' ") for line in file}
        except OSError:
            begun = set()
        report.lost.update([parts[name] for name in parts if name in begun] or parts.values())
    elif node is not None and node.value is not None and not isinstance(node.value, Mapping):
        report.lost.update(parts.values())


def _named(folder: Path, stem: str) -> Iterator[Path]:
    return (path for suffix in _YAML if _is_there(path := folder / f"{stem}{suffix}"))


def _is_there(path: Path) -> bool:
    """A file, or a link that leads nowhere: reading it says so."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _yaml_files(folder: Path) -> Sequence[Path]:
    """Every YAML file below."""
    return _files(folder, lambda path: path.suffix in _YAML)


def _files(folder: Path, fits: Callable[[Path], bool]) -> Sequence[Path]:
    """Every file below that fits, in one order on every machine; hidden ones are left alone."""
    if not folder.is_dir():
        return ()
    found = (path for path in folder.rglob("*") if fits(path) and _is_there(path))
    visible = (
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    return sorted(visible, key=lambda path: path.relative_to(folder).as_posix())


def _note_unread(folder: Path, report: Report) -> None:
    """Files that look like content and are not read."""
    for name in ("answers", "data", "tests"):
        if (folder / name).exists() and not (folder / name).is_dir():
            report.unreadable(
                Place(name), f"`{name}` must be a folder.", "Put the YAML files in a folder of it."
            )
    for name in ("answers", "data"):
        table = f"Bring it in with `frontdesk import {name}/FILE PROJECT`."
        written = "Write it as YAML; `frontdesk import SOURCE PROJECT` converts Rasa 1's Markdown in a copy."
        mend = table if name == "answers" else written
        for path in sorted((folder / name).rglob("*")):
            place = Place(path.relative_to(folder).as_posix())
            unread = path.suffix in (".csv", ".tsv", ".json", ".jsonl", ".md") and place.file != MOODS
            if path.is_file() and unread and not (name == "data" and is_nlu_json(path)):
                report.warn(place, "This file is not read.", mend)
