"""How often the next action is foreseen where no story tells it word for word.

Knows projects with stories, and variations of them that are held out; plays each with its own messages and
actions, and compares every action, listening included. Texts are not read: intents are given.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from bot.dialogue.conversation import Conversation
from bot.dialogue.domain import Domain, Thresholds
from bot.dialogue.events import ActionRun, UserSaid
from bot.dialogue.fold import fold
from bot.dialogue.names import LISTEN
from bot.dialogue.next_action import Next, onward
from bot.dialogue.ports import Features, Forecast, Foresee
from bot.dialogue.reading import Reading
from bot.dialogue.rules import predict
from bot.dialogue.steps import Story
from bot.dialogue.stories import acts_of
from bot.project.corpus import compile_corpus
from bot.project.load import read_project
from bot.project.model import Project
from bot.project.report import Report
from bot.project.stories_file import read_stories
from bot.project.yaml import parse_yaml
from nlu.next_action import NextActionModel
from training.corpus import read_corpus
from training.next_action import RECIPE, NextActionRecipe, fit_stories

HERE = Path(__file__).parent
OWN = HERE / "guest_house"
PROJECTS = {
    "development": (OWN, "guest_house_development.yml"),
    "guest_house": (OWN, "guest_house.yml"),
    **{
        name: (HERE.parent / "rasa_projects" / name, f"{name}.yml")
        for name in ("moodbot", "workshop", "library")
    },
}
SEEDS = (0, 1, 2)


def measure() -> dict[str, Any]:
    """The figures of each project's variations, means over the seeds; every choice was made on those named
    development.
    """
    return {"threshold": Thresholds().learned, **{name: _measured(*told) for name, told in PROJECTS.items()}}


def _measured(folder: Path, file: str) -> dict[str, Any]:
    project = read_project(folder, environ={})  # what serving would need is not there
    # What the project sets is its own choice; here the default is measured.
    domain = replace(project.domain, thresholds=Thresholds())
    told = variations(HERE / "variations" / file)
    fitted = [fitted_on(project, seed=seed) for seed in SEEDS]
    alone = play(domain, told, None)
    scores = [shares(play(domain, told, model)) for model, _ in fitted]
    return {
        "stories": len(domain.stories),
        "train_seconds": round(fmean(seconds for _, seconds in fitted), 1),
        "conversations": len(told),
        "steps": sum(alone.values()),
        "memory": shares(alone),
        "learned": {key: round(fmean(score[key] for score in scores), 4) for key in scores[0]},
    }


def fitted_on(
    project: Project, *, seed: int, recipe: NextActionRecipe = RECIPE
) -> tuple[NextActionModel, float]:
    """The model of a project's stories, and the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        compile_corpus(project, Path(folder))
        told = read_corpus(Path(folder)).stories
    started = time.monotonic()
    return fit_stories(told, recipe, seed=seed)[0], time.monotonic() - started


def variations(path: Path) -> Sequence[Story]:
    """The stories of a file that no bot has learnt."""
    report = Report()
    node = parse_yaml(path.read_text(encoding="utf-8"), path.name, report)
    assert node is not None and isinstance(node.value, dict)
    stories, _ = read_stories([node.value["stories"]], report)
    assert not report.findings, report.findings
    return stories


def play(
    domain: Domain,
    stories: Iterable[Story],
    model: NextActionModel | None,
    read: Callable[[UserSaid], UserSaid] = lambda said: said,
) -> Counter[str]:
    """How many actions of these stories are `right`, `wrong` and `silent` (nothing is said of them), rules
    and memorised stories being asked first. `read` gives a message its reading, if its intent is not all."""
    ask = asking(model)
    found: Counter[str] = Counter()
    for story in stories:
        state, reading = Conversation("c"), Reading()
        for act in acts_of(domain, story):
            if isinstance(act, UserSaid):
                act = read(act)
                reading = act.reading or Reading()
            if isinstance(act, ActionRun) and state.trail.acts:
                coming = coming_next(domain, state, reading, ask)
                right = coming is not None and coming.action == act.name
                found["silent" if coming is None else "right" if right else "wrong"] += 1
                act = replace(act, policy=coming.policy if coming and right else None)
            state = fold(state, [act])
    return found


def asking(model: NextActionModel | None) -> Foresee:
    """The port of the learned policy; without a model nothing is foreseen."""

    def ask(states: Sequence[Features]) -> Forecast | None:
        action, probability = model.read(states) if model else (None, 0.0)
        return Forecast(action, probability) if action else None

    return ask


def coming_next(domain: Domain, state: Conversation, reading: Reading, ask: Foresee) -> Next | None:
    """What comes next, None where nothing says so and the bot would only wait."""
    following = onward(domain, state, reading.intent, reading.entities, ask=ask)
    ruled = predict(domain, state, reading.intent, reading.entities)
    return None if following.action == LISTEN and not following.policy and not ruled else following


def shares(found: Counter[str]) -> dict[str, float]:
    return {key: round(found[key] / sum(found.values()), 4) for key in ("right", "wrong", "silent")}
