"""Projects broken by hand: each slip is told once, with its file, its line and how to mend it, and nothing is
told that only follows from it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.__main__ import run
from bot.project.check import check_folder
from bot.project.yaml import LARGEST_FILE
from tests.conftest import SMALL_PROJECT

Break = Callable[[Path], object]


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A project with rules, a form, responses in two languages, answers, actions and tests."""
    folder = tmp_path / "blue-door"
    shutil.copytree(SMALL_PROJECT, folder)
    return folder


def told(folder: Path) -> list[str]:
    return [str(finding) for finding in check_folder(folder)]


def swap(file: str, old: str, new: str) -> Break:
    def write(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return write


def add(file: str, text: str) -> Break:
    return lambda folder: (folder / file).write_text((folder / file).read_text(encoding="utf-8") + text)


def put(file: str, text: str) -> Break:
    return lambda folder: (folder / file).write_text(text, encoding="utf-8")


def raw(file: str, content: bytes) -> Break:
    return lambda folder: (folder / file).write_bytes(content)


def link(file: str, target: str) -> Break:
    def make(folder: Path) -> None:
        (folder / file).unlink(missing_ok=True)
        (folder / file).symlink_to(target)

    return make


def replaced_by_file(name: str) -> Break:
    def write(folder: Path) -> None:
        shutil.rmtree(folder / name)
        (folder / name).write_text("x")

    return write


MAP = "must be a map (`name: value` lines)."
LIST = "must be a list (`- item` lines)."
NO_DOMAIN = "domain.yml:1: error: There is no domain.yml, or nothing in it. Write it: "

BREAKS: dict[str, tuple[Break, str]] = {
    "a rule's indentation": (
        swap("data/rules.yml", "      - action: utter_greet", "     - action: utter_greet"),
        "data/rules.yml:6: error: This is not valid YAML",
    ),
    "a slot's indentation": (
        swap("domain.yml", "    type: float", "     type: float"),
        "domain.yml:6: error: This is not valid YAML",
    ),
    "a tab": (
        swap("domain.yml", "    type: float", "\ttype: float"),
        "Indent with spaces; YAML forbids tabs there.",
    ),
    "an open bracket": (
        swap("domain.yml", "out_of_scope]", "out_of_scope"),
        "Close the `[` that opens here, and separate its items with commas.",
    ),
    "two documents": (
        swap("domain.yml", "responses:", "---\nresponses:"),
        "domain.yml:25: error: A second YAML document starts here.",
    ),
    "responses of a wrong kind": (
        swap("domain.yml", "responses:", "responses: 5\nnotes:"),
        f"domain.yml:24: error: responses {MAP} This is a number",
    ),
    "a misspelt section": (
        swap("domain.yml", "responses:", "respones:"),
        "domain.yml:24: error: domain: the section `respones` is not known. Did you mean `responses`?",
    ),
    "a list of forms": (
        swap("domain.yml", "  table_form:\n    required_slots: [guests, day]", "  - table_form"),
        f"domain.yml:20: error: forms {MAP} This is a list",
    ),
    "a map of intents": (
        swap("domain.yml", "intents: [greet,", "intents: {greet: true}\nnotes: [greet,"),
        f"domain.yml:2: error: intents {LIST} This is a map",
    ),
    "a slot of a wrong kind": (
        swap("domain.yml", "  day:\n", "  day: 5\n  other:\n"),
        f"domain.yml:12: error: slot `day` {MAP} This is a number",
    ),
    "a slot type that does not exist": (
        swap("domain.yml", "type: float", "type: flaot"),
        "domain.yml:5: error: slot `guests`: the type `flaot` does not exist. Did you mean `float`?",
    ),
    "mappings of a wrong kind": (
        swap("domain.yml", "    mappings:\n", "    mappings: 5\n    auto:\n"),
        f"domain.yml:7: error: mappings of slot `guests` {LIST} This is a number",
    ),
    "a section twice": (
        swap("domain.yml", "  utter_ask_day:", "responses:\n  utter_ask_day:"),
        "domain.yml:33: error: `responses` is given twice; the first is on line 24.",
    ),
    "a response twice": (
        add("domain.yml", "  utter_greet:\n    - text: hi\n"),
        "domain.yml:45: error: `utter_greet` is given twice; the first is on line 25.",
    ),
    "a response that is a text": (
        add("domain.yml", "  utter_more: All right\n"),
        "domain.yml:45: error: The response `utter_more` must be a list of variations.",
    ),
    "a form without slots": (
        swap("domain.yml", "    required_slots: [guests, day]", "    ignored_intents: [stop]"),
        "domain.yml:21: warning: Form `table_form` has no `required_slots`, so it asks nothing.",
    ),
    "a rule without steps": (
        add("data/rules.yml", "  - rule: empty\n"),
        "data/rules.yml:39: warning: The rule `empty` has no steps. Write them, or remove it.",
    ),
    "steps of a wrong kind": (
        add("data/rules.yml", "  - rule: empty\n    steps: 5\n"),
        f"data/rules.yml:40: error: steps of rule `empty` {LIST} This is a number",
    ),
    "a rule that starts the form and cannot be read": (
        swap("data/rules.yml", "      - action: table_form", "      - table_form"),
        f"data/rules.yml:10: error: a step of rule `start a booking` {MAP} This is a text",
    ),
    "an unknown action": (
        swap("data/rules.yml", "utter_greet", "action_greet"),
        "data/rules.yml:3: error: The rule `greet` uses the action `action_greet`",
    ),
    "an unknown intent": (
        swap("data/rules.yml", "intent: greet", "intent: grete"),
        "data/rules.yml:3: error: The rule `greet` uses the intent `grete`",
    ),
    "an unknown response in a test": (
        swap("tests/test_house.yml", "action: utter_booked", "action: utter_boked"),
        "expects the action `utter_boked`, which does not exist. Did you mean `utter_booked`?",
    ),
    "training data of a wrong kind": (
        put("data/nlu.yml", "## intent:greet\n- hi\n"),
        f"data/nlu.yml:2: error: A data file {MAP} This is a list",
    ),
    "examples without a bar": (
        add("data/nlu.yml", "  - intent: greet\n    examples:\n      hi there\n      hello there\n"),
        "data/nlu.yml:69: warning: The examples of intent `greet` are skipped. Write `examples: |`",
    ),
    "an open quotation mark": (
        add("data/nlu.yml", '  - intent: "x\n'),
        "data/nlu.yml:67: error: This is not valid YAML",
    ),
    "a language by its name": (
        swap("config.yml", "language: en", "language: English"),
        "config.yml:2: warning: `English` is no language code and has no effect. Write two or",
    ),
    "settings that cannot be read": (
        swap("config.yml", "[en, zh]", "[en, zh"),
        "config.yml:3: error: This is not valid YAML",
    ),
    "a map of answers": (
        put("answers/house.yml", "answers:\n  opening: {text: hi}\n"),
        f"answers/house.yml:1: error: answers {LIST} This is a map",
    ),
    "an answer's text of a wrong kind": (
        add("answers/house.yml", "  - id: x\n    text: {en: {a: b}}\n"),
        "answers/house.yml:27: error: text of answer `x`: each item must be a text.",
    ),
    "an action server without its map": (
        put("endpoints.yml", "action_endpoint: http://localhost:5055/webhook\n"),
        f"endpoints.yml:1: error: action_endpoint {MAP} This is a text",
    ),
    "a port that cannot be": (
        put("endpoints.yml", "action_endpoint:\n  url: http://localhost:99999/webhook\n"),
        "endpoints.yml:1: error: action_endpoint has no HTTP address.",
    ),
    "UTF-16": (
        raw("domain.yml", "intents: [greet]\n".encode("utf-16")),
        "domain.yml:1: error: This file is not UTF-8. Save it as UTF-8 in your editor.",
    ),
    "a control character": (
        swap("domain.yml", "slots:", "slots:\0"),
        "domain.yml:3: error: This is not valid YAML: a control character.",
    ),
    "no domain": (lambda folder: (folder / "domain.yml").unlink(), NO_DOMAIN),
    "an empty domain": (put("domain.yml", ""), NO_DOMAIN),
    "a link to itself": (
        link("data/rules.yml", "rules.yml"),
        "data/rules.yml:1: error: This file cannot be read (Too many levels of symbolic links).",
    ),
    "a link to nothing": (
        link("domain.yml", "nowhere.yml"),
        "Let the link lead to a file, or remove it.",
    ),
    "a file for a folder": (replaced_by_file("data"), "data:1: error: `data` must be a folder."),
}


@pytest.mark.parametrize(("change", "expected"), BREAKS.values(), ids=BREAKS)
def test_a_slip_is_told_once_and_nothing_that_only_follows_from_it(
    sound: Path, change: Break, expected: str
) -> None:
    before = {line.partition(": ")[2] for line in told(sound)}
    change(sound)
    found = [line for line in told(sound) if line.partition(": ")[2] not in before]
    assert [line for line in found if expected in line], found
    beside = [line for line in found if expected not in line and "has no effect" not in line]
    assert beside == []


def test_a_folder_linked_into_itself_is_read_once(sound: Path) -> None:
    before = told(sound)
    (sound / "data" / "again").symlink_to("..")
    assert told(sound) == before


def test_a_file_beyond_all_measure_is_not_read(sound: Path) -> None:
    with (sound / "data" / "big.yml").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert any(line.startswith("data/big.yml:1: error: This file has 16 MiB") for line in told(sound))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_told(sound: Path) -> None:
    (sound / "domain.yml").chmod(0)
    assert any("Check its permissions." in line for line in told(sound))


def test_one_error_is_counted_as_one(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swap("data/rules.yml", "intent: greet", "intent: grete")(sound)
    assert run(["check", str(sound)]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 error, ")
