"""What is wrong with a text that is no YAML, by its line, and how to mend it.

Knows the parser's complaints by their words; parses nothing.
"""

from __future__ import annotations

import re

import yaml

from bot.project.report import Place, Report

_OPENED = ("unexpected end of stream", "while parsing a flow")
_MENDS = (
    ("while parsing a flow sequence", "Close the `[` that opens here, and separate its items with commas."),
    ("while parsing a flow mapping", "Close the `{` that opens here, and separate its entries with commas."),
    ("while parsing a flow node", "Close the `[` or `{` above this line, or put the text in quotes."),
    (
        "could not find expected ':'",
        "Look for a missing colon, or for a text that begins or ends in the wrong column.",
    ),
    (
        "mapping values are not allowed",
        "Put a text that contains a colon in quotes, and check the indentation.",
    ),
    ("while scanning a quoted scalar", "Close the quotation mark."),
    ("while scanning a simple key", "Put a text that contains a colon in quotes, and check the indentation."),
    ("did not find expected key", "Check the indentation of this line and the quotes of the line before."),
    ("did not find expected '-'", "Start each item of the list with `- ` in the same column."),
    ("found undefined alias", "Define the anchor (`&name`) above the place where it is used (`*name`)."),
    ("cannot start any token", "Put a text that starts with this character in quotes."),
)


def report_syntax(text: str, name: str, error: yaml.MarkedYAMLError, report: Report) -> None:
    """Where the parser stumbled, and what to look at there."""
    problem = "; ".join(part for part in (error.context, error.problem) if part)
    opened_here = any(fragment in problem for fragment in _OPENED)
    mark = (
        error.context_mark if opened_here and error.context_mark else error.problem_mark or error.context_mark
    )
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    indent = re.match(r"\s*", lines[line - 1]) if line <= len(lines) else None
    mend = "Indent with spaces; YAML forbids tabs there." if indent and "\t" in indent[0] else _mend(problem)
    report.unreadable(Place(name, line), f"This is not valid YAML: {problem}.", mend)


def _mend(problem: str) -> str:
    for fragment, mend in _MENDS:
        if fragment in problem:
            return mend
    return "Check indentation, quotes and colons on this line and the one before."


def report_character(text: str, name: str, error: yaml.YAMLError, report: Report) -> None:
    """A character that YAML does not allow, which an editor may not show."""
    position = getattr(error, "position", 0)
    line = text[: position if isinstance(position, int) else 0].count("\n") + 1
    message = "This is not valid YAML: a control character."
    report.unreadable(Place(name, line), message, "Remove the invisible character.")
