"""Whatever an outside program writes is refused, or it folds, can be shown, and something comes next."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue.next_action import next_action
from bot.dialogue.reading import Entity
from bot.dialogue.wire import from_json
from bot.rasa.incoming import MAY_WRITE, read_event
from bot.rasa.refusals import Refusal
from bot.rasa.stories import annotated, stories
from bot.rasa.trackers import Tracker, Verbosity
from tests.bot.channels.small_server import DOMAIN

NAMES = st.sampled_from(["greet", "loan_form", "purpose", "utter_menu", "action_listen", "language"])
ANYTHING: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers(-3, 3) | NAMES | st.lists(NAMES)
PARSED = st.fixed_dictionaries(
    {"intent": st.fixed_dictionaries({"name": ANYTHING, "confidence": st.floats(0, 1)})},
    optional={"entities": st.lists(st.fixed_dictionaries({"entity": ANYTHING, "value": ANYTHING}))},
)
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from(sorted(MAY_WRITE))},
    optional={
        "name": ANYTHING,
        "value": ANYTHING,
        "text": ANYTHING,
        "is_interrupted": ANYTHING,
        "messages": ANYTHING,
        "metadata": st.none() | st.dictionaries(NAMES, ANYTHING),
        "data": st.none() | st.fixed_dictionaries({"buttons": st.lists(st.dictionaries(NAMES, ANYTHING))}),
        "parse_data": PARSED,
        "timestamp": st.none() | st.floats(0, 2e9),
    },
)


@settings(deadline=None, max_examples=300)
@given(st.lists(EVENTS, max_size=12))
def test_what_is_taken_folds_and_can_be_shown(given_events: list[dict[str, Any]]) -> None:
    taken = []
    for given_event in given_events:
        with suppress(Refusal):
            taken.append(from_json(read_event(given_event, at=1.0)))
    tracker = Tracker("ann", tuple(taken))
    for verbosity in Verbosity:
        json.dumps(tracker.to_json(DOMAIN, verbosity))
    assert stories(DOMAIN, tracker, all_sessions=True).startswith("version:")
    assert isinstance(next_action(DOMAIN, tracker.state).action, str)


def test_entities_are_marked_as_training_data_marks_them() -> None:
    found = (
        Entity("city", "Paris", 13, 18, role="to"),
        Entity("city", "Rome", 5, 9),
        Entity("place", "Rome", 5, 9),
        Entity("day", "2026-01-01", 19, 27),
    )
    told = annotated("from Rome to Paris tomorrow", found)
    assert told == (
        'from [Rome](city) to [Paris]{"entity": "city", "role": "to"} '
        '[tomorrow]{"entity": "day", "value": "2026-01-01"}'
    )
