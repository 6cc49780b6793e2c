"""Which action comes next in a conversation, asked without carrying anything out.

The turn asks after each of its steps; a grader of test conversations and Rasa's `/predict` ask of a
conversation that others wrote. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.dialogue.commands import (
    Answer,
    AskAgain,
    BeginFlow,
    CancelFlow,
    CannotHandle,
    Clarify,
    Command,
    ContinueFlow,
    HandOver,
    Run,
    StartFlow,
    Understood,
)
from bot.dialogue.conversation import Conversation, Holder
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRejected, ActionRun, UserSaid
from bot.dialogue.foreseeing import foresee
from bot.dialogue.memory import recall
from bot.dialogue.names import (
    ANSWER,
    CLARIFY,
    DEACTIVATE_LOOP,
    HAND_OVER,
    HUMAN_INTENTS,
    KNOWLEDGE_INTENT,
    LISTEN,
    OUT_OF_SCOPE_INTENTS,
    REPEAT,
    TWO_STAGE_FALLBACK,
)
from bot.dialogue.policy import TABLE, UNPROVIDED, decide
from bot.dialogue.ports import Forecast, Foresee
from bot.dialogue.reading import Entity, Reading
from bot.dialogue.resolving import resolve
from bot.dialogue.rules import predict
from bot.dialogue.slots import extract
from bot.dialogue.view import Decision, View
from bot.dialogue.viewing import view_again

_EXPECTATION = "expectation"
_PLACES = {name: place for place, (name, _) in enumerate(TABLE)}


@dataclass(frozen=True, slots=True)
class Next:
    """`action_listen`: the bot waits. `policy` is who wants the action, as `ActionRun` records it; `row` the
    row of the table that held, where the message was just heard; `intent` what the bot acts on. `resumes`:
    a form asks again after something else was answered; `understood`: the two-stage fallback ends, and the
    message stands for what was not understood. `chances` are the probabilities of all actions that the
    learned policy weighed, where it decided.
    """

    action: str
    policy: str = ""
    intent: str | None = None
    row: str | None = None
    confidence: float = 1.0
    resumes: bool = False
    understood: bool = False
    chances: Mapping[str, float] = field(default_factory=dict, compare=False)


def next_action(
    domain: Domain,
    conversation: Conversation,
    *,
    intent: str | None = None,
    taken: bool | None = None,
    acted: Sequence[str] | None = None,
    ask: Foresee | None = None,
) -> Next:
    """What the bot would do now.

    What the message fills has been told already. Whether the running form takes it, only its own run shows,
    with its validation: who knows better than the slot mappings says so by `taken`. `intent` is that of the
    `Next` before, where the turn has begun; `acted` names what was done about a message that was taken back.
    `ask` is the learned policy.
    """
    said = conversation.latest
    if said is None or conversation.followup or acted:
        return onward(domain, conversation, intent, acted=acted, taken_back=bool(acted), ask=ask)
    if is_listening(conversation):
        return Next(LISTEN)
    reading = said.reading or Reading()
    if conversation.opening is None:
        return _first(domain, conversation, False if conversation.loop_rejected else taken, ask)
    refused = _refused(domain, conversation)
    meant = intent or _meant(domain, conversation, reading, refused)
    return onward(domain, conversation, meant, reading.entities, refused=refused, ask=ask)


def onward(
    domain: Domain,
    conversation: Conversation,
    intent: str | None,
    entities: Iterable[Entity] = (),
    *,
    refused: Collection[str] = (),
    acted: Sequence[str] | None = None,
    taken_back: bool = False,
    ask: Foresee | None = None,
) -> Next:
    """What comes next once the table has decided: a followup, a rule, a story, a forecast, a form that waits.

    `acted` names what was done about the message, where the conversation does not show it because it was
    `taken_back`.
    """
    state = conversation
    if state.holder is not Holder.BOT or state.paused:
        return Next(LISTEN)
    if state.followup and state.followup not in refused:
        return Next(state.followup, "followup", intent)  # perhaps to listen, which ends the turn
    done = [mark.name for mark in state.marks if isinstance(mark, ActionRun)] if acted is None else acted
    if done and done[-1] == state.loop and state.loop in domain.forms and not state.loop_rejected:
        return Next(LISTEN, intent=intent)  # the form has asked
    if state.latest and not taken_back:  # a restart takes the message that was acted on with it
        found = _foretold(domain, state, intent, entities, refused, ask)
        if found:
            return found
    # A question with buttons waits for its own answer; the form's question would hide it.
    runs = state.loop if state.loop in domain.forms else state.waiting
    # So does a flow's, which was just said again.
    waits = [[runs], [CLARIFY], *([[REPEAT]] if runs in domain.flows else [])]
    if runs and list(done[-1:]) not in waits:
        return Next(runs, "form", intent, resumes=True)
    return Next(LISTEN, intent=intent)


def _foretold(
    domain: Domain,
    state: Conversation,
    intent: str | None,
    entities: Iterable[Entity],
    refused: Collection[str],
    ask: Foresee | None,
) -> Next | None:
    """What a rule wants, else a story, else the learned policy; None where they leave it to the form."""
    prediction = predict(domain, state, intent, entities, refused=refused)
    if prediction:
        if prediction.action and prediction.action != LISTEN:
            return Next(prediction.action, f"rule: {prediction.rule.name}", intent)
        # A rule of the form's own says when the form goes on; any other leaves that to the form.
        return Next(LISTEN, intent=intent) if state.loop and prediction.loop == state.loop else None
    recalled = recall(domain, state.trail, refused=refused)
    if recalled:
        return Next(recalled, "story", intent)
    foreseen = foresee(domain, state, intent, ask, refused=refused)
    return _foreseen(foreseen, intent) if foreseen else None


def _foreseen(forecast: Forecast, intent: str | None) -> Next:
    sure, chances = forecast.probability, forecast.chances
    return Next(forecast.action, "learned", intent, confidence=sure, chances=chances)


def _meant(
    domain: Domain, conversation: Conversation, reading: Reading, refused: frozenset[str]
) -> str | None:
    """The intent on which the turn began, where its reading alone does not say it: a wish for a person among
    several, or the rule for what was not understood.
    """
    intent, candidates = resolve(reading, domain.thresholds)
    if intent and intent not in OUT_OF_SCOPE_INTENTS | {KNOWLEDGE_INTENT}:
        return intent
    person = [each for each in candidates[:1] if each in HUMAN_INTENTS]
    for begun in filter(None, (*person, intent, *UNPROVIDED)):
        if predict(domain, conversation, begun, reading.entities, refused=refused):
            return begun
    return intent


def _first(domain: Domain, conversation: Conversation, taken: bool | None, ask: Foresee | None) -> Next:
    """What the table makes of a message that nothing was done about yet."""
    view = view_again(domain, conversation, {}, ask=ask)
    if taken is not False and view.form and view.text and not view.external:
        found = extract(
            domain, view.conversation, text=view.text, intent=view.intent, entities=view.reading.entities
        )
        view = replace(view, filled={name: found[name] for name in found if name in view.expects})
    decision = decide(view)
    if taken and view.form and _PLACES[decision.row] > _PLACES[_EXPECTATION]:
        goes_on = ContinueFlow(view.form.name)
        # A flow that was asked for again goes on too, and so does one that asks again, having heard nothing.
        asks_again = AskAgain(view.form.name) in decision.commands and not _has_told(view)
        if not asks_again and goes_on not in decision.commands:
            decision = Decision(_EXPECTATION, (goes_on,))
    for command in decision.commands:
        if begun := _begun(view, command, _refused(domain, conversation), ask):
            return replace(begun, row=decision.row)
    return Next(LISTEN, intent=view.intent, row=decision.row)


def _has_told(view: View) -> bool:
    """Whether the latest message changed something that the running form expects."""
    now, before = view.conversation.slots, view.conversation.past[-1].slots if view.conversation.past else {}
    return any(now.get(name) != before.get(name) for name in view.expects)


def _begun(view: View, command: Command, refused: frozenset[str], ask: Foresee | None) -> Next | None:
    """The action that a command begins with; None for one that only sets a slot or holds."""
    match command:
        case StartFlow(intent=intent):
            state, found = view.conversation, view.reading.entities
            return onward(view.domain, state, intent, found, refused=refused, ask=ask)
        case Understood():
            return Next(TWO_STAGE_FALLBACK, "two_stage", view.intent, understood=True)
        case ContinueFlow(flow) if flow not in view.domain.flows:
            return Next(flow, "two_stage" if flow == TWO_STAGE_FALLBACK else "form", view.intent)
        case CancelFlow(rule=str(rule)):
            return Next(DEACTIVATE_LOOP, f"rule: {rule}", view.intent)
        case BeginFlow(flow=flow) | ContinueFlow(flow) | AskAgain(flow) | CancelFlow(flow=flow):
            return Next(flow, "flow", view.intent)
        case Run(action):
            return Next(action, "policy", view.intent)
        case Answer():
            return Next(ANSWER, "answer", view.intent)
        case Clarify():
            return Next(CLARIFY, "clarify", view.intent)
        case CannotHandle():
            return Next(view.domain.fallback, "fallback", view.intent)
        case HandOver():
            return Next(HAND_OVER, "policy", view.intent)
        case _:
            return None


def is_listening(conversation: Conversation) -> bool:
    """Whether the bot has done with the latest message. One that nobody read is in no trail; the table has an
    answer to it.
    """
    said, acts = conversation.latest, conversation.trail.acts
    if said and said.reading is None and conversation.opening is None:
        return False
    last = acts[-1] if acts else None
    return isinstance(last, ActionRun) and last.name == LISTEN


def _refused(domain: Domain, conversation: Conversation) -> frozenset[str]:
    """The actions that chose not to run on the latest message. A form that let something else go first is
    none.
    """
    refused: set[str] = set()
    for act in conversation.trail.acts:
        match act:
            case UserSaid():
                refused.clear()
            case ActionRejected(name=name) if name not in domain.forms:
                refused.add(name)
            case _:
                pass
    return frozenset(refused)
