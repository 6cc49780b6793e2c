"""Rasa 1's Markdown becomes values of Rasa 3; what cannot be converted is named by its line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.project.markdown import Converted, convert
from bot.project.nlu_file import read_nlu
from bot.project.report import Report
from bot.project.stories_file import read_stories
from bot.project.yaml import parse_yaml
from bot.project.yaml_write import to_yaml
from tests.bot.project.old_samples import RASA_1

CITIES = {"data/cities.txt": ["Bern", "Basel"]}


def converted(text: str) -> Converted:
    found = convert(text, "x.md", CITIES.get)
    assert found is not None
    return found


def lines(found: Converted) -> list[int]:
    return [remark.place.line for remark in found.remarks]


def test_examples() -> None:
    found = converted(RASA_1["data/nlu.md"])
    nlu = {next(iter(item.values())): item["examples"] for item in found.sections["nlu"]}
    assert nlu == {
        "greet": "- hello\n- hi there\n",
        "rent": "- a bike in [Bern](city)\n- a bike in the [capital](city:Bern)\n",
        "chitchat/weather": "- is it raining\n",
        "Basel": "- bale\n",
        "plate": "- [A-Z]{2}[0-9]{4}\n",
        "city": "- Bern\n- Basel\n",
    }
    assert lines(found) == [10, 25]


def test_responses_of_retrieval_intents() -> None:
    found = converted(RASA_1["data/responses.md"])
    assert found.sections == {
        "responses": {
            "utter_chitchat/weather": [{"text": "It never rains here."}, {"text": "Look\nout of the window."}]
        }
    }
    assert not found.remarks


def test_stories() -> None:
    found = converted(RASA_1["data/stories.md"])
    bike, after = found.sections["stories"]
    assert bike["steps"] == [
        {"intent": "greet"},
        {"action": "utter_greet"},
        {"or": [{"intent": "rent", "entities": [{"city": "Bern"}]}, {"intent": "rent"}]},
        {"action": "rental_form"},
        {"active_loop": "rental_form"},
        {"slot_was_set": [{"city": "Bern"}, {"seen": None}]},
        {"active_loop": None},
        {"checkpoint": "rented"},
    ]
    assert after["steps"][0] == {"checkpoint": "rented", "slot_was_set": [{"city": "Bern"}]}
    assert lines(found) == [11]


def test_conversations_with_words() -> None:
    found = converted(
        "## one\n* greet{}: hello [Ann](name)\n - utter_greet\n>> two\n- ...\n* /bye\n- action_bye\n"
    )
    assert found.sections == {
        "stories": [
            {
                "story": "one",
                "steps": [{"user": "hello [Ann](name)", "intent": "greet"}, {"action": "utter_greet"}],
            }
        ],
        "rules": [{"rule": "two", "steps": ["...", {"intent": "bye"}, {"action": "action_bye"}]}],
    }


def test_what_is_no_training_data_is_left_alone() -> None:
    for text in ("", "# A bot\n\nIt rents bikes.\n", "## Files\n\n- nlu\n* stories\n"):
        assert convert(text, "x.md", CITIES.get) is None


def test_lines_that_mean_nothing_are_named() -> None:
    text = (
        '## a\n- ...\n* greet{broken\n* greet{[1]}\n- slot{"a"}\n? what\n- utter_a\n- \x07\n* two words\n> \n'
    )
    found = converted(text)
    assert found.sections["stories"][0]["steps"][:1] == [{"action": "utter_a"}]
    assert set(lines(found)) == {2, 3, 4, 5, 6, 8, 9, 10}
    assert lines(converted("- first\n## intent:a\n- b\n")) == [1]


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
marks = st.sampled_from(
    ["## a", "* greet", "- utter_a", "> c", ">> r", "## intent:x", "- [a](b)", "* f/a", "-", "*"]
)


@given(st.lists(st.one_of(words, marks, st.tuples(marks, words).map("".join)), max_size=12))
def test_whatever_it_says_becomes_yaml_that_can_be_read(many: list[str]) -> None:
    found = convert("\n".join(many), "x.md", CITIES.get)
    if found is None or not found.sections:
        return
    report = Report()
    top = parse_yaml(to_yaml(found.sections), "x.yml", report)
    assert top is not None and not report.findings and isinstance(top.value, dict)
    read_nlu([node for key, node in top.value.items() if key == "nlu"], ("en",), report)
    read_stories([node for key, node in top.value.items() if key == "stories"], report)
    assert not report.torn
