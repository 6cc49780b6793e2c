"""Where imported answers go: a file of their own in `answers/`, and a config where the project is new.

Knows what a project has before an import and what it lacks after one; not where the answers come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from bot.errors import Level, ProjectError
from bot.project.answers_file import read_answer_files
from bot.project.answers_merge import slug
from bot.project.answers_write import write_answers
from bot.project.report import Report
from bot.project.settings_file import read_settings
from bot.project.starter import write_starter
from bot.project.yaml import Node, read_yaml
from retrieval.answers import Answer

T = TypeVar("T")


def target_of(project: Path, name: str) -> Path:
    """The file that answers of the source of this name are kept in."""
    return project / "answers" / f"imported_{slug(name) or 'answers'}.yml"


def project_languages(project: Path) -> tuple[str, ...]:
    """The languages of an existing config; none where the project has no config yet and the source decides.
    Raises ProjectError where the config cannot be read."""
    path = next(
        (path for suffix in (".yml", ".yaml") if (path := project / f"config{suffix}").is_file()), None
    )
    if path is None:
        return ()
    report = Report()
    languages = read_settings(read_yaml(path, path.name, report), None, None, report).languages
    return _unless_wrong(languages, report)


def earlier_answers(
    project: Path, target: Path, languages: Sequence[str]
) -> tuple[tuple[Answer, ...], frozenset[str]]:
    """The answers of an earlier import of this source, and the ids that the project's other files use. Raises
    ProjectError where they cannot be read."""
    report = Report()
    folder = project / "answers"
    mine: list[Node] = []
    others: list[Node] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml")):
        node = read_yaml(path, path.relative_to(project).as_posix(), report)
        if node is not None:
            (mine if path == target else others).append(node)
    spoken = languages or ("en",)
    quiet = Report()  # that a language is not the project's is for `frontdesk check` to tell
    answers = tuple(template.answer for template in read_answer_files(mine, spoken, quiet))
    reserved = frozenset(template.id for template in read_answer_files(others, spoken, quiet))
    return _unless_wrong((answers, reserved), report)


def _unless_wrong(value: T, report: Report) -> T:
    if any(finding.level is Level.ERROR for finding in report.findings):
        raise ProjectError(report.findings)
    return value


def write_imported(target: Path, answers: Iterable[Answer], name: str) -> None:
    """Writes the answers that were imported from `name`."""
    comment = f"Imported from {name} by `frontdesk import`; importing it again updates these answers."
    write_answers(target, answers, comment=comment)


def complete_project(project: Path, languages: Sequence[str], counted: Mapping[str, int]) -> tuple[str, ...]:
    """Writes a config where there is none, its languages in the order of how many answers came in each; says
    what the operator should know."""
    spoken = sorted(counted, key=lambda code: (-counted[code], code))
    if languages:
        missing = [code for code in spoken if code not in languages]
        note = f"Answers came in {', '.join(missing)}: add it to `languages:` in config.yml."
        return (note,) if missing else ()
    lines = ["# Written by `frontdesk import`.", "recipe: default.v1", f"language: {spoken[0]}"]
    if len(spoken) > 1:
        lines.append(f"languages: [{', '.join(spoken)}]")
    (project / "config.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if write_starter(project, spoken):
        return ("Small talk was added: greetings, thanks, a person on request (domain.yml, data/).",)
    return ()
