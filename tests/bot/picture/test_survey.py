"""What a diagram says of a bot: where intents lead, what forms ask, how stories share their beginnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.steps import SlotStep
from bot.picture.graph import Graph, Kind, beyond
from bot.picture.graph import Path as Way
from bot.picture.page import page_of
from bot.picture.paths import slot_words
from bot.picture.survey import graph_of
from bot.picture.svg import svg_of
from bot.project.check import checked
from tests.bot.picture.bots import example_bot, large_bot, small_bot


@pytest.fixture
def small(tmp_path: Path) -> Graph:
    return small_bot(tmp_path)


def outline(graph: Graph, paths: tuple[Way, ...]) -> list[object]:
    """Paths as names: each its steps, then the rules and stories that end there or the paths on."""
    found: list[object] = []
    for path in paths:
        steps = ["|".join(graph.nodes[node].name for node in nodes) for nodes in path.steps]
        told = [graph.nodes[key].name for key in path.told]
        found.append((*steps, *([told] if told else []), *outline(graph, path.further)))
    return found


def test_each_intent_stands_under_the_weightiest_thing_it_leads_to(small: Graph) -> None:
    groups = {group.title: [small.nodes[key].name for key in group.intents] for group in small.groups}
    assert groups == {
        "Begin a form or flow": ["order"],
        "Get a reply": ["bad", "good", "greet", "no", "yes"],
        "Count while a form runs": ["stop"],
        "Lead nowhere": ["lost"],
    }


def test_an_intent_is_followed_by_what_rules_and_stories_say(small: Graph) -> None:
    assert outline(small, small.paths["intent:stop"]) == [
        ("while order_form runs", "action_deactivate_loop", "utter_stopped", ["stop the order"])
    ]
    assert outline(small, small.paths["intent:bad"]) == [
        ("after utter_greet", "utter_cheer", "cheered", ["sad"]),
        ("after cheered", "utter_bye", ["not cheered up"]),
    ]
    assert outline(small, small.paths["intent:greet"]) == [("utter_greet", ["happy", "sad"])]
    assert small.paths["intent:lost"] == ()


def test_words_stand_for_what_they_are_not_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text("intents: [good]\nresponses: {utter_bye: [{text: Bye}]}\n")
    (tmp_path / "data" / "stories.yml").write_text(
        "stories:\n- story: lock\n  steps:\n  - or: [{user: 'a lock?'}, {user: 'a chain?'}]\n"
        "  - bot: 'Oh: heavy.'\n  - intent: good\n  - action: utter_bye\n"
    )
    graph = graph_of(checked(tmp_path))
    assert outline(graph, graph.stories) == [
        ("a lock?|a chain?", "Oh: heavy.", "good", "utter_bye", ["lock"])
    ]
    assert outline(graph, graph.paths["intent:good"]) == [("after Oh: heavy.", "utter_bye", ["lock"])]
    assert (graph.nodes["message:a lock?"].kind, graph.nodes["response:Oh: heavy."].mark) == (
        Kind.MESSAGE,
        "",
    )
    assert "a lock?" in svg_of(graph) and "a lock?" in page_of(graph)


def test_stories_share_their_beginnings_and_choices(small: Graph) -> None:
    assert outline(small, small.stories) == [
        (
            "greet",
            "utter_greet",
            ("good", "utter_happy", ["happy"]),
            ("bad", "utter_cheer", "cheered", ["sad"]),
        ),
        (
            "cheered",
            ("yes|good", "utter_happy", ["cheered up"]),
            ("bad", "utter_bye", ["not cheered up"]),
        ),
    ]


def test_a_form_tells_who_begins_it_what_it_asks_and_what_follows(small: Graph) -> None:
    order, idle = small.forms
    assert order.begun_by == ("intent:order",)
    (question,) = order.questions
    assert question.asked_by == ("response:utter_ask_size",)
    assert question.filled_by == (
        "the entity size as wanted",
        "the whole message unless the intent is stop, once it is asked",
    )
    assert outline(small, order.paths) == [
        ("order_form", "order_form has ended", "utter_done", "action_hand_over", ["finish the order"]),
        ("stop", "action_deactivate_loop", "utter_stopped", ["stop the order"]),
    ]
    assert idle.begun_by == () and small.nodes[idle.form].mark == "never begun"
    assert small.nodes["response:utter_forgotten"].mark == "never said"


def test_a_form_is_not_told_again_before_what_follows_it() -> None:
    last, other = Way((("b",),), told=("rule",)), Way((("c",), ("d",)))
    assert beyond(Way((("form",), ("b",))), "form") == (Way((("b",),)),)
    assert beyond(Way((("form",),), (last, other)), "form") == (last, other)
    for alone in (other, Way((("form",),), told=("rule",))):
        assert beyond(alone, "form") == (alone,)


def test_findings_stand_with_what_they_are_about(small: Graph) -> None:
    (contradiction,) = [finding for rule in small.of_kind(Kind.RULE) for finding in small.found(rule.key)]
    assert "contradict" in contradiction.message
    assert [finding.line for finding in small.found("form:idle_form")] == [12]
    few = small.found("intent:greet")
    assert len(few) == 1 and "`greet`" in few[0].message  # though all intents stand on one line


def test_the_example_has_everything_in_its_place_and_nothing_idle(tmp_path: Path) -> None:
    graph = example_bot(tmp_path)
    assert sum(len(group.intents) for group in graph.groups) == len(graph.paths)
    assert graph.groups[0].title == "Begin a form or flow"
    assert [node.key for node in graph.nodes.values() if node.mark] == []
    told = {key for paths in graph.paths.values() for path in paths for key in endings(path)}
    told |= {key for form in graph.forms for path in form.paths for key in endings(path)}
    assert told == {rule.key for rule in graph.of_kind(Kind.RULE)}


def endings(path: Way) -> set[str]:
    return {*path.told, *(key for one in path.further for key in endings(one))}


def test_intents_that_the_engine_knows_lead_to_what_it_does(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text(
        "intents: [restart, out_of_scope, faq, chat, colour, EXTERNAL_due, unheard]\n"
        "slots: {hue: {type: text, mappings: [{type: from_intent, intent: colour, value: red}]}}\n"
        "responses: {utter_chat/name: [{text: Ada}], utter_chat/age: [{text: Old}]}\n"
    )
    (tmp_path / "data" / "all.yml").write_text(
        "nlu:\n"
        "- {intent: chat/name, examples: '- your name?'}\n"
        "- {intent: chat/age, examples: '- how old?'}\n"
        "- {intent: colour, examples: '- red'}\n"
        "rules:\n- rule: chat\n  steps: [{intent: chat}, {action: utter_chat}]\n"
    )
    graph = graph_of(checked(tmp_path))
    follows = {graph.nodes[intent].name: outline(graph, paths) for intent, paths in graph.paths.items()}
    assert follows == {
        "restart": [("action_restart",)],
        "out_of_scope": [("utter_ask_rephrase",)],
        "faq": [("action_answer",)],
        "chat": [("utter_chat", ["chat"])],
        "colour": [("hue",)],
        "EXTERNAL_due": [],
        "unheard": [],
    }
    chosen = graph.nodes["response:utter_chat"]
    assert chosen.kind is Kind.RESPONSE and chosen.words == ("chooses among 2 responses",)
    assert graph.nodes["intent:chat"].words == ("“your name?”", "“how old?”")
    marks = {node.name: node.mark for node in graph.nodes.values() if node.mark}
    assert marks == {"unheard": "no examples"}
    assert graph.groups[-2].title == "Fill a slot"


def test_entities_and_actions_that_bring_values_are_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text(
        "intents: [go]\nentities: [{city: {roles: [from]}}, day]\n"
        "actions: [action_ok, action_find, action_idle, validate_f]\n"
        "slots: {x: {type: text, mappings: [{type: custom, action: action_find}]}}\n"
        "forms: {f: {required_slots: [x]}}\n"
    )
    (tmp_path / "data" / "all.yml").write_text(
        "stories:\n- story: s\n  steps:\n"
        "  - {intent: go, entities: [{city: Rome, role: from}, day]}\n  - action: action_ok\n"
    )
    graph = graph_of(checked(tmp_path))
    assert outline(graph, graph.paths["intent:go"]) == [("with city as from and day", "action_ok", ["s"])]
    assert graph.forms[0].questions[0].filled_by == ("the action action_find",)
    assert graph.forms[0].checked_by == "action:validate_f"
    assert [node.name for node in graph.nodes.values() if node.mark == "never run"] == ["action_idle"]


def test_rules_that_no_message_begins_stand_with_the_stories(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text("intents: [go]\nactions: [action_ok, action_next]\n")
    (tmp_path / "data" / "rules.yml").write_text(
        "rules:\n- rule: go on\n  steps: [{action: action_ok}, {action: action_next}]\n"
    )
    graph = graph_of(checked(tmp_path))
    assert outline(graph, graph.stories) == [("action_ok", "action_next", ["go on"])]


def test_a_two_stage_fallback_is_told_as_one_step(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text("intents: [nlu_fallback]\n")
    (tmp_path / "data" / "rules.yml").write_text(
        "rules:\n- rule: ask back\n  steps:\n  - intent: nlu_fallback\n"
        "  - action: action_two_stage_fallback\n  - active_loop: action_two_stage_fallback\n"
    )
    graph = graph_of(checked(tmp_path))
    assert outline(graph, graph.paths["intent:nlu_fallback"]) == [("action_two_stage_fallback", ["ask back"])]


def test_the_same_files_give_the_same_graph(tmp_path: Path) -> None:
    graph = large_bot(tmp_path / "a")
    assert graph == large_bot(tmp_path / "b")
    assert len(graph.paths) == 60


def test_a_story_of_a_thousand_steps_is_one_path(tmp_path: Path) -> None:
    steps = "".join("  - intent: a\n  - action: utter_a\n" for _ in range(500))
    (tmp_path / "data").mkdir()
    (tmp_path / "domain.yml").write_text("intents: [a]\nresponses: {utter_a: [{text: A}]}\n")
    (tmp_path / "data" / "stories.yml").write_text(f"stories:\n- story: long\n  steps:\n{steps}")
    graph = graph_of(checked(tmp_path))
    (path,) = graph.stories
    assert len(path.steps) == 1000
    assert svg_of(graph).count("utter_a") >= 500 and page_of(graph)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (SlotStep("size", "large"), "size is large"),
        (SlotStep("paid", True), "paid is true"),
        (SlotStep("size", any_value=True), "size is filled"),
        (SlotStep("size"), "size is empty"),
    ],
)
def test_conditions_on_slots_read_as_sentences(step: SlotStep, words: str) -> None:
    assert slot_words(step) == words
