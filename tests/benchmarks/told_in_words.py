"""How often the next action is foreseen where stories tell words in place of intents (end-to-end stories).

Knows the guest house's stories with every message in words (variations/words.yml), and customers who use
other words; the project's own encoder says what those are like. Nothing reads an intent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain, Thresholds
from bot.dialogue.events import ActionRun, UserSaid
from bot.dialogue.features import told
from bot.dialogue.fold import fold
from bot.dialogue.memory import remember
from bot.dialogue.names import LISTEN
from bot.dialogue.reading import Likeness, Reading
from bot.dialogue.steps import IntentStep, Story, TextStep
from bot.project.load import read_project
from nlu.next_action import NextActionModel
from retrieval.encoder import Encoder
from tests.benchmarks.next_action import HERE, OWN, PROJECTS, asking, coming_next, play, shares, variations
from training.base import DEFAULT, find_base
from training.corpus import Told
from training.export import export_encoder, load_sentence_model
from training.next_action import RECIPE, fit_stories
from training.story_words import spoken

FILE = HERE / "variations" / "words.yml"
AS_TOLD, ON_TRIAL, UNSEEN = range(3)  # the columns of the file
SEEDS = (0, 1, 2)


class Speaker:
    """What the served encoder makes of a text, each once."""

    def __init__(self, folder: Path) -> None:
        base = find_base(DEFAULT)
        export_encoder(load_sentence_model(base), base, folder, name=DEFAULT, chinese=False)
        encoder = Encoder.load(folder)
        self.vector = cache(lambda text: encoder.encode([text])[0])

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = [self.vector(text) for text in texts]
        return np.stack(found) if found else np.zeros((0, 0), dtype=np.float32)


def measure() -> dict[str, Any]:
    """Right, wrong and silent of the stories as they are told, and of variations of them that none tells, in
    the same words and in others; and how many of the messages that belong to no story are acted on.
    """
    said: dict[str, list[str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    held_out, trial = (
        variations(HERE / "variations" / PROJECTS[name][1]) for name in ("guest_house", "development")
    )
    domain = replace(read_project(OWN, environ={}).domain, thresholds=Thresholds())
    known = domain.stories
    domain = replace(domain, stories=tuple(_in_words(known, said, AS_TOLD)))
    domain = replace(domain, memory=remember(domain, longest=None))
    conversations = {
        "told": _in_words(known, said, UNSEEN),
        "told, development": _in_words(known, said, ON_TRIAL),
        "varied, same words": _in_words(held_out, said, AS_TOLD),
        "varied": _in_words(held_out, said, UNSEEN),
        "varied, development": _in_words(trial, said, ON_TRIAL),
    }
    with tempfile.TemporaryDirectory() as scratch:
        speaker = Speaker(Path(scratch))
        models = [_fitted(domain, speaker, seed) for seed in SEEDS]
        return {
            "conversations": {
                name: _played(domain, list(stories), models, speaker)
                for name, stories in conversations.items()
            },
            "strays": len(said["stray"]),
            "strays_acted_on": round(
                fmean(_acted_on(domain, said["stray"], model, speaker) for model in models), 2
            ),
        }


def _in_words(stories: Sequence[Story], said: dict[str, list[str]], column: int) -> Iterator[Story]:
    """The stories with the words of a column in place of each intent with its entities."""
    for story in stories:
        steps = (
            TextStep(said[" ".join((*step.intents, *sorted(step.entities)))][column], step.given)
            if isinstance(step, IntentStep)
            else step
            for step in story.steps
        )
        yield replace(story, steps=tuple(steps))


def _fitted(domain: Domain, speaker: Speaker, seed: int) -> NextActionModel:
    stories = [Told(story.name, tuple(told(domain, story))) for story in domain.stories]
    said = spoken((story.steps for story in stories), (), speaker.vectors)
    return fit_stories(stories, RECIPE, seed=seed, said=said)[0]


def _played(
    domain: Domain, stories: Sequence[Story], models: Sequence[NextActionModel], speaker: Speaker
) -> dict[str, Any]:
    alone = play(domain, stories, None)
    heard = [partial(_heard, model=model, speaker=speaker) for model in models]
    scores = [shares(play(domain, stories, model, read)) for model, read in zip(models, heard, strict=True)]
    return {
        "conversations": len(stories),
        "steps": sum(alone.values()),
        "memory": shares(alone),
        "learned": {key: round(fmean(score[key] for score in scores), 4) for key in scores[0]},
    }


def _heard(said: UserSaid, model: NextActionModel, speaker: Speaker) -> UserSaid:
    like = model.words.like(speaker.vector(said.text))
    reading = replace(said.reading or Reading(), likenesses=tuple(Likeness(*found) for found in like))
    return replace(said, reading=reading)


def _acted_on(domain: Domain, texts: Sequence[str], model: NextActionModel, speaker: Speaker) -> int:
    """How many of these messages, each the first one, the bot does something about."""
    acted = 0
    for text in texts:
        said = UserSaid(at=0.0, text=text, message_id="", channel="", reading=Reading())
        said = _heard(said, model, speaker)
        state = fold(Conversation("c"), [ActionRun(at=0.0, name=LISTEN), said])
        coming = coming_next(domain, state, said.reading or Reading(), asking(model))
        acted += coming is not None and coming.action != LISTEN
    return acted
