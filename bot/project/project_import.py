"""Writes a clean copy of a Rasa project into a new folder, in Rasa 3's words and without secrets.

Knows the order of the work; what counts, what is old and what is secret are tables of other modules. A file
in which nothing has to change is copied byte for byte.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bot.errors import Finding, Level, ProjectError
from bot.project.check import checked
from bot.project.imports_file import read_imports
from bot.project.lookup_lines import lookup_lines
from bot.project.markdown import convert
from bot.project.migrate_dialogue import RULES
from bot.project.migration import Migrated, migrate
from bot.project.nlu_json_file import convert_json, is_nlu_json
from bot.project.node import plain
from bot.project.old_format import Files, Remark
from bot.project.plain_secrets import Variable, hide_secrets
from bot.project.project_files import SECRET_FILES, Left, survey
from bot.project.report import Report
from bot.project.rewriting import rewritten
from bot.project.yaml import Node, parse_yaml, read_yaml
from bot.project.yaml_write import to_yaml

_YAML = (".yml", ".yaml")
_TRAINING = ("data", "tests")
_UNSAFE = "it cannot be read, so that no secret could be taken out: write it anew"


@dataclass(frozen=True, slots=True)
class Migration:
    """What was written otherwise in a file. `whole`: it was written anew, without its comments."""

    file: str
    says: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ProjectImport:
    """What became of a project's files. `converted` are Markdown and JSON files with what they are now;
    `by_hand` what is left to a person, with the original's lines; `variables` are to be set before the start;
    `findings` is what checking the copy found."""

    folder: Path
    copied: tuple[str, ...]
    left: tuple[Left, ...]
    converted: tuple[tuple[str, str], ...]
    migrated: tuple[Migration, ...]
    by_hand: tuple[Remark, ...]
    variables: tuple[Variable, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many of the findings keep the copy from running."""
        return sum(finding.level is Level.ERROR for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """The report as one JSON object."""
        return {
            "folder": str(self.folder),
            "copied": list(self.copied),
            "left": [{"name": each.name, "why": each.why} for each in self.left],
            "converted": [{"from": old, "to": new} for old, new in self.converted],
            "migrated": [{"file": m.file, "says": m.says, "whole": m.whole} for m in self.migrated],
            "by_hand": [
                {"file": r.place.file, "line": r.place.line, "message": r.message, "mend": r.mend}
                for r in self.by_hand
            ],
            "variables": [
                {"name": v.name, "file": v.place.file, "line": v.place.line} for v in self.variables
            ],
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(slots=True)
class _Copy:
    """The copy in the making: the texts that were read, those of them that are no longer the original's, and
    the rest by name."""

    source: Path
    names: list[str]
    left: list[Left]
    texts: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    converted: list[tuple[str, str]] = field(default_factory=list)
    migrated: list[Migration] = field(default_factory=list)
    by_hand: list[Remark] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def import_project(source: Path, target: Path) -> ProjectImport:
    """Writes the copy. Raises ProjectError where `source` is no Rasa project, or `target` is no new folder or
    cannot be written; nothing is ever written over."""
    _refuse_unless_new(target)
    try:
        imported, elsewhere = _imported(source)
        names, left = survey(source, imported)
    except OSError as error:
        raise ProjectError((), message=f"{source} cannot be read: {error.strerror}.") from error
    if not any(name.split("/")[0].split(".")[0] in ("domain", "data") for name in names):
        message = (
            f"{source} is no Rasa project: it has neither domain.yml nor data/. Give the folder with them."
        )
        raise ProjectError((), message=message)
    copy = _Copy(source, list(names), list(left), by_hand=elsewhere)
    _read(copy)
    _convert(copy)
    _migrate(copy)
    _write(copy, target)
    findings = checked(target, environ={**os.environ, **copy.values}).findings
    return ProjectImport(
        folder=target,
        copied=tuple(sorted(copy.names)),
        left=tuple(sorted(copy.left, key=lambda each: each.name)),
        converted=tuple(copy.converted),
        migrated=tuple(copy.migrated),
        by_hand=tuple(copy.by_hand),
        variables=tuple(copy.variables),
        findings=findings,
    )


def _imported(source: Path) -> tuple[set[str], list[Remark]]:
    """The folders at the project's top that hold what it imports, and a remark for each import from
    elsewhere.
    """
    path = next((path for suffix in _YAML if (path := source / f"config{suffix}").is_file()), None)
    config = read_yaml(path, path.name, Report()) if path else None
    inside, elsewhere = set[str](), list[Remark]()
    for each in read_imports(config, source, Report()):
        if each.path.is_relative_to(source.resolve()):
            inside.update(each.path.relative_to(source.resolve()).parts[:1])
        else:
            named = os.path.relpath(each.path, source.resolve())
            message = f"`{named}` is a project of its own, which this one imports; it is not copied."
            mend = "Copy it likewise, to where the copy finds it by the same path."
            elsewhere.append(Remark(each.place, message, mend))
    return inside, elsewhere


def _refuse_unless_new(target: Path) -> None:
    try:
        new = not target.exists() or not any(target.iterdir())
    except OSError as error:
        raise ProjectError((), message=f"{target} cannot be read: {error.strerror}.") from error
    if not new:
        message = f"{target} is not empty, and nothing is written over. Name a folder that is not there yet."
        raise ProjectError((), message=message)


def _read(copy: _Copy) -> None:
    """Reads what may have to change; what is no UTF-8 is copied as it is, unless it may hold secrets."""
    for name in tuple(copy.names):
        path = Path(name)
        secret = path.stem in SECRET_FILES and len(path.parts) == 1
        if path.suffix not in (*_YAML, ".md") and not is_nlu_json(copy.source / name):
            continue
        try:
            copy.texts[name] = (copy.source / name).read_bytes().decode("utf-8-sig")
        except OSError as error:
            _leave(copy, name, f"it cannot be read: {error.strerror}")
            continue
        except UnicodeDecodeError:
            if secret:
                _leave(copy, name, _UNSAFE)
            continue
        if secret:
            _hide(copy, name)


def _hide(copy: _Copy, name: str) -> None:
    hidden = hide_secrets(copy.texts[name], name)
    if hidden is None:
        _leave(copy, name, _UNSAFE)
    elif hidden.text != copy.texts[name]:
        copy.texts[name] = hidden.text
        copy.changed.add(name)
        copy.variables += hidden.variables
        copy.values.update(hidden.values)


def _leave(copy: _Copy, name: str, why: str) -> None:
    copy.names.remove(name)
    copy.texts.pop(name, None)
    copy.left.append(Left(name, why))


def _convert(copy: _Copy) -> None:
    """Each Markdown and JSON file of training data becomes a YAML file beside it."""
    for name in [name for name in copy.texts if name.endswith((".md", ".json"))]:
        if name.split("/")[0] not in _TRAINING:
            continue
        into_values = convert if name.endswith(".md") else convert_json
        converted = into_values(copy.texts[name], name, partial(lookup_lines, copy.source))
        if converted is None or not converted.sections:
            continue
        new = _yaml_name(name, set(copy.names))
        head = f"# From {Path(name).name}, converted by `frontdesk import`.\n"
        copy.texts[new] = head + to_yaml({"version": "3.1", **converted.sections})
        copy.names[copy.names.index(name)] = new
        del copy.texts[name]
        copy.changed.add(new)
        copy.converted.append((name, new))
        copy.by_hand += converted.remarks


def _yaml_name(name: str, taken: set[str]) -> str:
    """What the file is called from now on: tests are known by their name alone."""
    path = Path(name)
    stem = path.stem
    if not stem.startswith("test_") and (path.parts[0] == "tests" or stem.endswith("_tests")):
        stem = f"test_{stem.removesuffix('_tests')}"
    numbered = (f"{stem}{number or ''}.yml" for number in range(len(taken) + 1))
    return next(found for each in numbered if (found := path.with_name(each).as_posix()) not in taken)


def _migrate(copy: _Copy) -> None:
    """Writes down what loading does in memory, in place where that can be done."""
    tops = {name: _parsed(text, name) for name, text in copy.texts.items() if name.endswith(_YAML)}
    read = {name: top for name, top in tops.items() if top is not None}
    migrated = migrate(
        Files(*(_of_kind(read, kind) for kind in (("config",), ("domain",), ("data", "tests"))))
    )
    copy.by_hand += migrated.remarks
    anew: set[str] = set()
    for step in migrated.steps:
        text = None if step.file in anew else rewritten(copy.texts.get(step.file, ""), step.changes)
        if text is None:
            anew.add(step.file)
        else:
            copy.texts[step.file] = text
        if step.file not in copy.texts or (step.file == RULES and step.file not in copy.names):
            copy.names.append(step.file)
        copy.changed.add(step.file)
    copy.migrated += [Migration(step.file, step.row.says, step.file in anew) for step in migrated.steps]
    copy.texts.update(_written_anew(migrated, anew))


def _parsed(text: str, name: str) -> Node | None:
    """What can be read without a fault; of the rest, checking the copy tells."""
    report = Report()
    top = parse_yaml(text, name, report)
    return top if not report.findings else None


def _of_kind(tops: Mapping[str, Node], names: tuple[str, ...]) -> dict[str, Node]:
    return {name: top for name, top in tops.items() if name.split("/")[0].split(".")[0] in names}


def _written_anew(migrated: Migrated, names: set[str]) -> dict[str, str]:
    tops = dict(migrated.files.all)
    return {name: to_yaml(plain(tops[name])) for name in names}


def _write(copy: _Copy, target: Path) -> None:
    try:
        for name in copy.names:
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in copy.changed:
                path.write_bytes(copy.texts[name].encode())
            else:
                shutil.copyfile(copy.source / name, path)
            if (copy.source / name).is_file():
                shutil.copymode(copy.source / name, path)
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror}. Remove what is there of it and try again."
        raise ProjectError((), message=message) from error
