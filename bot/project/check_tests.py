"""Checks that what test conversations expect can happen: their actions, responses, forms and slots exist.

Knows a project's names; plays nothing. Intents are left alone: a message inside a form may be called
anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.dialogue.names import REQUESTED_SLOT
from bot.project.check_names import defined_actions
from bot.project.model import Project
from bot.project.report import Place, Report, suggest
from bot.project.tests_file import ConversationTest, ExpectedAction, ExpectedLoop, ExpectedSlot


def check_tests(tests: Sequence[ConversationTest], project: Project, report: Report) -> None:
    """An expectation that nothing can meet fails at every run; its line says why."""
    known = {
        "action": defined_actions(project),
        "form": project.domain.loops,
        "slot": frozenset(project.domain.slots) | {REQUESTED_SLOT},
    }
    lost = {
        "action": bool(report.lost & {"actions", "forms", "responses"}),
        "form": "forms" in report.lost,
        "slot": "slots" in report.lost,
    }
    for test in tests:
        for kind, name, line in _expected(test):
            if name in known[kind] or lost[kind]:
                continue
            mend = suggest(name, known[kind], "Correct the test, or add it to the domain.")
            message = f"The test `{test.name}` expects the {kind} `{name}`, which does not exist."
            report.warn(Place(test.file, line), message, mend)


def _expected(test: ConversationTest) -> Iterator[tuple[str, str, int]]:
    """Kind, name and line of everything that the test asks for by name."""
    for step in test.steps:
        match step:
            case ExpectedAction(name=name, line=line):
                yield "action", name, line
            case ExpectedLoop(name=str(name), line=line):
                yield "form", name, line
            case ExpectedSlot(name=name, line=line):
                yield "slot", name, line
