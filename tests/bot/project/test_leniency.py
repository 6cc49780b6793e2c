"""What Rasa loads, loads here: at most with a warning, and with the meaning it has there."""

from __future__ import annotations

import pytest

from bot.dialogue.domain import MappingCondition, SlotType
from bot.dialogue.reading import Entity
from bot.dialogue.steps import ActionStep, IntentStep, SlotStep
from bot.project.check import check_folder
from bot.project.load import load_project, read_project
from tests.bot.project.conftest import WriteProject
from tests.bot.project.samples import DOMAIN, PROJECT, RULES


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "domain.yml",
            "  utter_done:",
            "  utter_mute:\n  - text: ''\n  utter_done:",
            "`utter_mute` says nothing",
        ),
        ("domain.yml", "  utter_done:", "  done:\n  - text: Done\n  utter_done:", "only sent by an action"),
        ("domain.yml", "    values: [small, large]\n", "", "it holds whatever it is given"),
        ("domain.yml", "- size\n- city:", "- size: [big, small]\n- city:", "only roles and groups"),
        ("domain.yml", "      - active_loop: order_form\n        req", "      - req", "while no form runs"),
        ("config.yml", "language: en", "language: english", "is no language code"),
        ("data/rules.yml", "rules:", "rules:\n- rule: nothing yet", "has no steps"),
        ("data/rules.yml", "  - action: utter_greet\n", "", "the bot only listens"),
        ("endpoints.yml", "action_", "nlg: {type: response}\naction_", "domain's own"),
        ("endpoints.yml", "action_", "tracker_store: {url: '${NOWHERE}'}\naction_", "NOWHERE is not set"),
    ],
)
def test_it_loads_with_a_warning(
    write_project: WriteProject, file: str, old: str, new: str, told: str
) -> None:
    assert old in PROJECT[file]
    folder = write_project({**PROJECT, file: PROJECT[file].replace(old, new, 1)})
    warnings = [str(finding) for finding in load_project(folder, environ={}).findings]
    assert len([line for line in warnings if told in line]) == 1


def test_where_files_disagree_the_first_holds(write_project: WriteProject) -> None:
    folder = write_project({**PROJECT, "domain/more.yml": "responses:\n  utter_done: [{text: Ready}]\n"})
    project = load_project(folder)
    assert project.domain.responses["utter_done"][0].image == "https://example.com/pizza.png"
    assert [str(finding) for finding in project.findings] == [
        "domain/more.yml:2: warning: The response `utter_done` is defined differently at domain.yml:"
        "49, which holds. Keep one of the two or rename this one."
    ]


def test_a_condition_without_a_form_holds_while_none_runs(write_project: WriteProject) -> None:
    domain = DOMAIN.replace("      - active_loop: order_form\n        req", "      - req")
    slots = load_project(write_project({**PROJECT, "domain.yml": domain})).domain.slots
    assert slots["toppings"].mappings[0].conditions == (MappingCondition(None),)


def test_a_rule_chooses_among_intents_with_entities_and_among_slots(write_project: WriteProject) -> None:
    rules = """
- rule: several ways
  steps:
  - or:
    - intent: greet
    - intent: order
      entities: [size]
    - intent: stop
  - or:
    - slot_was_set: [size: small]
    - slot_was_set: [toppings: null]
  - action: utter_done
"""
    project = load_project(write_project({**PROJECT, "data/rules.yml": RULES + rules}))
    ways = [rule for rule in project.domain.rules if rule.name == "several ways"]
    bare, sized = (
        IntentStep(frozenset({"greet", "stop"})),
        IntentStep(frozenset({"order"}), frozenset({"size"})),
    )
    small, plain = SlotStep("size", "small"), SlotStep("toppings", None)
    assert [rule.steps[:-1] for rule in ways] == [
        (bare, small),
        (bare, plain),
        (sized, small),
        (sized, plain),
    ]
    assert {rule.steps[-1] for rule in ways} == {ActionStep("utter_done")}
    assert {rule.source for rule in ways} == {"data/rules.yml:28"}


def test_a_story_may_give_a_payload_as_the_customers_words(write_project: WriteProject) -> None:
    said = '{user: \'/order{"size": "small"}\'}'
    stories = f"stories:\n- story: pressed\n  steps:\n  - {said}\n  - action: order_form\n"
    heard = load_project(write_project({**PROJECT, "data/stories.yml": stories})).domain.stories[0].steps[0]
    assert isinstance(heard, IntentStep)
    assert heard.intents == {"order"}
    assert [(entity.name, entity.value) for entity in heard.given] == [("size", "small")]


def test_a_payload_may_double_its_braces(write_project: WriteProject) -> None:
    domain = DOMAIN.replace('/order{"size": "large"}', '/order{{"size": "large"}}')
    assert domain != DOMAIN
    assert not [
        line
        for line in map(str, check_folder(write_project({**PROJECT, "domain.yml": domain})))
        if "payload" in line
    ]


def test_entities_that_influence_nothing_are_left_out_of_stories(write_project: WriteProject) -> None:
    domain = DOMAIN.replace("- size\n- city:", "- size: {influence_conversation: false}\n- city:")
    read = load_project(write_project({**PROJECT, "domain.yml": domain})).domain
    size = [Entity("size", "small")]
    assert read.labels("greet", size) == frozenset()
    assert read.labels("order", size) == {"size"}  # `use_entities` names it


def test_examples_are_learned_wherever_in_data_they_stand(write_project: WriteProject) -> None:
    files = {
        **PROJECT,
        "data/test_drive.yml": "nlu:\n- intent: stop\n  examples: |\n    - enough\n"
        "stories:\n- story: played\n  steps:\n  - {user: hello, intent: greet}\n  - action: utter_greet\n",
    }
    project = load_project(write_project(files))
    assert "enough" in [example.text for example in project.nlu.examples]
    assert project.domain.stories == ()


@pytest.mark.parametrize(
    ("written", "spoken"), [("de_core_news_sm", ("de",)), ("english", ("en",)), ("pt-BR", ("pt-BR",))]
)
def test_whatever_stands_as_language_is_taken(
    write_project: WriteProject, written: str, spoken: tuple[str, ...]
) -> None:
    project = load_project(write_project({**PROJECT, "config.yml": f"language: {written}\n"}))
    assert project.settings.languages == spoken


def test_an_action_server_needs_its_variables(write_project: WriteProject) -> None:
    endpoints = "action_endpoint: {url: 'http://${HOST}/webhook'}\n"
    found = read_project(write_project({**PROJECT, "endpoints.yml": endpoints}), environ={}).errors
    assert [finding.message for finding in found] == ["action_endpoint has no HTTP address."]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"so \\ud83d\\ude00"', "so 😀"),
        ("caf\\u00e9", "café"),
        ("C:\\users", "C:\\users"),
        ("\\ud83d alone", "\\ud83d alone"),
        ("déjà \\u00e9", "déjà \\u00e9"),
    ],
)
def test_a_file_of_ascii_alone_may_escape_its_letters(
    write_project: WriteProject, written: str, meant: str
) -> None:
    domain = f"responses:\n  utter_greet:\n  - text: {written}\n"
    responses = load_project(write_project({"domain.yml": domain})).domain.responses
    assert responses["utter_greet"][0].text == meant


def test_a_slot_that_forms_fill_themselves_may_be_listed(write_project: WriteProject) -> None:
    domain = DOMAIN.replace("slots:\n", "slots:\n  requested_slot: {type: any}\n")
    found = map(str, check_folder(write_project({**PROJECT, "domain.yml": domain})))
    assert not [line for line in found if "requested_slot" in line]


def test_a_slot_may_name_a_class_of_any_rasa(write_project: WriteProject) -> None:
    types = (
        "  old: {type: rasa.core.slots.TextSlot}\n  loose: {type: rasa.shared.core.slots.UnfeaturizedSlot}\n"
    )
    project = load_project(
        write_project({**PROJECT, "domain.yml": DOMAIN.replace("slots:\n", f"slots:\n{types}")})
    )
    slots = project.domain.slots
    assert (slots["old"].type, slots["loose"].type) == (SlotType.TEXT, SlotType.ANY)
    assert not [finding for finding in project.findings if "class of its own" in finding.message]
