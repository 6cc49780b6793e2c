"""A Rasa project folder becomes a frozen Project; what cannot be read is told with file and line."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.contract import Misconfigured
from bot.channels.socketio_options import SocketIoOptions
from bot.dialogue.domain import MappingCondition, MappingType, Session, SlotType, Thresholds
from bot.dialogue.reading import Entity
from bot.dialogue.steps import ActionStep, IntentStep, LoopStep, SlotStep, Step, TextStep
from bot.errors import Level, ProjectError
from bot.project.load import load_project, read_project
from bot.project.model import Endpoint, ResponseMode
from tests.bot.project.conftest import WriteProject
from tests.bot.project.samples import DOMAIN, NLU, PROJECT


def found(folder: Path, environ: dict[str, str] | None = None) -> list[str]:
    return [str(finding) for finding in read_project(folder, environ=environ or {}).findings]


def test_a_whole_project_reads_without_a_word(write_project: WriteProject) -> None:
    project = load_project(write_project(PROJECT))
    domain = project.domain
    assert project.findings == ()
    assert project.name == domain.name == "pizza"
    assert domain.intents == {"greet", "order", "stop"}
    assert domain.entities == {"size", "city"}
    assert domain.actions == {"action_price", "action_bill"}
    assert domain.session == Session(expiry=1800.0, carry_over=False)
    assert domain.intent_titles == {"greet": {"en": "Say hello"}}
    assert project.settings.action_endpoint == Endpoint("http://localhost:5055/webhook")


def test_slots_have_types_bounds_and_mappings(write_project: WriteProject) -> None:
    slots = load_project(write_project(PROJECT)).domain.slots
    size, toppings = slots["size"], slots["toppings"]
    assert (size.type, size.values, size.influences) == (SlotType.CATEGORICAL, ("small", "large"), True)
    assert size.mappings[0].type is MappingType.FROM_ENTITY
    assert size.mappings[0].entity == "size"
    assert size.mappings[0].not_intents == {"greet"}
    assert (toppings.minimum, toppings.maximum, toppings.initial, toppings.influences) == (0.0, 9.0, 2, False)
    assert toppings.mappings[0].conditions == (MappingCondition("order_form", "toppings"),)
    assert slots["language"].values == ("en",)


def test_responses_keep_their_variations(write_project: WriteProject) -> None:
    responses = load_project(write_project(PROJECT)).domain.responses
    hello, short = responses["utter_greet"]
    assert hello.buttons == ({"title": "Order", "payload": '/order{"size": "large"}'},)
    assert (short.channel, short.id, short.metadata) == ("telegram", "short", {"tone": "light"})
    assert responses["utter_ask_size"][0].buttons == ({"title": "Small", "payload": "small"},)
    assert responses["utter_done"][0].image == "https://example.com/pizza.png"


def test_rules_become_steps(write_project: WriteProject) -> None:
    greet, start, finish = load_project(write_project(PROJECT)).domain.rules
    assert greet.steps == (IntentStep(frozenset({"greet"})), ActionStep("utter_greet"))
    assert greet.source == "data/rules.yml:3"
    assert start.intents == {"order", "stop"}
    assert start.steps[1:] == (ActionStep("order_form"), LoopStep("order_form"))
    assert (finish.loop_given, finish.loop, finish.waits) == (True, "order_form", False)
    assert finish.slots == (SlotStep("size", any_value=True), SlotStep("toppings", 3))
    assert finish.steps == (
        ActionStep("order_form"),
        LoopStep(None),
        SlotStep("requested_slot", None),
        ActionStep("utter_done"),
    )


def test_examples_have_entities_languages_and_lines(write_project: WriteProject) -> None:
    nlu = load_project(write_project(PROJECT)).nlu
    texts = {example.text: example for example in nlu.examples}
    assert list(texts) == ["hello", "hi there", "a big one", "from Bern", "stop it"]
    assert texts["a big one"].entities == (Entity("size", "large", 2, 5),)
    assert texts["from Bern"].entities == (Entity("city", "Bern", 5, 9, role="from"),)
    assert str(texts["hi there"].place) == "data/nlu.yml:7"
    assert str(texts["stop it"].place) == "data/nlu.yml:14"
    assert nlu.synonyms == {"big": "large", "tiny": "small"}
    assert nlu.lookups == {"city": ("Bern", "Rome")}
    assert nlu.regexes == {"zip": (r"\d{4}",)}


def test_languages_come_from_metadata_or_script(write_project: WriteProject) -> None:
    nlu = (
        "nlu:\n- intent: greet\n  examples: |\n    - hello\n    - 你好\n"
        "- intent: stop\n  metadata: {language: zh, title: 停止}\n  examples: |\n    - OK stop\n"
    )
    files = {**PROJECT, "config.yml": "language: en\nlanguages: [en, zh]\n", "data/nlu.yml": nlu}
    project = load_project(write_project(files))
    assert [example.language for example in project.nlu.examples] == ["en", "zh", "zh"]
    assert project.domain.languages == ("en", "zh")
    assert project.domain.title("stop", "zh") == "停止"


def test_retrieval_intents_are_kept_as_named(write_project: WriteProject) -> None:
    files = {
        "domain.yml": "intents:\n- faq\nresponses:\n  utter_faq/ask_name:\n  - text: Bot\n",
        "data/nlu.yml": "nlu:\n- intent: faq/ask_name\n  examples: |\n    - who are you\n",
    }
    project = load_project(write_project(files))
    assert project.nlu.examples[0].intent == "faq/ask_name"
    assert project.findings == ()


def test_a_split_domain_is_merged(write_project: WriteProject) -> None:
    files = {
        "domain/a.yml": "intents: [greet]\nresponses:\n  utter_a:\n  - text: A\n",
        "domain/deep/b.yaml": "intents: [stop, greet]\nresponses:\n  utter_a:\n  - text: B\n",
        "domain/.hidden.yml": "intents: [hidden]\n",
        "data/responses.yml": "responses:\n  utter_b:\n  - text: B\n",
    }
    folder = write_project(files)
    project = read_project(folder, environ={})
    assert project.domain.intents == {"greet", "stop"}
    assert set(project.domain.responses) == {"utter_a", "utter_b"}
    assert found(folder) == [
        "domain/deep/b.yaml:1: warning: `greet` is listed twice under intents; first at "
        "domain/a.yml:1. Remove one.",
        "domain/deep/b.yaml:3: warning: The response `utter_a` is defined differently at "
        "domain/a.yml:3, which holds. Keep one of the two or rename this one.",
    ]


def test_the_raw_domain_is_the_merged_json(write_project: WriteProject) -> None:
    raw = load_project(write_project(PROJECT)).domain.raw
    assert json.loads(json.dumps(raw)) == raw
    assert raw["version"] == "3.1"
    assert raw["intents"] == ["greet", {"order": {"use_entities": ["size"]}}, "stop"]
    assert raw["entities"][1] == {"city": {"roles": ["from", "to"]}}
    assert raw["actions"] == ["action_price", {"action_bill": {"send_domain": True}}]
    assert raw["forms"]["order_form"]["required_slots"] == ["size", "toppings"]
    assert raw["session_config"]["session_expiration_time"] == 30


def test_answers_alone_make_a_bot(write_project: WriteProject) -> None:
    answers = (
        "answers:\n- id: opening_hours\n  vetted: true\n  valid_from: 2026-01-01\n"
        "  text: {en: 9 to 5, zh: 九点到五点}\n"
        "  questions: {en: [When are you open?, Opening hours], zh: [几点开门]}\n"
        "- id: parking\n  text: Behind the house.\n  questions:\n  - Where can I park?\n"
    )
    project = load_project(write_project({"answers/all.yml": answers, "config.yml": "languages: [en, zh]\n"}))
    hours, parking = project.answers
    assert hours.answer.text == {"en": "9 to 5", "zh": "九点到五点"}
    assert hours.answer.questions["en"] == ("When are you open?", "Opening hours")
    assert hours.answer.valid_from is not None and hours.answer.vetted
    assert parking.answer.questions == {"en": ("Where can I park?",)}
    assert str(parking.place) == "answers/all.yml:7"
    assert project.domain.rules == ()


@pytest.mark.parametrize(
    ("config", "least"),
    [
        ("language: en\n", Thresholds().learned),
        ("policies:\n#  - name: TEDPolicy\n", Thresholds().learned),
        ("policies:\n- name: TEDPolicy\n- name: RulePolicy\n  core_fallback_threshold: 0.4\n", 0.4),
        ("policies:\n- name: TEDPolicy\n", Thresholds().learned),
        ("policies:\n- name: RulePolicy\n  core_fallback_threshold: 0.4\n", None),
        ("policies:\n- name: MemoizationPolicy\n", None),
    ],
)
def test_the_learned_policy_stands_in_for_ted_alone(
    write_project: WriteProject, config: str, least: float | None
) -> None:
    assert read_project(write_project({**PROJECT, "config.yml": config})).domain.thresholds.learned == least


def test_config_holds_thresholds_and_our_own_keys(write_project: WriteProject) -> None:
    config = (
        "recipe: default.v1\nlanguage: de\npipeline:\n- name: WhitespaceTokenizer\n"
        "- name: FallbackClassifier\n"
        "  threshold: 0.5\n  ambiguity_threshold: 0.2\n- name: custom.MyThing\n"
        "- name: DucklingEntityExtractor\n- name: ResponseSelector\n"
        "policies:\n- name: RulePolicy\n  core_fallback_threshold: 0.4\n"
        "frontdesk:\n  alpha: 0.1\n  answer_threshold: 0.7\n  recipe: accurate\n  base: ${BASE}\n"
        "  responses: {mode: server, url: 'http://llm/v1', model: m, api_key_env: LLM_KEY}\n"
    )
    folder = write_project({**PROJECT, "config.yml": config})
    project = read_project(folder, environ={"BASE": "bert-base"})
    settings_read = project.settings
    assert settings_read.languages == ("de",)
    assert settings_read.thresholds == Thresholds(intent=0.5, ambiguity=0.2, answer=0.7, learned=None)
    assert settings_read.alpha == 0.1
    assert (settings_read.recipe, settings_read.base) == ("accurate", "bert-base")
    assert settings_read.responses.mode is ResponseMode.SERVER
    assert settings_read.responses.api_key_env == "LLM_KEY"
    assert settings_read.system_entities is not None
    assert [str(finding) for finding in project.findings] == [
        "config.yml:8: warning: These components are not run: custom.MyThing. "
        "Frontdesk's own models take the pipeline's place; check what relied on them."
    ]


def test_secrets_come_from_the_environment(write_project: WriteProject) -> None:
    files = {
        **PROJECT,
        "endpoints.yml": "action_endpoint: {url: 'http://a/webhook', token: '${TOKEN}', timeout: 3}\n",
        "credentials.yml": "rest:\ntelegram: {access_token: '${TELEGRAM}'}\n",
    }
    folder = write_project(files)
    read = read_project(folder, environ={"TOKEN": "t", "TELEGRAM": "x"}).settings
    assert read.action_endpoint == Endpoint("http://a/webhook", "t", 3.0)
    assert read.credentials == {"rest": {}, "telegram": {"access_token": "x"}}
    assert any("warning: The environment variable TOKEN is not set." in line for line in found(folder))
    assert any("error: action_endpoint.token is empty." in line for line in found(folder))
    url = {"endpoints.yml": "action_endpoint:\n  url: ${ACTIONS}\nevent_broker:\n  password: ${BROKER}\n"}
    told = [line for line in found(write_project({**PROJECT, **url})) if "error" in line]
    assert len(told) == 1 and "action_endpoint has no HTTP address" in told[0]


def test_dialogues_are_read_and_their_answers_known(write_project: WriteProject) -> None:
    dialogues = (
        "dialogues:\n- language: en\n  turns:\n  - customer: Where do I park?\n"
        "  - agent: Behind the house, please.\n"
        "    answer: parking\n- turns:\n  - customer: 你好\n  - agent: 您好\n    answer: parkng\n"
    )
    answers = "answers:\n- id: parking\n  text: Behind the house.\n"
    config = "languages: [en, zh]\n"
    folder = write_project({"data/talk.yml": dialogues, "answers/a.yml": answers, "config.yml": config})
    project = read_project(folder, environ={})
    assert [(dialogue.language, len(dialogue.turns)) for dialogue in project.dialogues] == [
        ("en", 2),
        ("zh", 2),
    ]
    assert project.dialogues[0].turns[1].answer == "parking"
    assert found(folder) == [
        "data/talk.yml:10: warning: A turn names the answer `parkng`, which does not exist. Did "
        "you mean `parking`?"
    ]


def ways(write_project: WriteProject, stories: str) -> list[str]:
    """The stories of a project in one line each."""
    folder = write_project({**PROJECT, "data/stories.yml": "stories:\n" + indent(dedent(stories), "  ")})
    return [
        " ".join(_told(step) for step in story.steps)
        for story in read_project(folder, environ={}).domain.stories
    ]


def _told(step: Step) -> str:
    match step:
        case IntentStep(intents=intents, entities=entities):
            return "/".join([*sorted(intents), *sorted(entities)])
        case TextStep(text=text, given=given):
            return "/".join([f"“{text}”", *(entity.name for entity in given)])
        case ActionStep(name=name, spoken=True):
            return f"“{name}”"
        case SlotStep(name=name, value=value):
            return f"{name}={value}"
        case LoopStep(name=name) | ActionStep(name=name):
            return str(name)


def test_stories_are_read_with_their_choices_written_out(write_project: WriteProject) -> None:
    told = """
        - story: a
          steps:
          - or:
            - intent: greet
            - intent: inform
              entities: [plan, {city: berlin, role: from}]
          - slot_was_set: [{plan: gold}]
          - action: utter_greet
    """
    assert ways(write_project, told) == [
        "greet plan=gold utter_greet",
        "inform/city/city#from/plan plan=gold utter_greet",
    ]


def test_stories_told_in_words_are_read_with_what_is_marked_in_them(write_project: WriteProject) -> None:
    told = """
        - story: a
          steps:
          - or:
            - user: |
                is  [gold](plan) still there?
            - intent: greet
          - bot: |
              It is.
          - user: fine
            intent: inform
          - user: /deny
          - action: utter_greet
    """
    assert ways(write_project, told) == [
        "“is gold still there?”/plan “It is.” inform deny utter_greet",
        "greet “It is.” inform deny utter_greet",
    ]


def test_what_the_bot_says_is_an_action_unless_it_names_one(write_project: WriteProject) -> None:
    told = "stories:\n- story: a\n  steps: [{user: ah, entities: [plan]}, {bot: Oh.}, {bot: utter_greet}]\n"
    listed = PROJECT["domain.yml"] + "\ne2e_actions: [Oh., Well.]\n"
    folder = write_project({**PROJECT, "domain.yml": listed, "data/stories.yml": told})
    domain = read_project(folder, environ={}).domain
    assert domain.action_texts == {"Oh.", "Well."}
    assert domain.raw["e2e_actions"] == ["Oh.", "Well."]
    assert not [line for line in found(folder) if "stories.yml" in line]


def test_checkpoints_lead_from_one_story_to_others_but_never_in_circles(write_project: WriteProject) -> None:
    told = """
        - story: begin
          steps:
          - intent: greet
          - action: utter_greet
          - slot_was_set: [{plan: gold}]
          - checkpoint: greeted
        - story: on
          steps:
          - checkpoint: greeted
          - intent: inform
          - action: utter_a
        - story: on with gold
          steps:
          - checkpoint: greeted
            slot_was_set: [{plan: gold}]
          - intent: deny
          - action: utter_b
          - checkpoint: greeted
        - story: on with silver
          steps:
          - checkpoint: greeted
            slot_was_set: [{plan: silver}]
          - intent: deny
          - action: utter_c
    """
    assert ways(write_project, told) == [
        "greet utter_greet plan=gold inform utter_a",
        "greet utter_greet plan=gold deny utter_b inform utter_a",
    ]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("- intent: greet\n  - checkpoint: nowhere", "No story goes on from the checkpoint `nowhere`"),
        ("- checkpoint: nowhere\n  - intent: greet", "No story leads to the checkpoint `nowhere`"),
        ('- user: ""\n  - action: utter_greet', "has neither intent nor words"),
        ('- intent: greet\n  - bot: ""', "gives no words"),
        ("- intent: greet\n  - dance: true", "none that is known"),
        ("- intent: greet\n  - action:", "names no action"),
        ("- or: []\n  - action: utter_greet", "has no choice"),
    ],
)
def test_what_a_story_cannot_say_is_told(write_project: WriteProject, steps: str, said: str) -> None:
    stories = f"stories:\n- story: a\n  steps:\n  {steps}\n"
    assert any(said in line for line in found(write_project({**PROJECT, "data/stories.yml": stories})))


@pytest.mark.parametrize(("written", "longest"), [("4", 4), ("null", None), ("0", None), ("2.5", None)])
def test_stories_are_compared_as_far_back_as_the_policy_says(
    write_project: WriteProject, written: str, longest: int | None
) -> None:
    policy = f"policies:\n- name: AugmentedMemoizationPolicy\n  max_history: {written}\n"
    project = read_project(write_project({**PROJECT, "config.yml": f"language: en\n{policy}"}), environ={})
    assert project.domain.memory.longest == longest
    refused = [finding.message for finding in project.findings if "max_history" in finding.message]
    assert bool(refused) == (written in ("0", "2.5"))


def test_too_many_ways_are_cut_with_a_word(write_project: WriteProject) -> None:
    choice = "  - or:\n" + "".join(f"    - intent: {name}\n" for name in ("greet", "inform", "deny"))
    stories = "stories:\n- story: a\n  steps:\n" + choice * 7 + "  - action: utter_greet\n"
    assert any(
        "more than 500 ways" in line
        for line in found(write_project({**PROJECT, "data/stories.yml": stories}))
    )


def test_too_many_ways_through_a_rule_are_cut_with_a_word(write_project: WriteProject) -> None:
    choice = "  - or:\n    - slot_was_set:\n      - size: large\n    - slot_was_set:\n      - size: small\n"
    rule = f"rules:\n- rule: a\n  steps:\n  - intent: greet\n{choice * 40}  - action: utter_greet\n"
    project = read_project(write_project({**PROJECT, "data/rules.yml": rule}), environ={})
    assert any("more than 500 ways" in finding.message for finding in project.findings)
    assert len(project.domain.rules) == 500


@pytest.mark.parametrize("pattern", ["b{99999999999}", "(" * 3000, "(a"])
def test_what_is_no_regular_expression_is_told(write_project: WriteProject, pattern: str) -> None:
    regex = f"nlu:\n- regex: policy\n  examples: |\n    - {pattern}\n"
    said = found(write_project({**PROJECT, "data/regex.yml": regex}))
    assert any("is not a regular expression" in line for line in said)


def test_files_that_nobody_reads_are_named(write_project: WriteProject) -> None:
    files = {**PROJECT, "answers/faq.csv": "q,a\n", "data/nlu.md": "## intent\n"}
    assert [line.split(": ")[0] for line in found(write_project(files))] == [
        "answers/faq.csv:1",
        "data/nlu.md:1",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "domain.yml",
            "type: categorical",
            "type: categorial",
            "domain.yml:13: error: slot `size`: the type",
        ),
        ("domain.yml", "    values: [small, large]\n", "", "is categorical and has no `values`"),
        ("domain.yml", "type: from_entity", "type: from_entitty", "Did you mean `from_entity`?"),
        ("domain.yml", "    max_value: 9", "    max_value: -9", "min_value is not below max_value"),
        (
            "domain.yml",
            "    max_value: 9",
            "    max_value: nine",
            "max_value of slot `toppings` must be a number",
        ),
        ("domain.yml", "intents:", "intends:", "Did you mean `intents`?"),
        (
            "domain.yml",
            "[size, toppings]",
            "{size: [{type: from_text}]}",
            "forms keep the mappings of their slots",
        ),
        ("domain.yml", "  - text: Hello\n", "  - txt: Hello\n", "the key `txt` is not known"),
        ("domain.yml", "utter_done:\n  - text", "utter_done:\n    text", "must be a list of variations"),
        ("domain.yml", "{title: Small, ", "{", "has no `title`"),
        (
            "data/nlu.yml",
            "    - hi there",
            "    hi there",
            "data/nlu.yml:7: warning: This line of intent `greet` is",
        ),
        ("data/nlu.yml", "[big](size:large)", '[big]{"entiti": "size"}', 'lack "entity"'),
        ("data/nlu.yml", r"\d{4}", "(", "is not a regular expression"),
        ("data/nlu.yml", "- synonym: small", "- sinonym: small", "This nlu item is skipped"),
        ("data/rules.yml", "- rule: greet back", "- rool: greet back", "This rule has no name"),
        (
            "data/rules.yml",
            "  - action: utter_greet",
            "  - intent: stop",
            "has 2 user turns; at most one can hold",
        ),
        ("data/rules.yml", "  - action: utter_greet", "  - checkpoint: x", "is a `checkpoint`"),
        ("data/rules.yml", "- intent: stop", "- action: x", "can only choose among intents"),
        ("endpoints.yml", "http://", "ftp://", "has no HTTP address"),
        ("config.yml", "language: en", "frontdesk: {alpha: 0.9}", "`alpha` must lie between 0 and 0.5"),
        ("config.yml", "language: en", "frontdesk: {recipe: fats}", "Did you mean `fast`?"),
        ("config.yml", "language: en", "frontdesk: {responses: {mode: server}}", "needs `url` and `model`"),
        ("data/nlu.yml", "nlu:", "nlu: [", "Close the `[` or `{` above"),
    ],
)
def test_a_slip_is_found_where_it_is(
    write_project: WriteProject, file: str, old: str, new: str, expected: str
) -> None:
    assert old in PROJECT[file]
    files = {**PROJECT, file: PROJECT[file].replace(old, new, 1)}
    assert any(expected in line and line.startswith(file) for line in found(write_project(files)))


def test_errors_stop_a_load_and_are_all_listed(write_project: WriteProject) -> None:
    folder = write_project(
        {**PROJECT, "domain.yml": "intents: {a: b}\nslots: []\n", "data/rules.yml": "rules: x\n"}
    )
    with pytest.raises(ProjectError) as caught:
        load_project(folder)
    error = caught.value
    assert (error.code, error.status) == ("project_invalid", 422)
    assert {finding.file for finding in error.findings} == {"domain.yml", "data/rules.yml"}
    assert all(str(finding) in error.message for finding in error.findings if finding.level is Level.ERROR)
    assert error.to_json()["error"]["findings"][0].keys() == {"file", "line", "level", "message", "mend"}


def test_no_project_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is no folder"):
        load_project(tmp_path / "nowhere")
    with pytest.raises(ProjectError, match="holds neither"):
        load_project(tmp_path)


KEYS = st.sampled_from(
    [
        "version",
        "intents",
        "entities",
        "slots",
        "forms",
        "responses",
        "actions",
        "session_config",
        "nlu",
        "rules",
        "stories",
        "dialogues",
        "answers",
        "intent",
        "examples",
        "synonym",
        "regex",
        "lookup",
        "rule",
        "steps",
        "condition",
        "action",
        "active_loop",
        "slot_was_set",
        "or",
        "text",
        "buttons",
        "type",
        "mappings",
        "required_slots",
        "id",
        "questions",
        "turns",
        "customer",
        "agent",
        "pipeline",
        "policies",
        "name",
        "frontdesk",
        "language",
        "title",
        "payload",
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)
FILES = ("domain.yml", "data/any.yml", "answers/any.yml", "config.yml", "endpoints.yml", "credentials.yml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries({name: st.dictionaries(KEYS, ANYTHING, max_size=4) | ANYTHING for name in FILES})
)
def test_nonsense_is_explained_and_never_raises(
    write_project: WriteProject, content: dict[str, object]
) -> None:
    folder = write_project({name: json.dumps(value) for name, value in content.items()})
    project = read_project(folder, environ={})
    assert all(finding.line >= 1 and finding.message and finding.mend for finding in project.findings)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.sampled_from([DOMAIN, NLU]), st.integers(0, 1000), st.integers(1, 6), st.text(max_size=3))
def test_a_torn_file_is_explained(
    write_project: WriteProject, whole: str, start: int, length: int, instead: str
) -> None:
    at = start % len(whole)
    torn = whole[:at] + instead + whole[at + length :]
    name = "domain.yml" if whole is DOMAIN else "data/nlu.yml"
    read_project(write_project({**PROJECT, name: torn}), environ={})


def test_a_secret_that_only_serving_needs_may_be_unset(write_project: WriteProject) -> None:
    files = {**PROJECT, "credentials.yml": "telegram:\n  access_token: ${BOT_TOKEN}\n"}
    project = load_project(write_project(files), environ={})
    assert [str(finding) for finding in project.findings] == [
        "credentials.yml:2: warning: The environment variable BOT_TOKEN is not set. Set BOT_TOKEN before the "
        "start, or remove this entry."
    ]


@pytest.mark.parametrize("written", ["${KEY}", "'${KEY}'", "a-${KEY}", "${KEY}${OTHER}"])
def test_half_a_secret_is_none(write_project: WriteProject, written: str) -> None:
    files = {**PROJECT, "credentials.yml": f"socketio:\n  jwt_key: {written}\n"}
    block = load_project(write_project(files), environ={"OTHER": "x"}).settings.credentials["socketio"]
    assert not block["jwt_key"]
    with pytest.raises(Misconfigured, match="jwt_key"):
        SocketIoOptions.read(block)


def test_a_slot_language_of_the_projects_own_is_left_to_it(write_project: WriteProject) -> None:
    domain = DOMAIN.replace(
        "slots:\n",
        "slots:\n  language:\n    type: text\n    mappings:\n    - {type: from_entity, entity: size}\n",
    )
    made = load_project(write_project({**PROJECT, "domain.yml": domain})).domain
    assert made.language_slot == "spoken_language" and made.slots["language"].type == "text"
    assert load_project(write_project(PROJECT)).domain.language_slot == "language"
