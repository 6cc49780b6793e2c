"""Asking back: which of several things was meant, whether the likeliest was, or for other words.

Knows the reading and the titles of intents; whether to ask at all is decided elsewhere (policy, two_stage).
"""

from __future__ import annotations

from bot.dialogue.events import BotSaid, Origin
from bot.dialogue.message import Button
from bot.dialogue.names import CLARIFY, KNOWLEDGE_INTENT, OUT_OF_SCOPE_INTENTS
from bot.dialogue.offer import person_button
from bot.dialogue.policy import NEAR
from bot.dialogue.resolving import CHOICES
from bot.dialogue.scene import Scene

MOST_ON_BUTTON = 90  # characters; a stored question can be a paragraph
MOST_OFFERED = 10
DECLINED = "/out_of_scope"  # what Rasa's button for No sends


def clarify(scene: Scene, intents: tuple[str, ...]) -> None:
    """Ask which was meant; a press on a button comes back as its payload or as the stored question itself."""
    scene.run(CLARIFY, "clarify")
    limit = scene.domain.thresholds.answer - NEAR
    buttons = [Button(scene.domain.title(intent, scene.language), f"/{intent}") for intent in intents]
    asked = dict.fromkeys(m.question or m.variant for m in scene.reading.matches if m.score >= limit)
    buttons += [Button(_shortened(question), question) for question in asked]
    if person := person_button(scene):
        buttons = [*buttons[:CHOICES], person]
    _ask(scene, "utter_clarify", buttons[: CHOICES + 1])


def ask_affirmation(scene: Scene) -> None:
    """Ask whether the likeliest intent was meant, or which of those that cannot be told apart
    (rasa.core.actions.action.ActionDefaultAskAffirmation knows only the first).
    """
    likely = _likely(scene)
    titles = [scene.domain.title(intent, scene.language) for intent in likely]
    if not likely:
        ask_rephrase(scene)
    elif len(likely) == 1:
        yes, no = (
            Button(_words(scene, "utter_yes"), f"/{likely[0]}"),
            Button(_words(scene, "utter_no"), DECLINED),
        )
        _ask(scene, "utter_did_you_mean", [yes, no], intent=titles[0])
    else:
        choices = [Button(title, f"/{intent}") for title, intent in zip(titles, likely, strict=True)]
        _ask(scene, "utter_clarify", [*choices, Button(_words(scene, "utter_none_of_these"), DECLINED)])


def ask_rephrase(scene: Scene) -> None:
    """Ask for other words."""
    scene.say("utter_ask_rephrase")


def tell_capabilities(scene: Scene) -> None:
    """What the bot can do: its flows, each to be begun by a press."""
    flows, language = [flow for flow in scene.domain.flows.values() if flow.triggers], scene.language
    said = scene.response("utter_capabilities")
    lines = [f"- {': '.join(filter(None, (f.title(language), f.description(language))))}" for f in flows]
    text = "\n".join([*filter(None, [said.text if said else None]), *lines])
    buttons = tuple(
        Button(flow.title(language), f"/{flow.triggers[0].intent}") for flow in flows[:MOST_OFFERED]
    )
    scene.tell(BotSaid(at=scene.at, text=text, buttons=buttons, response="utter_capabilities"))


def _likely(scene: Scene) -> tuple[str, ...]:
    left_out = OUT_OF_SCOPE_INTENTS | {KNOWLEDGE_INTENT}
    tied = tuple(intent for intent in scene.reading.prediction_set if intent not in left_out)
    ranked = tuple(verdict.intent for verdict in scene.reading.verdicts if verdict.intent not in left_out)
    return tied if 1 < len(tied) <= CHOICES else ranked[:1]


def _ask(scene: Scene, name: str, buttons: list[Button], **fields: str) -> None:
    said = scene.response(name, **fields)
    scene.tell(
        BotSaid(
            at=scene.at,
            text=said.text if said else None,
            buttons=tuple(buttons),
            origin=Origin.CLARIFICATION,
            response=name,
            bundle=scene.reading.bundle,
        )
    )


def _words(scene: Scene, name: str) -> str:
    said = scene.response(name)
    return (said.text if said else None) or name


def _shortened(question: str) -> str:
    return question if len(question) <= MOST_ON_BUTTON else f"{question[: MOST_ON_BUTTON - 1].rstrip()}…"
