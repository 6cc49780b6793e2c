"""Static checks: each slip is found once, where it is, and the whole example has none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import Level
from bot.project.check import check_folder
from tests.bot.project.conftest import WriteProject
from tests.bot.project.samples import DOMAIN, PROJECT

EXAMPLE = Path(__file__).parents[3] / "examples" / "insurer"
FEW = "Write at least 10, as customers would say it."


def told(folder: Path) -> list[str]:
    """Every finding but those of too few examples, which a small project always has."""
    return [str(finding) for finding in check_folder(folder) if finding.mend != FEW]


def test_a_sound_project_has_few_examples_and_nothing_else(write_project: WriteProject) -> None:
    folder = write_project(PROJECT)
    assert told(folder) == []
    assert [str(finding) for finding in check_folder(folder)] == [
        f"domain.yml:3: warning: The intent `greet` has only 2 examples. {FEW}",
        f"domain.yml:4: warning: The intent `order` has only 2 examples. {FEW}",
        f"domain.yml:6: warning: The intent `stop` has one example. {FEW}",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "data/rules.yml",
            "  - intent: greet\n  - action: utter_greet",
            "  - intent: great\n  - action: utter_greet",
            "data/rules.yml:3: error: The rule `greet back` uses the intent `great`, which is not "
            "in the domain. "
            "Did you mean `greet`?",
        ),
        (
            "data/rules.yml",
            "action: utter_greet",
            "action: utter_gret",
            "data/rules.yml:3: error: The rule `greet back` uses the response `utter_gret`, which "
            "is not in the "
            "domain. Did you mean `utter_greet`?",
        ),
        (
            "data/rules.yml",
            "action: utter_greet",
            "action: action_dance",
            "data/rules.yml:3: error: The rule `greet back` uses the action `action_dance`, which "
            "is not in the "
            "domain. Add it to `actions:` in the domain.",
        ),
        (
            "data/rules.yml",
            "    - toppings: 3",
            "    - topings: 3",
            "data/rules.yml:14: warning: The rule `finish the order` uses the slot `topings`, which "
            "is not in the "
            "domain. Did you mean `toppings`?",
        ),
        (
            "data/rules.yml",
            "  - active_loop: order_form\n- rule",
            "  - active_loop: order_from\n- rule",
            "data/rules.yml:7: error: The rule `start the order` uses the form `order_from`, "
            "which is not in the "
            "domain. Did you mean `order_form`?",
        ),
        (
            "domain.yml",
            "required_slots: [size, toppings]",
            "required_slots: [size, toppings, sauce]",
            "domain.yml:31: error: The form `order_form` requires the slot `sauce`, which is not "
            "in the domain. "
            "Add it to `slots:` in the domain.",
        ),
        (
            "domain.yml",
            "utter_ask_order_form_toppings",
            "utter_how_many",
            "domain.yml:31: warning: The form `order_form` cannot ask for `toppings`. Add the response "
            "`utter_ask_order_form_toppings` or `utter_ask_toppings`.",
        ),
        (
            "domain.yml",
            "      - active_loop: order_form",
            "      - active_loop: other_form",
            "domain.yml:31: warning: No answer fills `toppings` while the form `order_form` runs. "
            "Add a mapping "
            "without conditions, or with this form as `active_loop`.",
        ),
        (
            "domain.yml",
            "      entity: size",
            "      entity: sice",
            "domain.yml:12: warning: The slot `size` is mapped from the entity `sice`, which is not "
            "in the domain. "
            "Did you mean `size`?",
        ),
        (
            "domain.yml",
            '\'/order{"size": "large"}\'',
            '\'/ordr{"size": "large"}\'',
            "domain.yml:36: warning: The button `Order` of `utter_greet` sends the intent `ordr`, "
            "which is not in the "
            "domain. Did you mean `order`?",
        ),
        (
            "domain.yml",
            '\'/order{"size": "large"}\'',
            "'/order{size: large}'",
            "domain.yml:36: warning: The button `Order` of `utter_greet` sends a payload that can be read "
            "only in part. "
            'Write `/intent` or `/intent{"entity": "value"}`.',
        ),
        (
            "domain.yml",
            "{toppings} toppings",
            "{topings} toppings",
            "domain.yml:50: warning: The response `utter_done` shows `{topings}`, which is no slot. "
            "Did you mean `toppings`?",
        ),
        (
            "domain.yml",
            "    channel: telegram",
            "    condition: [{type: slot, name: sice, value: x}]",
            "domain.yml:39: warning: A variation of `utter_greet` depends on the slot `sice`, which "
            "is not in the "
            "domain. Did you mean `size`?",
        ),
        (
            "domain.yml",
            "- action_price",
            "- validate_oder_form",
            "domain.yml:53: warning: `validate_oder_form` validates no form or flow, so it is "
            "never run. "
            "Did you mean `order_form`?",
        ),
        (
            "domain.yml",
            "    ignored_intents: [stop]",
            "    ignored_intents: [stopp]",
            "domain.yml:31: warning: The form `order_form` ignores the intent `stopp`, which is "
            "not in the domain. "
            "Did you mean `stop`?",
        ),
        (
            "domain.yml",
            '\'/order{"size": "large"}\'',
            "/order now",
            "domain.yml:36: warning: The button `Order` of `utter_greet` sends a payload that cannot be "
            "read. "
            'Write `/intent` or `/intent{"entity": "value"}`.',
        ),
        (
            "data/nlu.yml",
            '"role": "from"',
            '"rôle": "from"',
            "data/nlu.yml:11: warning: `rôle` in the details of an entity has no effect. "
            "Did you mean `role`?",
        ),
        (
            "data/nlu.yml",
            "- intent: stop",
            "- intent: halt",
            "data/nlu.yml:14: error: These are examples of the intent `halt`, which is not in the domain. "
            "Add it to `intents:` in the domain.",
        ),
        (
            "data/nlu.yml",
            "stop it",
            "Hi there!",
            "data/nlu.yml:14: warning: This example of `stop` is also one of `greet`, at data/nlu.yml:7. "
            "Keep it where it belongs.",
        ),
        (
            "data/nlu.yml",
            "    - hi there",
            "    - Hello!",
            "data/nlu.yml:7: warning: This example repeats data/nlu.yml:6. Remove one.",
        ),
        (
            "data/nlu.yml",
            "(size:large)",
            "(mass:large)",
            "data/nlu.yml:10: warning: This example marks the entity `mass`, which is not in the domain. "
            "Add it to `entities:` in the domain.",
        ),
        (
            "endpoints.yml",
            PROJECT["endpoints.yml"],
            "",
            "domain.yml:54: warning: Nothing runs the custom actions (action_bill, action_price). "
            "Add `action_endpoint: {url: …}` to endpoints.yml.",
        ),
        (
            "data/rules.yml",
            "  - action: order_form\n  - active_loop: order_form\n",
            "  - action: utter_done\n",
            "domain.yml:31: warning: Nothing starts the form `order_form`. Add a rule with `- "
            "action: order_form` "
            "and `- active_loop: order_form`.",
        ),
    ],
)
def test_a_slip_is_found(write_project: WriteProject, file: str, old: str, new: str, expected: str) -> None:
    assert old in PROJECT[file]
    assert expected in told(write_project({**PROJECT, file: PROJECT[file].replace(old, new, 1)}))


RULE = "- rule: {name}\n  steps:\n  - intent: {intent}\n  - action: {first}\n"


@pytest.mark.parametrize(
    ("extra", "contradicts"),
    [
        (RULE.format(name="other", intent="greet", first="utter_done"), True),
        (RULE.format(name="longer", intent="greet", first="utter_greet") + "  - action: utter_done\n", True),
        (RULE.format(name="same", intent="greet", first="utter_greet"), False),
        (RULE.format(name="elsewhere", intent="stop", first="action_restart"), True),
        (
            RULE.format(name="in the form", intent="greet", first="utter_done").replace(
                "  steps:", "  condition:\n  - active_loop: order_form\n  steps:"
            ),
            False,
        ),
        (
            RULE.format(name="with an entity", intent="greet", first="utter_done").replace(
                "intent: greet\n", "intent: greet\n    entities: [size]\n"
            ),
            False,
        ),
        (
            RULE.format(name="open", intent="greet", first="utter_greet")
            + "  - slot_was_set:\n    - size: large\n  - action: utter_done\n",
            False,
        ),
    ],
)
def test_rules_that_contradict_each_other(write_project: WriteProject, extra: str, contradicts: bool) -> None:
    files = {**PROJECT, "data/rules.yml": PROJECT["data/rules.yml"] + extra}
    found = [line for line in told(write_project(files)) if "contradict each other" in line]
    assert bool(found) is contradicts
    assert all(line.startswith("data/rules.yml:27: error:") for line in found)


@pytest.mark.parametrize("influences", [True, False])
def test_a_slot_without_influence_tells_no_rules_apart(write_project: WriteProject, influences: bool) -> None:
    condition = "  condition:\n  - slot_was_set:\n    - member: {}\n  steps:"
    member, guest = (
        RULE.format(name=name, intent="stop", first=first).replace("  steps:", condition.format(value))
        for name, first, value in (("member", "utter_greet", "true"), ("guest", "utter_done", "false"))
    )
    slot = f"slots:\n  member:\n    type: bool\n    influence_conversation: {str(influences).lower()}\n"
    domain = PROJECT["domain.yml"].replace("slots:\n", slot)
    found = told(
        write_project({**PROJECT, "domain.yml": domain, "data/rules.yml": f"rules:\n{member}{guest}"})
    )
    assert any("contradict each other" in line for line in found) is not influences


def test_examples_that_repeat_one_another_are_told_in_one_line(write_project: WriteProject) -> None:
    nlu = PROJECT["data/nlu.yml"].replace("    - hi there", "    - Hello!\n    - HELLO\n    - hello ...")
    assert nlu != PROJECT["data/nlu.yml"]
    found = [line for line in told(write_project({**PROJECT, "data/nlu.yml": nlu})) if "repeat" in line]
    assert found == [
        "data/nlu.yml:7: warning: 3 examples of `greet` repeat others but for case and signs: "
        "lines 7, 8, 9. Remove them: they teach nothing more."
    ]


def test_rules_after_different_actions_do_not_contradict(write_project: WriteProject) -> None:
    rules = """
- rule: after the order
  steps:
  - action: utter_done
  - intent: stop
  - action: utter_greet
- rule: after the price
  steps:
  - action: action_price
  - intent: stop
  - action: utter_done
- rule: after the price again
  steps:
  - action: action_price
  - action: utter_greet
- rule: after the price otherwise
  steps:
  - action: action_price
  - action: utter_done
"""
    files = {**PROJECT, "data/rules.yml": PROJECT["data/rules.yml"] + rules}
    found = [line for line in told(write_project(files)) if "contradict each other" in line]
    assert [line.split(" and ")[0] for line in found] == [
        "data/rules.yml:42: error: The rules `after the price again` (data/rules.yml:38)"
    ]


def test_what_starts_a_form_need_not_be_asked_for(write_project: WriteProject) -> None:
    """Rasa fills a slot `from_trigger_intent` before the form's first question."""
    domain = DOMAIN.replace("utter_ask_order_form_toppings", "utter_how_many").replace(
        "    - type: from_text\n",
        "    - {type: from_trigger_intent, intent: order, value: 1}\n    - type: from_text\n",
    )
    assert "cannot ask" not in " ".join(
        map(str, check_folder(write_project({**PROJECT, "domain.yml": domain})))
    )


def test_what_stories_name_is_checked_once_whatever_their_ways(write_project: WriteProject) -> None:
    stories = """\
stories:
- story: wrong
  steps:
  - or:
    - intent: greet
    - intent: great
    - {intent: order, entities: [siez]}
  - slot_was_set: [{siez: large}, {size: [a, b]}]
  - action: utter_gret
  - active_loop: pizza_from
"""
    findings = told(write_project({**PROJECT, "data/stories.yml": stories}))
    assert [line.split("which is not")[0].rstrip(", ") for line in findings if " uses " in line] == [
        "data/stories.yml:2: error: The story `wrong` uses the form `pizza_from`",
        "data/stories.yml:2: error: The story `wrong` uses the intent `great`",
        "data/stories.yml:2: error: The story `wrong` uses the response `utter_gret`",
        "data/stories.yml:2: warning: The story `wrong` uses the entity `siez`",
        "data/stories.yml:2: warning: The story `wrong` uses the slot `siez`",
    ]


SMALL = {
    "config.yml": "language: en\n",
    "domain.yml": "version: '3.1'\nintents: [a, b, c]\nforms: {f: {required_slots: []}}\n"
    "responses: {utter_a: [{text: A}], utter_b: [{text: B}], utter_c: [{text: C}]}\n",
    "data/rules.yml": "rules:\n- rule: on c\n  steps: [intent: c, action: utter_c]\n",
}


@pytest.mark.parametrize(
    ("stories", "said"),
    [
        (("[intent: a, action: utter_a, intent: c, action: utter_c]", "[intent: a, action: utter_a]"), []),
        (
            ("[intent: a, action: utter_a]", "[intent: a, action: utter_b]"),
            [
                "The stories `0` (data/stories.yml:2) and `1` contradict each other: after the same steps "
                "one goes on with `utter_a`, the other with `utter_b`."
            ],
        ),
        (
            ("[intent: a, action: utter_a, intent: c, action: utter_b]",),
            ["The story `0` goes on with `utter_b` where the rule `on c` has `utter_c`."],
        ),
        (
            ("[intent: c, action: utter_c, action: utter_b]",),
            ["The story `0` goes on with `utter_b` where the rule `on c` has `action_listen`."],
        ),
        (("[intent: c, action: f, active_loop: f]", "[intent: b, action: utter_b]"),
         ["The story `0` goes on with `f` where the rule `on c` has `utter_c`."]),
    ],
)  # fmt: skip
def test_stories_that_contradict(
    write_project: WriteProject, stories: tuple[str, ...], said: list[str]
) -> None:
    told = "".join(f"- story: '{number}'\n  steps: {steps}\n" for number, steps in enumerate(stories))
    folder = write_project({**SMALL, "data/stories.yml": f"stories:\n{told}"})
    assert [one.message for one in check_folder(folder) if one.file == "data/stories.yml"] == said


def test_an_entity_in_a_storys_words_must_be_in_the_domain(write_project: WriteProject) -> None:
    stories = "stories:\n- story: a\n  steps: [{user: 'to [Bonn](town)'}, {bot: Oh.}]\n"
    (line,) = [
        line for line in told(write_project({**PROJECT, "data/stories.yml": stories})) if "town" in line
    ]
    assert "uses the entity `town`" in line


def test_texts_are_asked_for_in_every_language(write_project: WriteProject) -> None:
    answers = (
        "answers:\n- id: hours\n  text: {en: 9 to 5}\n  questions: {en: [When are you open?]}\n"
        "- id: times\n  text: {en: 9 to 5, zh: 九点}\n  questions: {en: [when are you open], zh: [几点]}\n"
    )
    files = {**PROJECT, "config.yml": "language: en\nlanguages: [en, zh]\n", "answers/a.yml": answers}
    found = told(write_project(files))
    assert found[:3] == [
        "answers/a.yml:2: warning: The answer `hours` has no text in zh. "
        "Add it, or those customers get it in another language.",
        "answers/a.yml:5: warning: `times` gives the same text as `hours` (answers/a.yml:2). "
        "Join the two: one answer can have many questions.",
        "answers/a.yml:5: warning: `times` shares the question “when are you open” with "
        "`hours` (answers/a.yml:2). "
        "Keep it with the answer it asks for.",
    ]
    assert any("The response `utter_greet` has no variation in zh." in line for line in found)
    assert any("The intent `stop` has no examples in zh." in line for line in found)


def test_an_answer_and_an_intent_do_not_share_a_question(write_project: WriteProject) -> None:
    answers = "answers:\n- id: hi\n  text: Hello\n  questions: {en: [Hi there!]}\n"
    assert told(write_project({**PROJECT, "answers/a.yml": answers})) == [
        "answers/a.yml:2: warning: `hi` shares the question “Hi there!” with the intent `greet` "
        "(data/nlu.yml:7). Keep it on one side: an intent acts, an answer informs."
    ]


def test_the_parts_of_a_retrieval_intent_need_examples_and_answers(write_project: WriteProject) -> None:
    rule = "rules:\n- rule: any question\n  steps:\n  - intent: faq\n  - action: utter_faq\n"
    domain = "intents: [faq]\nresponses:\n  utter_faq/name:\n  - text: Bot\n"
    files = {"domain.yml": domain, "data/rules.yml": rule}
    assert told(write_project(files)) == [
        "data/rules.yml:2: warning: The rule `any question` asks `utter_faq` to choose a response, and no "
        "example says when. Write examples: `- intent: faq/…` in data/.",
        "domain.yml:3: warning: Nothing is answered by `utter_faq/name`: no example is of `faq/name`. Write "
        "examples, or remove it.",
    ]
    asked = "".join(f"    - who are you {number}\n" for number in range(10))
    nlu = f"nlu:\n- intent: faq/name\n  examples: |\n{asked}"
    assert told(write_project({**files, "data/nlu.yml": nlu})) == []
    other = nlu.replace("faq/name", "faq/age")
    assert [
        line for line in told(write_project({**files, "data/nlu.yml": other})) if "has no answer" in line
    ] == [
        "data/nlu.yml:4: warning: The question `faq/age` has no answer `utter_faq/age`. Add it to "
        "`responses:`, or remove the examples."
    ]


def test_test_conversations_are_checked_too(write_project: WriteProject) -> None:
    story = "stories:\n- story: a\n  steps:\n  - user: hi\n    intent: greet\n  - checkpoint: x\n"
    assert told(write_project({**PROJECT, "tests/test_a.yml": story})) == [
        "tests/test_a.yml:2: warning: No story goes on from the checkpoint `x`. "
        "Give both the same name, or remove it."
    ]


def test_findings_are_sorted_and_go_into_json(write_project: WriteProject) -> None:
    findings = check_folder(write_project({**PROJECT, "domain.yml": "intents: [a]\nslots: 3\n"}))
    assert list(findings) == sorted(findings, key=lambda finding: (finding.file, finding.line))
    rows = json.loads(json.dumps([finding.to_json() for finding in findings]))
    assert {tuple(row) for row in rows} == {("file", "line", "level", "message", "mend")}


def test_the_example_bot_has_no_errors() -> None:
    assert [str(finding) for finding in check_folder(EXAMPLE) if finding.level is Level.ERROR] == []
