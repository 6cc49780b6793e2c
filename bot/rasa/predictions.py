"""Which action comes next, with the scores and names that Rasa's policies give it.

Knows Rasa's keys (rasa.core.processor, predict_next_with_tracker); what comes next is the engine's to say.
"""

from __future__ import annotations

from typing import Any

from bot.dialogue.domain import Domain
from bot.dialogue.names import BUILT_IN_ACTIONS
from bot.dialogue.next_action import Next, next_action
from bot.dialogue.ports import Foresee
from bot.rasa.trackers import Tracker, Verbosity

# The policy of Rasa's that stands for each of ours; FlowPolicy is its later versions'. Where none does, the
# row of our own table is named.
_POLICIES = {
    "flow": "FlowPolicy",
    "followup": None,
    "form": "RulePolicy",
    "learned": "TEDPolicy",
    "listen": "RulePolicy",
    "rule": "RulePolicy",
    "story": "AugmentedMemoizationPolicy",
    "two_stage": "RulePolicy",
}


def prediction(
    domain: Domain, tracker: Tracker, verbosity: Verbosity, ask: Foresee | None = None
) -> dict[str, Any]:
    """The next action among all of the domain: it has the score 1, every other 0. Where `ask` foresees it,
    each has its probability; what is missing to 1 is that of no action of theirs. The likeliest first.
    """
    coming = next_action(domain, tracker.state, ask=ask)
    known = {
        coming.action,
        *BUILT_IN_ACTIONS,
        *domain.responses,
        *domain.actions,
        *domain.forms,
        *domain.flows,
        *domain.action_texts,
    }
    scores = {**dict.fromkeys(known, 0.0), **coming.chances, coming.action: coming.confidence}
    names = sorted(known, key=lambda name: (name != coming.action, -scores[name], name))
    return {
        "scores": [{"action": name, "score": scores[name]} for name in names],
        "policy": policy(coming),
        "confidence": coming.confidence,
        "tracker": tracker.to_json(domain, verbosity),
    }


def policy(coming: Next) -> str | None:
    """The name under which Rasa's clients know who decided."""
    kind = (coming.policy or coming.row or "listen").partition(":")[0]
    return _POLICIES.get(kind, coming.row or kind)
