"""Counts what a diagram shows.

Knows the one line of figures that both drawings carry.
"""

from __future__ import annotations

from bot.errors import Level
from bot.picture.graph import Graph, Kind


def figures(graph: Graph) -> str:
    """The bot in one line."""
    counts = {
        "intent": sum(len(group.intents) for group in graph.groups),
        "rule": len(graph.of_kind(Kind.RULE)),
        "form": len(graph.forms),
        "flow": len(graph.flows),
        "story": len(graph.of_kind(Kind.STORY)),
        "stored answer": graph.answers,
        "error": sum(finding.level is Level.ERROR for finding in graph.findings),
        "warning": sum(finding.level is Level.WARNING for finding in graph.findings),
    }
    return ", ".join(_counted(number, what) for what, number in counts.items()) + "."


def _counted(number: int, what: str) -> str:
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{number} {what if number == 1 else many}"
