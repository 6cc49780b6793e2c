"""What to do with a message: a table read from the top; the first row that holds gives the commands.

Knows the conversation and the reading; carries nothing out (bot.dialogue.turn does). Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.dialogue.commands import (
    Answer,
    AskAgain,
    BeginFlow,
    CannotHandle,
    Clarify,
    Command,
    ContinueFlow,
    HandOver,
    Hold,
    Run,
    StartFlow,
    Understood,
)
from bot.dialogue.conversation import Holder
from bot.dialogue.events import Reason
from bot.dialogue.expectation import cancelled, chosen, expected, provided_for, wanted_again
from bot.dialogue.names import (
    CAPABILITIES,
    DEFAULT_FALLBACK,
    DEFAULT_INTENTS,
    FALLBACK_INTENT,
    HELP_INTENTS,
    HUMAN_INTENTS,
    KNOWLEDGE_INTENT,
    LISTEN,
    OUT_OF_SCOPE_INTENTS,
    REPEAT,
    REPEAT_INTENTS,
    RESTART,
    TWO_STAGE_FALLBACK,
)
from bot.dialogue.phrases import HELP_WORDS, REPEAT_WORDS
from bot.dialogue.rules import Prediction, predict
from bot.dialogue.values import folded
from bot.dialogue.view import Decision, View

MISSES_BEFORE_PERSON = 2
UNPROVIDED = (FALLBACK_INTENT, "out_of_scope")  # whose rules are for what was not understood, in this order
NEAR = 0.15  # below the answer threshold by at most this, a stored question is worth offering as a button


def decide(view: View) -> Decision:
    """The first row of TABLE that holds. The last one always does."""
    found = next(Decision(name, commands) for name, row in TABLE if (commands := row(view)))
    if not view.doubted or view.external or found.row in _BESIDE_DOUBT:
        return found
    if found.row in _IN_DOUBT or (found.row == "form_rule" and view.intent in OUT_OF_SCOPE_INTENTS):
        return Decision("two_stage", (ContinueFlow(TWO_STAGE_FALLBACK),))
    return Decision(found.row, (Understood(), *found.commands))


Row = Callable[[View], tuple[Command, ...]]


def _red_flag(view: View) -> tuple[Command, ...]:
    """While an agent holds the conversation the event on record is the alarm. Who waits in the queue is
    told what to do, and waits from now on for this reason.
    """
    if not view.flags:
        return ()
    return (Hold(),) if view.conversation.holder is Holder.AGENT else (HandOver(Reason.RED_FLAG),)


def _held(view: View) -> tuple[Command, ...]:
    state = view.conversation
    paused = state.paused and DEFAULT_INTENTS.get(view.intent or "") != RESTART  # which ends the pause
    return (Hold(),) if state.holder is not Holder.BOT or paused else ()


def _wordless(view: View) -> tuple[Command, ...]:
    """A photo, a voice message, nothing at all: no model reads it, and it fills no slot."""
    return () if view.text else (Run("utter_only_text"),)


def _wants_person(view: View) -> tuple[Command, ...]:
    """A person is there for the asking, in the middle of a form too, and where that is the likelier of two
    wishes.
    """
    likeliest = view.candidates[0] if view.candidates else view.intent
    if likeliest not in HUMAN_INTENTS or likeliest is None:
        return ()
    ruled = predict(view.domain, view.conversation, likeliest, view.reading.entities)
    return (StartFlow(ruled.rule.name, likeliest),) if ruled and ruled.action else ()


def _frustrated(view: View) -> tuple[Command, ...]:
    """The reply to an angry message did not help: the next one, as angry, goes to a person."""
    return (HandOver(Reason.FRUSTRATED),) if view.still_angry else ()


def _default_action(view: View) -> tuple[Command, ...]:
    """Restart and back are done whatever rules say, as in Rasa."""
    action = DEFAULT_INTENTS.get(view.intent or "")
    return (Run(action),) if action else ()


def _asked_of_flows(view: View) -> tuple[Command, ...]:
    """Say it again; what can you do: asked of a bot with flows, unless a rule answers."""
    ruled = view.ruled if view.ruled and view.intent in view.ruled.rule.intents else None
    if not view.domain.flows or (ruled and ruled.action != REPEAT):
        return ()
    if view.flow and view.pressed and view.intent in REPEAT_INTENTS:
        return (ContinueFlow(view.flow.name),)  # its question is meant, not the choice that was offered
    if ruled:
        return ()
    said = folded(view.text)
    if view.intent in REPEAT_INTENTS or said in REPEAT_WORDS:
        return (Run(REPEAT),)
    return (Run(CAPABILITIES),) if view.intent in HELP_INTENTS or said in HELP_WORDS else ()


def _begun(view: View) -> tuple[Command, ...]:
    """A flow begins, beside what runs: that goes on after it. One that runs already asks again."""
    if view.flow and wanted_again(view):
        return (ContinueFlow(view.flow.name),)
    if view.begins is None or view.intent is None or view.intent in OUT_OF_SCOPE_INTENTS:
        return ()
    return (BeginFlow(view.begins.name, view.intent),)


def _worded(view: View) -> tuple[Command, ...]:
    """A story tells these very words here: no intent says it better (Rasa's end-to-end predictions overrule
    all others).
    """
    if view.worded is None:
        return ()
    return (Hold(),) if view.worded == LISTEN else (StartFlow("story", None),)


def _ruled(view: View) -> tuple[Command, ...]:
    ruled = view.ruled
    if view.intent is None or view.intent in OUT_OF_SCOPE_INTENTS or not ruled:
        return ()
    if ruled.action in (None, LISTEN):
        return (Hold(),)  # the rule says to listen, and no more
    if ruled.action == f"utter_{view.intent}" and not _can_utter(view, ruled.action):
        return ()  # which of the retrieval intent's answers is meant is not known
    if view.near_tied and view.form and ruled.action == view.form.name:
        return ()  # a question about what the running form is for, not a wish to begin it
    return (StartFlow(ruled.rule.name, view.intent),)


def _can_utter(view: View, action: str) -> bool:
    """Where stored answers are near, a retrieval intent without its part is a question for those."""
    return action in view.domain.responses or view.reading.selection is not None or not view.reading.matches


def _recalled(view: View) -> tuple[Command, ...]:
    """A story goes on from here, perhaps by listening on."""
    if view.recalled is None or view.meant is None:
        return ()
    return (Hold(),) if view.recalled == LISTEN else (StartFlow("story", view.meant),)


def _foreseen(view: View) -> tuple[Command, ...]:
    """Stories go on from here, though none tells it so. A guess is no reason to leave a message
    unanswered.
    """
    foreseen = view.foreseen
    if not foreseen:
        return ()
    named = f"{foreseen.action} {foreseen.probability:.2f}"
    return () if foreseen.action == LISTEN else (StartFlow(named, view.meant),)


def _external(view: View) -> tuple[Command, ...]:
    """Nobody wrote it, and nothing is provided for it: it stays on record, and the customer hears nothing."""
    return (Hold(),) if view.external else ()


def _unread(view: View) -> tuple[Command, ...]:
    """The models did not answer; what a form expects was still taken above."""
    return (HandOver(Reason.MODEL_FAILED),) if view.unread else ()


def _answered(view: View) -> tuple[Command, ...]:
    return (Answer(view.near_tied),) if view.near_tied else ()


def _out_of_scope(view: View) -> tuple[Command, ...]:
    """What the project says itself about what is not its business is no question that did not help."""
    ruled = view.ruled
    if view.intent is None or view.intent not in OUT_OF_SCOPE_INTENTS - {FALLBACK_INTENT}:
        return ()
    if ruled is None:
        return _told(view)
    own = ruled.action not in (None, DEFAULT_FALLBACK, TWO_STAGE_FALLBACK)
    return (StartFlow(ruled.rule.name, view.intent),) if own else ()


def _told(view: View) -> tuple[Command, ...]:
    """A story of the project says what is done about what is not its business, or was not understood."""
    told = view.recalled not in (None, LISTEN, DEFAULT_FALLBACK, TWO_STAGE_FALLBACK)
    return (StartFlow("story", view.intent),) if told and view.intent else ()


def _given_up(view: View) -> tuple[Command, ...]:
    """After two questions that did not help; after one where the customer is angry about it."""
    if view.angry and view.conversation.misses:
        return (HandOver(Reason.FRUSTRATED),)
    if view.conversation.misses < MISSES_BEFORE_PERSON:
        return ()
    knowledge = view.intent in (None, KNOWLEDGE_INTENT) and not view.candidates
    return (HandOver(Reason.MISSING_KNOWLEDGE if knowledge else Reason.NOT_UNDERSTOOD),)


def _doubted(view: View) -> tuple[Command, ...]:
    """A project that has Rasa's two-stage fallback asks back in that way."""
    if view.intent not in (None, FALLBACK_INTENT, KNOWLEDGE_INTENT):
        return ()
    ruled = predict(view.domain, view.conversation, FALLBACK_INTENT, view.reading.entities)
    two_stage = ruled is not None and ruled.action == TWO_STAGE_FALLBACK
    return (StartFlow(ruled.rule.name, FALLBACK_INTENT),) if ruled and two_stage else ()


def _clarified(view: View) -> tuple[Command, ...]:
    """Two or three intents fit, or stored questions are near: ask, with buttons."""
    actable = tuple(i for i in view.candidates if i not in OUT_OF_SCOPE_INTENTS and i != KNOWLEDGE_INTENT)
    near = [m for m in view.reading.matches if m.score >= view.domain.thresholds.answer - NEAR]
    return (Clarify(actable),) if actable or near else ()


def _not_understood(view: View) -> tuple[Command, ...]:
    """Out of scope by the project's own rule or story if it has one, else a request to rephrase; a flow puts
    its question again. The rule for what was not understood is not for what was, though nothing says what to
    do about it.
    """
    intent, ruled = _ruled_for_unclear(view)
    action = ruled.action if ruled else view.domain.fallback
    if view.flow and action and _says_only(view, action):
        return (AskAgain(view.flow.name),)
    told = _told(view) if view.intent in OUT_OF_SCOPE_INTENTS and view.ruled is None else ()
    return told or ((StartFlow(ruled.rule.name, intent),) if ruled else (CannotHandle(),))


def _ruled_for_unclear(view: View) -> tuple[str, Prediction | None]:
    """What the rules say to a message that nothing can be done about, and the intent that they say it to."""
    if view.intent in OUT_OF_SCOPE_INTENTS and view.ruled and view.ruled.action:
        return view.intent or "", view.ruled
    if not view.intent or view.intent in OUT_OF_SCOPE_INTENTS | {KNOWLEDGE_INTENT}:
        for intent in UNPROVIDED:
            prediction = predict(view.domain, view.conversation, intent, view.reading.entities)
            if prediction and prediction.action:
                return intent, prediction
    return "", None


def _says_only(view: View, action: str) -> bool:
    """Whether an action would only ask for other words: a running flow does so with its question."""
    own = action in view.domain.actions
    return action.startswith("utter_") or (action == DEFAULT_FALLBACK and not own)


# After two questions that did not help a person takes over: hence hand_over stands above clarify.
TABLE: tuple[tuple[str, Row], ...] = (
    ("red_flag", _red_flag),
    ("held", _held),
    ("wordless", _wordless),
    ("person", _wants_person),
    ("frustrated", _frustrated),
    ("default_action", _default_action),
    ("cancelled", cancelled),
    ("repair", _asked_of_flows),
    ("form_rule", provided_for),
    ("expectation", expected),
    ("unread", _unread),
    ("words", _worded),
    ("rule", _ruled),
    ("flow", _begun),
    ("story", _recalled),
    ("learned", _foreseen),
    ("external", _external),
    ("answer", _answered),
    ("chosen", chosen),
    ("out_of_scope", _out_of_scope),
    ("hand_over", _given_up),
    ("two_stage", _doubted),
    ("clarify", _clarified),
    ("not_understood", _not_understood),
)
# While the two-stage fallback runs: rows that mean it goes on, and rows that have nothing to do with it.
_IN_DOUBT = frozenset({"out_of_scope", "hand_over", "two_stage", "clarify", "not_understood"})
_BESIDE_DOUBT = frozenset({"red_flag", "held", "wordless", "frustrated", "unread"})
