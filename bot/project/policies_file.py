"""Reads what `config.yml` says of Rasa's policies, as far as it holds here.

Knows options and defaults; the policies themselves are the core's (bot/dialogue).
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.dialogue.domain import Thresholds
from bot.project.node import Entries, is_list, number, share
from bot.project.report import Report

_LEARNED = "TEDPolicy"


def max_history(components: Mapping[str, Entries], report: Report) -> int | None:
    """How many states the project's memory of stories compares; None, as in Rasa, for all."""
    options = components.get("AugmentedMemoizationPolicy") or components.get("MemoizationPolicy") or {}
    value = number(options.get("max_history"), "max_history", report)
    if value is None or (value >= 1 and value == int(value)):
        return int(value) if value else None
    report.error(options["max_history"].place, "max_history must be a whole number above 0.", "Correct it.")
    return None


def learned_from(top: Entries, components: Mapping[str, Entries], report: Report) -> float | None:
    """From which probability the learned policy is followed: RulePolicy's `core_fallback_threshold`, which
    Rasa's TEDPolicy must reach too. None: never, where policies are named without that one.
    """
    own = share(components.get("RulePolicy", {}), "core_fallback_threshold", 1.0, report)
    policies = top.get("policies")
    named = policies is not None and is_list(policies) and bool(policies.value)
    if named and _LEARNED not in components:
        return None
    return Thresholds().learned if own is None else own
