"""What Rasa 2 and 1 wrote otherwise is read as Rasa 3 has it, and written down so that it reads the same."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.domain import MappingCondition, MappingType, SlotMapping, SlotType
from bot.dialogue.steps import ActionStep, LoopStep
from bot.errors import Level
from bot.project.changes import Change, Drop, Put, Rename, apply
from bot.project.load import load_project, read_project
from bot.project.migration import Migrated, migrate
from bot.project.node import plain
from bot.project.old_format import Files
from bot.project.report import Report
from bot.project.rewriting import rewritten
from bot.project.tests_file import ExpectedLoop, read_tests
from bot.project.yaml import Node, parse_yaml
from bot.project.yaml_write import to_yaml
from tests.bot.project.conftest import WriteProject
from tests.bot.project.old_samples import DOMAIN_2, RASA_2


def parsed(text: str, name: str = "x.yml") -> Node:
    node = parse_yaml(text, name, Report())
    assert node is not None
    return node


def migrated(**texts: str) -> Migrated:
    """`config`, `domain` and `data` as files of these names."""
    read = {kind: {f"{kind}.yml": parsed(text, f"{kind}.yml")} for kind, text in texts.items()}
    return migrate(Files(**read))


def after(kind: str, **texts: str) -> object:
    """What the file of this kind says then."""
    files: Mapping[str, Node] = getattr(migrated(**texts).files, kind)
    return plain(files[f"{kind}.yml"])


def test_a_project_of_rasa_2_loads_as_it_is(write_project: WriteProject) -> None:
    project = load_project(write_project(RASA_2), environ={})
    assert all(finding.level is Level.WARNING for finding in project.findings)
    told = {(finding.file, finding.line) for finding in project.findings if "import" in finding.mend}
    assert {("domain.yml", 31), ("domain.yml", 17), ("config.yml", 8), ("data/stories.yml", 9)} <= told
    domain = project.domain
    assert domain.forms["rental_form"].required_slots == ("city", "people")
    assert domain.forms["rental_form"].ignored_intents == {"faq"}
    assert domain.forms["return_form"].required_slots == ("city",)
    anywhere = SlotMapping(MappingType.FROM_ENTITY, entity="city")
    in_forms = (MappingCondition("rental_form", None), MappingCondition("return_form", None))
    assert anywhere in domain.slots["city"].mappings
    assert [m.conditions for m in domain.slots["city"].mappings] == [
        in_forms,
        (MappingCondition("return_form", "city"),),
        (),
    ]
    assert [(m.type, m.conditions) for m in domain.slots["people"].mappings] == [
        (MappingType.FROM_ENTITY, (MappingCondition("rental_form", None),)),
        (MappingType.FROM_TEXT, (MappingCondition("rental_form", "people"),)),
    ]
    assert domain.slots["size"].type is SlotType.ANY and not domain.slots["size"].influences
    assert domain.slots["size"].mappings == (SlotMapping(MappingType.FROM_ENTITY, entity="size"),)
    assert [m.type for m in domain.slots["discount"].mappings] == [MappingType.CUSTOM]


def test_its_policies_and_stories_mean_what_they_meant(write_project: WriteProject) -> None:
    project = load_project(write_project(RASA_2), environ={})
    assert project.domain.thresholds.intent == 0.45
    rules = {rule.name: [step for step in rule.steps] for rule in project.domain.rules}
    assert [steps[-1] for steps in rules.values()] == [
        ActionStep("utter_opening"),
        ActionStep("utter_bye"),
        ActionStep("action_two_stage_fallback"),
    ]
    story = project.domain.stories[0].steps
    assert [step for step in story if isinstance(step, LoopStep)] == [LoopStep("rental_form"), LoopStep(None)]
    assert ActionStep("action_deactivate_loop") in story
    assert "utter_faq/helmet" in project.domain.responses
    assert project.domain.responses["utter_greet"][0].text == "Hello, shall it be a bike?"


def test_its_stories_can_be_played(write_project: WriteProject) -> None:
    folder = write_project(RASA_2)
    tests, found = read_tests(folder, [folder / "data" / "stories.yml"])
    assert not found and [test.name for test in tests][:1] == ["a bike (1 of 2)"]
    loops = [step.name for step in tests[0].steps if isinstance(step, ExpectedLoop)]
    assert loops == ["rental_form", None]


def test_what_rasa_3_wrote_is_left_alone(write_project: WriteProject) -> None:
    domain = """\
entities: [city]
slots:
  city: {type: text}
  name: {type: text, mappings: [{type: from_text}]}
"""
    for version in ("", 'version: "2.0"\n', 'version: "3.1"\n'):
        slots = read_project(write_project({"domain.yml": version + domain}), environ={}).domain.slots
        assert slots["city"].mappings == ()
    assert migrated(domain='version: "3.0"\nentities: [a]\nslots:\n  a: {type: text}\n').steps == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "version: '2.0'\nslots:\n  a: {type: bool}\n",
            {"a": {"type": "bool", "mappings": [{"type": "custom"}]}},
        ),
        (
            "entities: [a]\nslots:\n  a: {type: text, auto_fill: false}\n",
            {"a": {"type": "text", "mappings": [{"type": "custom"}]}},
        ),
        (
            "config: {store_entities_as_slots: false}\nentities: [a]\n"
            "version: '2.8'\nslots:\n  a: {type: text}\n",
            {"a": {"type": "text", "mappings": [{"type": "custom"}]}},
        ),
        (
            "forms:\n  f:\n    a: []\nslots:\n  a: {type: unfeaturized}\n",
            {"a": {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}},
        ),
    ],
)
def test_slots_say_how_they_are_filled(old: str, new: object) -> None:
    result = after("domain", domain=old)
    assert isinstance(result, dict) and result["slots"] == new


def test_what_stands_in_python_is_left_to_a_person(write_project: WriteProject) -> None:
    found = migrated(domain="forms:\n- rental_form\nslots:\n  a: {type: text}\n")
    assert plain(found.files.domain["domain.yml"])["forms"] == {"rental_form": {"required_slots": []}}
    assert [(remark.place.line, "Python" in remark.message) for remark in found.remarks] == [(2, True)]
    project = read_project(write_project({"domain.yml": "forms:\n- rental_form\n"}), environ={})
    assert [finding.line for finding in project.findings if "Python" in finding.message] == [2]
    found = migrated(domain="forms:\n  f:\n    required_slots:\n      a: [{type: from_text}]\n")
    assert [(remark.place.line, "does not define" in remark.message) for remark in found.remarks] == [
        (4, True)
    ]


def test_policies_and_components_of_before() -> None:
    config = """\
pipeline: [rasa.nlu.EmbeddingIntentClassifier, DIETClassifier]
policies:
- name: KerasPolicy    # learns
  epochs: 5
- name: EmbeddingPolicy
- name: FormPolicy
- name: MappingPolicy
"""
    domain = "intents:\n- a: {use_entities: []}\n- b: {triggers: action_restart}\n"
    found = migrated(config=config, domain=domain)
    assert plain(found.files.config["config.yml"]) == {
        "pipeline": ["DIETClassifier"],
        "policies": [{"name": "TEDPolicy", "epochs": 5}, {"name": "RulePolicy"}],
    }
    assert plain(found.files.domain["domain.yml"])["intents"] == [{"a": {"use_entities": []}}, "b"]
    # Without MappingPolicy, `triggers` did nothing, and does nothing.
    assert migrated(config="policies: [{name: RulePolicy}]", domain=domain).steps == ()


def test_rules_join_the_file_that_is_there(write_project: WriteProject) -> None:
    rules = "rules:\n- rule: x\n  steps:\n  - intent: greet\n  - action: utter_greet\n"
    project = load_project(write_project({**RASA_2, "data/migrated_rules.yml": rules}), environ={})
    assert [rule.name for rule in project.domain.rules][:2] == ["x", "opening leads to utter_opening"]


def test_a_fallback_keeps_what_is_set_already() -> None:
    config = """\
pipeline: [{name: FallbackClassifier, threshold: 0.7}]
policies:
- RulePolicy
- {name: FallbackPolicy, fallback_action_name: action_sorry, core_threshold: 0.2}
"""
    rule = "rules:\n- rule: mine\n  steps:\n  - intent: nlu_fallback\n  - action: utter_what\n"
    found = migrated(config=config, data=rule)
    assert plain(found.files.config["config.yml"]) == {
        "pipeline": [{"name": "FallbackClassifier", "threshold": 0.7, "ambiguity_threshold": 0.1}],
        "policies": [
            {
                "name": "RulePolicy",
                "core_fallback_threshold": 0.2,
                "core_fallback_action_name": "action_sorry",
            }
        ],
    }
    assert list(found.files.data) == ["data.yml"]  # no second rule for what the project tells of
    assert plain(migrated(config=config).files.data["data/migrated_rules.yml"])["rules"][0]["steps"] == [
        {"intent": "nlu_fallback"},
        {"action": "action_sorry"},
    ]


def test_changes_in_a_text_leave_the_rest_of_it_as_it_is() -> None:
    text = DOMAIN_2
    for step in migrated(domain=DOMAIN_2).steps:
        changed = rewritten(text, step.changes) if step.file == "domain.yml" else text
        assert changed is not None, step.row.says
        text = changed
    for kept in (
        "# What the shop understands\n",
        "  city:            # where it is taken over\n    type: text\n",
        "    # frames are in inches\n",
        "    type: any      # set by an action\n",
        "  rental_form:     # what must be known\n    ignored_intents: [faq]\n",
        "# first the place\n",
        "    required_slots:\n    - city\n    - people\n",
        "  - text: |\n      Hello!\n      We lend bikes.\n",
        "- text: Hello, shall it be a bike?\n",
    ):
        assert kept in text
    assert text.startswith('# What the shop understands\nversion: "3.1"\n') and "auto_fill" not in text
    assert migrated(domain=text).steps == ()


def test_an_alias_is_not_changed_in_place() -> None:
    text = "slots:\n  a: &a {type: unfeaturized}\n  b: *a\n  c: {<<: *a}\n"
    assert rewritten(text, [Put(("slots", "b", "type"), "any")]) is None
    assert rewritten(text, [Put(("slots", "c", "type", "x"), "any")]) is None
    assert rewritten("a: [", [Put(("a",), 1)]) is None


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        (
            "- a: |\n    b\n\n  c:   # none\n# end\n",
            Put((0, "d"), 1),
            "- a: |\n    b\n\n  c:   # none\n  d: 1\n# end\n",
        ),
        ("- a: 1\n  b: 2\n- c\n", Drop((0, "a")), "- b: 2\n- c\n"),
        ("a:\n- x   # one\n# two\n- y\n", Drop(("a", 0)), "a:\n# two\n- y\n"),
        ("a: |\n  x\n  y\n\nb: 1\n", Put(("a",), "z"), "a: z\n\nb: 1\n"),
        ("a: [x, y]   # both\n", Drop(("a", 1)), "a: [x]   # both\n"),
        ("a: {x: 1}\n", Put(("a", "y"), ["z"]), "a: {x: 1, y: [z]}\n"),
        ("a:\nb: 1\n", Put(("a",), "x"), "a: x\nb: 1\n"),
        ("# nothing yet\n", Put(("a",), [1]), "# nothing yet\na:\n- 1\n"),
    ],
)
def test_a_change_touches_what_it_changes_alone(text: str, change: Change, expected: str) -> None:
    assert rewritten(text, [change]) == expected


def test_windows_line_ends_stay() -> None:
    text = "slots:\r\n  a:\r\n    type: text\r\n  b: {type: any}\r\n"
    changed = rewritten(text, [Put(("slots", "a", "mappings"), [{"type": "from_text"}])])
    assert changed == text.replace("text\r\n", "text\r\n    mappings:\r\n    - type: from_text\r\n")


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
odd = st.sampled_from([None, "0o7", "yes", "# x", "a\nb\n", "\n c: d", "x\u2028y", ""])
scalars = st.one_of(st.integers(-99, 99), st.booleans(), names, odd)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(names, inner, min_size=1)
)


@st.composite
def trees_with_changes(draw: st.DrawFn) -> tuple[object, Change]:
    """A value, and one change somewhere in it."""
    tree = draw(st.dictionaries(names, values, min_size=1, max_size=4))
    path: tuple[str | int, ...] = ()
    inner: object = tree
    while isinstance(inner, (dict, list)):
        key = draw(st.sampled_from(list(inner) if isinstance(inner, dict) else list(range(len(inner)))))
        path, holder = (*path, key), inner
        inner = inner[key]
        if draw(st.booleans()):
            break
    kinds: list[Change] = [Put(path, draw(values)), Drop(path)]
    kinds.append(Put((*path[:-1], draw(names) if isinstance(holder, dict) else len(holder)), draw(values)))
    if isinstance(holder, dict):
        kinds.append(Rename(path, draw(names.filter(lambda name: name not in holder))))
    return tree, draw(st.sampled_from(kinds))


@given(trees_with_changes(), st.booleans())
def test_a_change_of_the_text_is_the_change_of_the_values(example: tuple[object, Change], flow: bool) -> None:
    tree, change = example
    text = to_yaml(tree, flow=flow)
    assert plain(parsed(text)) == tree
    wanted = plain(apply(parsed(text), [change]))
    changed = rewritten(text, [change])
    assert changed is None or plain(parsed(changed)) == wanted
