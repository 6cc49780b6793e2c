"""Checks of stories: where two of them, or one and a rule, go on differently from the same place.

Knows how the engine recalls stories and follows rules, and plays each story through both; runs no model.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain
from bot.dialogue.events import ActionRun, UserSaid
from bot.dialogue.fold import apply
from bot.dialogue.memory import moments
from bot.dialogue.names import LISTEN
from bot.dialogue.rules import predict
from bot.dialogue.steps import Story
from bot.dialogue.stories import acts_of
from bot.project.check_names import place_of
from bot.project.model import Project
from bot.project.report import Report


def check_stories(project: Project, report: Report) -> None:
    """Stories of which nothing is recalled where they disagree, and stories that a rule overrules."""
    domain = project.domain
    _check_among(domain, report)
    told: set[tuple[str, str]] = set()
    for story in domain.stories:
        for action, rule, wanted in _overruled(domain, story):
            if (story.source, rule) in told:
                continue
            told.add((story.source, rule))
            message = (
                f"The story `{story.name}` goes on with `{action}` where the rule `{rule}` has `{wanted}`"
            )
            mend = "The rule goes first: change one of them, or give the rule a condition."
            report.error(place_of(story.source), f"{message}.", mend)


def _check_among(domain: Domain, report: Report) -> None:
    """As Rasa tells story conflicts: the same states so far, and another action. Stories that differ only in
    what lies further back than the memory goes may mean to.
    """
    first: dict[tuple[Hashable, ...], tuple[str, Story, tuple[Hashable, ...]]] = {}
    told: set[tuple[str, str]] = set()
    longest = domain.memory.longest
    for story in domain.stories:
        states: list[Hashable] = []
        for state, action in moments(domain, story):
            states.append(state)
            if action is None or len(states) == 1:  # how a conversation opens is not for stories to say
                continue
            key = tuple(states[-longest:] if longest else states)
            known, other, before = first.setdefault(key, (action, story, tuple(states)))
            pair = (other.source, story.source)
            if known == action or pair in told:
                continue
            told.add(pair)
            message = (
                f"The stories `{other.name}` ({other.source}) and `{story.name}` contradict each other: "
                f"after the same steps one goes on with `{known}`, the other with `{action}`."
            )
            if before == tuple(states):
                mend = "Tell them apart by a slot, or use a checkpoint or `or` for what they share."
                report.error(place_of(story.source), message, mend)
            else:
                mend = "Raise `max_history` in config.yml, so that what tells them apart is looked at."
                report.warn(place_of(story.source), message, mend)


def _overruled(domain: Domain, story: Story) -> Iterator[tuple[str, str, str]]:
    """(action, rule, what the rule does instead) of the first step that a rule would not let happen. A form
    that runs goes before rules, so its stories are looked at up to there.
    """
    initial = {slot.name: slot.initial for slot in domain.slots.values() if slot.initial is not None}
    state = Conversation("check", slots=initial)
    latest = UserSaid(at=0.0, text="", message_id="", channel="")
    for act in acts_of(domain, story):
        if state.loop is not None:
            return
        if isinstance(act, UserSaid):
            latest = act
        if isinstance(act, ActionRun) and act.name != LISTEN and latest.reading:
            reading = latest.reading
            found = predict(domain, state, reading.intent, reading.entities)
            wanted = (found.action or LISTEN) if found else None
            if found and wanted and wanted != act.name:
                yield act.name, found.rule.name, wanted
                return  # what follows it would mislead
        state = apply(state, act)
