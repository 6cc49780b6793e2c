"""Whether the learned policy says what comes next, where neither rule nor story does.

Knows when it may be asked and from which probability it is believed; who scores is handed in. Unknown means
that others decide. Pure.
"""

from __future__ import annotations

from collections.abc import Collection

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, UserSaid
from bot.dialogue.features import seen
from bot.dialogue.names import LISTEN
from bot.dialogue.ports import Forecast, Foresee
from bot.dialogue.states import likenesses


def foresee(
    domain: Domain,
    state: Conversation,
    intent: str | None,
    ask: Foresee | None,
    *,
    refused: Collection[str] = (),
) -> Forecast | None:
    """The next action of the conversation in this state, if `ask` foresees one with enough probability.

    Not after a message with an intent that no story names, unless it is like words that one tells, nor after
    an action that none names. A form that runs listens and asks again by itself.
    """
    least = domain.thresholds.learned
    if ask is None or least is None or not _is_told(domain, state, intent):
        return None
    forecast = ask(seen(domain, state.trail))
    if forecast is None or forecast.probability < least or forecast.action in refused:
        return None
    known = forecast.action in domain.memory.actions or forecast.action == LISTEN
    held = state.loop is not None and forecast.action in (LISTEN, state.loop)
    return forecast if known and not held else None


def _is_told(domain: Domain, state: Conversation, intent: str | None) -> bool:
    """Whether stories can tell of what was done last: an action, or listening to the message."""
    for act in reversed(state.trail.acts if domain.memory.actions else ()):
        match act:
            case UserSaid():
                return intent in domain.memory.intents or bool(likenesses(domain, act))
            case ActionRun(name=name):
                return name in domain.memory.actions
            case _:
                pass
    return False
