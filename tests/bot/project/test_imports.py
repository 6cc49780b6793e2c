"""Projects that are made of several, as Rasa's importer of several projects has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.project.load import load_project, read_project
from bot.project.model import Project
from bot.project.project_import import import_project

SEVERAL = "importers:\n- name: MultiProjectImporter\nimports:\n"


def nlu(intent: str, *texts: str) -> str:
    return f"nlu:\n- intent: {intent}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project beside two others; the second is imported by the first alone."""
    files = {
        "main/config.yml": SEVERAL + "- ../greet\n- skills/rent/\n",
        "main/domain.yml": "intents: [stop]\nresponses:\n  utter_hello:\n  - text: Main.\n",
        "main/data/nlu.yml": nlu("stop", "stop it", "no more"),
        "main/skills/rent/nlu.yml": nlu("rent", "a boat", "a bike"),
        "main/skills/rent/domain.yml": "intents: [rent]\n",
        "main/skills/rent/credentials.yml": "slack: {slack_token: hunter22}\n",
        "greet/config.yml": "imports: [../bye]\npipeline: [{name: strange.Thing}]\nlanguage: zh\n",
        "greet/domain/all.yml": "intents: [greet]\nresponses:\n  utter_hello:\n  - text: Hello.\n",
        "greet/data/any.yml": nlu("greet", "hello", "hi")
        + "rules:\n- rule: greet\n  steps:\n  - intent: greet\n  - action: utter_hello\n",
        "greet/tests/test_stories.yml": "stories:\n- story: t\n  steps:\n  - intent: nowhere\n",
        "greet/credentials.yml": "rest:\n",
        "greet/endpoints.yml": "action_endpoint: {url: 'http://elsewhere/webhook'}\n",
        "greet/docker-compose.yml": "services: !reset {a: 1}\n",
        "bye/config.yml": "imports: [../greet, ../main]\n",
        "bye/parts/stories.yml": "stories:\n- story: bye\n  steps: [{intent: stop}, {action: utter_bye}]\n",
        "bye/parts/responses.yml": "responses:\n  utter_bye:\n  - text: Bye.\n",
        "bye/parts/more.json": """{"rasa_nlu_data":
            {"common_examples": [{"text": "adieu", "intent": "stop"}]}}""",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path / "main"


def told(project: Project) -> list[str]:
    return [str(finding) for finding in project.findings]


def test_domain_examples_rules_and_stories_of_all_are_one_bots(folder: Path) -> None:
    project = load_project(folder)
    assert project.domain.intents == {"stop", "greet", "rent"}
    assert sorted(example.text for example in project.nlu.examples) == sorted(
        ["stop it", "no more", "a boat", "a bike", "hello", "hi", "adieu"]
    )
    assert [rule.name for rule in project.domain.rules] == ["greet"]
    assert [story.name for story in project.domain.stories] == ["bye"]
    assert project.domain.responses["utter_hello"][0].text == "Main."
    assert project.domain.responses["utter_bye"][0].text == "Bye."
    assert (project.settings.language, project.settings.action_endpoint) == ("en", None)
    assert project.places["intent:greet"].file == "../greet/domain/all.yml"
    assert not any("docker" in line or "strange" in line or "has no effect" in line for line in told(project))


def test_what_is_wrong_there_is_told_by_its_path(folder: Path) -> None:
    (folder.parent / "greet/data/any.yml").write_text("nlu:\n- intent: greet\n  examples: [\n")
    findings = told(read_project(folder))
    assert any("../greet/data/any.yml:4: error: This is not valid YAML" in line for line in findings), (
        findings
    )


def test_the_clean_copy_has_what_lies_within_and_names_the_rest(folder: Path) -> None:
    report = import_project(folder, folder.parent / "copy")
    assert "skills/rent/domain.yml" in report.copied
    assert [left.name for left in report.left] == ["skills/rent/credentials.yml"]
    (remark,) = report.by_hand
    assert str(remark.place) == "config.yml:4" and "`../greet`" in remark.message
    assert read_project(folder.parent / "copy").domain.intents == {"stop", "greet", "rent"}


def test_a_project_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "config.yml").write_text(SEVERAL + "- ../nowhere\n")
    assert (
        "config.yml:4: warning: The imported project `../nowhere` is not there."
        in told(read_project(folder))[0]
    )


def test_what_lies_outside_the_folder_around_it_is_said(folder: Path, tmp_path: Path) -> None:
    outer = tmp_path / "main" / "inner"
    outer.mkdir()
    (outer / "config.yml").write_text(SEVERAL + "- ../../greet\n")
    (outer / "domain.yml").write_text("intents: [x]\n")
    project = read_project(outer)
    assert "greet" in project.domain.intents
    assert any("config.yml:4: warning: This imports from outside" in line for line in told(project))


@pytest.mark.parametrize("name", ["RasaFileImporter", "rasa.shared.importers.rasa.RasaFileImporter"])
def test_rasas_own_importer_reads_the_project_alone(folder: Path, name: str) -> None:
    (folder / "config.yml").write_text(f"importers:\n- name: {name}\nimports: [../greet]\n")
    project = read_project(folder)
    assert project.domain.intents == {"stop"}
    assert ["config.yml:3: warning: `imports` has no effect" in line for line in told(project)] == [True]


def test_an_importer_of_somebody_elses_is_named(folder: Path) -> None:
    (folder / "config.yml").write_text("importers:\n- name: our.GitImporter\n  repository: x\n")
    findings = told(read_project(folder))
    assert any(
        "config.yml:2: warning: The importer `our.GitImporter` is not run" in line for line in findings
    )


@pytest.mark.parametrize("path", ["..", "/", "."])
def test_a_folder_that_holds_the_project_is_not_walked(folder: Path, path: str) -> None:
    (folder / "config.yml").write_text(f"{SEVERAL}- {path}\n")
    project = load_project(folder)
    assert project.domain.intents == {"stop"}
    assert f"config.yml:4: warning: The import `{path}` holds this project itself" in "\n".join(told(project))
