"""Keeps the documents true: what they name exists, what exists is named, and their examples work as written.

Knows Markdown just well enough to find code, tables and links.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import click
import pytest

from bot.__main__ import VERBS, cli, run
from bot.dialogue.flow import Act
from bot.project import settings_file
from bot.project.answers_import import import_answers
from bot.project.check import check_folder
from bot.project.flows_file import read_flows
from bot.project.report import Report
from bot.project.settings_file import read_settings
from bot.project.tests_file import read_tests
from bot.project.yaml import parse_yaml

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "nlu", "retrieval", "training", "actions")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])
CONFIGURATION = ROOT / "docs" / "configuration.md"
DEPLOYMENT = ROOT / "docs" / "deployment.md"
OWN_BOT = ROOT / "docs" / "your-own-bot.md"

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_VARIABLE = re.compile(r"FRONTDESK_[A-Z]+(?:_[A-Z]+)*")
_COMMAND = re.compile(r"(?<![\w/.-])frontdesk((?: +[^\s|;&]+)+)")
_WORD = re.compile(r"[a-z][a-z-]*\Z")


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def fenced(text: str, *, kind: str | None = None) -> list[str]:
    """The fenced blocks, those of one kind if it is given."""
    return [body for _, found, body in _FENCED.findall(text) if kind is None or found == kind]


def spans(text: str) -> list[str]:
    """Inline code outside of fenced blocks."""
    return _SPAN.findall(_FENCED.sub("", text))


def code(text: str) -> list[str]:
    """Everything written as code: spans, and the lines of fenced blocks."""
    return [*spans(text), *(line for block in fenced(text) for line in block.splitlines())]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of its kind or above."""
    level, _, _ = heading.partition(" ")
    _, _, rest = text.partition(f"\n{heading}\n")
    assert rest, f"there is no {heading}"
    return re.split(rf"^#{{2,{len(level)}}} ", rest, flags=re.MULTILINE)[0]


def table(text: str) -> list[list[str]]:
    """The rows of the first table, without its head."""
    lines = text[text.index("|") :].splitlines()
    rows = list(takewhile(lambda line: line.startswith("|"), lines))[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def commands() -> list[tuple[str, str]]:
    """Every `frontdesk …` of every document, with the document's name."""
    return [
        (document.relative_to(ROOT).as_posix(), found.strip())
        for document in DOCUMENTS
        for line in code(text_of(document))
        for found in _COMMAND.findall(line.partition("  #")[0])
    ]


def faults(words: list[str]) -> Iterator[str]:
    """What a command line names that does not exist. Placeholders in capitals count as arguments."""
    command: click.Command = cli
    context = click.Context(cli)
    for word in words:
        if isinstance(command, click.Group) and not word.startswith("-"):
            found = command.get_command(context, word)
            if found is None:
                yield f"there is no `{word}`"
                return
            command = found
        elif word.startswith("-"):
            known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            if word.partition("=")[0] not in known | {"--help", "-h"}:
                yield f"there is no option {word}"


def test_every_command_and_option_exists() -> None:
    found = [
        f"{document}: frontdesk {line}: {fault}"
        for document, line in commands()
        for fault in faults(line.replace("[", "").replace("]", "").split())
    ]
    assert not found, "\n".join(found)


def test_every_verb_is_told_of() -> None:
    told = {line.split()[0] for _, line in commands()}
    assert set(VERBS) <= told


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_shell_examples_are_taken_by_the_command_line(document: Path) -> None:
    lines = [line for block in fenced(text_of(document), kind="sh") for line in block.splitlines()]
    for line in lines:
        if line.startswith("frontdesk "):
            words = line.partition("  #")[0].split()[1:]
            assert run([*words, "--help"]) == 0, line


def read_names(path: Path) -> set[str]:
    """The FRONTDESK_ variables that a Python file names."""
    constants = (node for node in ast.walk(ast.parse(text_of(path))) if isinstance(node, ast.Constant))
    return {
        name for node in constants if isinstance(node.value, str) for name in _VARIABLE.findall(node.value)
    }


def documented(heading: str) -> set[str]:
    rows = table(section(text_of(CONFIGURATION), heading))
    return {name for row in rows for name in spans(row[0])}


def test_every_setting_is_documented_and_every_documented_setting_is_read() -> None:
    assert documented("## Environment") == read_names(ROOT / "bot" / "config.py")


def test_variables_elsewhere_are_documented_and_exist() -> None:
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    files = [ROOT / "Makefile", ROOT / "docker-compose.yml", ROOT / "Dockerfile"]
    exist = {name for path in sources for name in read_names(path)}
    exist |= {name for path in files for name in _VARIABLE.findall(text_of(path))}
    told = {name for document in DOCUMENTS for name in _VARIABLE.findall(text_of(document))}
    guide = set(_VARIABLE.findall(text_of(CONFIGURATION) + text_of(DEPLOYMENT)))
    assert told - exist == set(), "documents name variables that nothing reads"
    assert exist - guide == set(), "variables that no guide names"


def test_variables_of_compose_are_documented() -> None:
    lines = [line.partition(" #")[0] for line in text_of(ROOT / "docker-compose.yml").splitlines()]
    used = {name for line in lines if line[:1] != "#" for name in re.findall(r"\$\{([A-Z_]+)", line)}
    _, _, rest = text_of(DEPLOYMENT).partition("\n| variable in")
    assert {name for row in table("|" + rest) for name in spans(row[0])} == used


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("## `config.yml`", settings_file._CONFIG_KEYS),
        ("Under `frontdesk:`", settings_file._OWN_KEYS),
    ],
)
def test_every_key_of_the_config_is_documented(heading: str, keys: tuple[str, ...]) -> None:
    _, _, rest = text_of(CONFIGURATION).partition(f"\n{heading}")
    named = {name for row in table(rest.partition("\nUnder ")[0]) for name in spans(row[0])}
    assert named | {"frontdesk"} == set(keys) | {"frontdesk"}


def test_example_settings_are_read_without_a_finding() -> None:
    blocks = fenced(text_of(CONFIGURATION), kind="yaml")
    environ = {"TELEGRAM_ACCESS_TOKEN": "1:a", "TELEGRAM_WEBHOOK_URL": "https://example.org"}
    report = Report()
    config, credentials = (parse_yaml(block, "example.yml", report, environ=environ) for block in blocks)
    settings = read_settings(config, None, credentials, report)
    assert report.findings == ()
    assert settings.responses.api_key_env == "WORDING_API_KEY"
    assert settings.credentials["telegram"]["access_token"] == "1:a"


def test_the_first_bot_is_made_as_written(tmp_path: Path) -> None:
    """The guide's own table, answers and test conversation, in a project of their own."""
    guide = text_of(OWN_BOT)
    rows = next(block for block in fenced(guide) if block.startswith("question,answer"))
    (tmp_path / "faq.csv").write_text(rows, encoding="utf-8")
    project = tmp_path / "my-bot"
    assert import_answers(tmp_path / "faq.csv", project).taken == 2
    blocks = fenced(guide, kind="yaml")
    answers, stories = (next(b for b in blocks if b.startswith(key)) for key in ("answers:", "stories:"))
    (project / "answers" / "own.yml").write_text(answers, encoding="utf-8")
    (project / "tests").mkdir()
    (project / "tests" / "test_first.yml").write_text(stories, encoding="utf-8")
    assert [str(finding) for finding in check_folder(project)] == []
    tests, _ = read_tests(project)
    assert [test.name for test in tests] == ["opening hours"]


def test_the_flow_of_the_guide_is_one() -> None:
    report = Report()
    block = next(block for block in fenced(text_of(OWN_BOT), kind="yaml") if block.startswith("flows:"))
    top = parse_yaml(block, "flows.yml", report)
    assert top is not None and isinstance(top.value, dict)
    flows = read_flows([top.value["flows"]], ("en",), report)
    assert report.findings == () and list(flows) == ["send_money"]
    assert [step.does for step in flows["send_money"].steps.values() if isinstance(step.does, Act)]


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    named = {
        name
        for document in DOCUMENTS
        for line in code(text_of(document))
        for name in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", line)
    }
    assert named <= targets


def test_the_word_table_is_one() -> None:
    rows = table(section(text_of(ROOT / "CONTRIBUTING.md"), "## One word for one thing"))
    assert len(rows) >= 30
    assert all(len(row) == 3 and row[0] and row[1] for row in rows)
    words = [word.strip() for row in rows for word in row[0].split(",")]
    assert len(words) == len(set(words))
    classes = {
        node.name
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.ClassDef)
    }
    named = {name for row in rows for name in spans(row[1]) if re.fullmatch(r"([A-Z][a-z]+)+", name)}
    assert named <= classes


def slugs(document: Path) -> set[str]:
    """The anchors that a heading gets on the usual forges."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text_of(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_resolve(document: Path) -> None:
    for link in _LINK.findall(_FENCED.sub("", text_of(document))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in slugs(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_named_files_and_tests_exist(document: Path) -> None:
    folders = {*ROOMS, "docs", "tests", "examples"}
    missing = []
    for span in spans(text_of(document)):
        path, _, name = span.partition("::")
        if " " in path or path.split("/")[0] not in folders or "*" in path or "…" in path:
            continue
        file = ROOT / path
        beside = document.parent / path  # an example's README speaks of its own files
        found = file.exists() or beside.exists()
        if not found or (name and not re.search(rf"def {re.escape(name)}\(", text_of(file))):
            missing.append(span)
    assert not missing, f"{document.name} names what is not there:\n" + "\n".join(missing)
