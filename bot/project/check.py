"""Static checks of a whole project: what its files say of each other, before anything is trained or served.

Knows the table of checks; each check looks at one kind of thing. Reading's own findings are included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.errors import Finding
from bot.project.check_flows import check_flows
from bot.project.check_names import check_actions, check_domain, check_intents, check_selections, check_slots
from bot.project.check_responses import check_buttons, check_placeholders
from bot.project.check_rules import check_contradictions, check_forms
from bot.project.check_stories import check_stories
from bot.project.check_tests import check_tests
from bot.project.check_texts import check_answers, check_examples, check_languages
from bot.project.load import read_project
from bot.project.model import Project
from bot.project.report import Report
from bot.project.tests_file import ConversationTest, read_tests

_CHECKS: tuple[Callable[[Project, Report], None], ...] = (
    check_domain,
    check_intents,
    check_actions,
    check_selections,
    check_slots,
    check_buttons,
    check_placeholders,
    check_forms,
    check_flows,
    check_contradictions,
    check_stories,
    check_examples,
    check_answers,
    check_languages,
)


def check_folder(folder: Path) -> tuple[Finding, ...]:
    """Everything wrong with the project in `folder`, by file and line; its test conversations are read too.

    Raises ProjectError only where `folder` is no project at all.
    """
    return checked(folder).findings


def checked(folder: Path, *, environ: Mapping[str, str] | None = None) -> Project:
    """The project in `folder` as far as it can be read, with everything wrong with it in `findings`.
    `environ` as for `bot.project.load.read_project`.

    Raises as `check_folder` does.
    """
    project = read_project(folder, environ=environ)
    tests, found = read_tests(folder)
    findings = check_project(replace(project, findings=(*project.findings, *found)), tests)
    return replace(project, findings=findings)


def check_project(project: Project, tests: Sequence[ConversationTest] = ()) -> tuple[Finding, ...]:
    """Everything wrong with a project that was read and with what `tests` expect of it, by file and line."""
    report = Report(lost=project.lost)
    for check in _CHECKS:
        check(project, report)
    check_tests(tests, project, report)
    return tuple(sorted({*project.findings, *report.findings}))
