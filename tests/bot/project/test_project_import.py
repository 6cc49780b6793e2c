"""A Rasa project becomes a clean copy: its own words where they can stay, Rasa 3's elsewhere, no secrets."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.__main__ import cli, run
from bot.dialogue.domain import Domain
from bot.errors import ProjectError
from bot.project.load import load_project, read_project
from bot.project.plain_secrets import hide_secrets
from bot.project.project_import import ProjectImport, import_project
from bot.project.tests_file import read_tests
from bot.project.yaml import LARGEST_FILE
from tests.bot.project.conftest import WriteProject
from tests.bot.project.old_samples import RASA_1, RASA_2
from tests.bot.project.samples import PROJECT

TOKEN = "123456789:AAExampleExampleExampleExample00"


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def left(report: ProjectImport) -> dict[str, str]:
    return {each.name: each.why for each in report.left}


def meaning(domain: Domain) -> tuple[object, ...]:
    """What a bot does by its domain, without the lines it was read from."""
    rules = {(rule.name, rule.steps) for rule in domain.rules}
    stories = tuple((story.name, story.steps) for story in domain.stories)
    return (domain.slots, domain.forms, domain.responses, domain.thresholds, domain.intents, rules, stories)


def test_a_clean_project_is_copied_byte_for_byte(write_project: WriteProject, tmp_path: Path) -> None:
    unused = '# slack:\n#   slack_token: "<your token>"\n#   password: password\n'
    more = {
        "tests/test_it.yml": "stories:\n- story: x\n  steps:\n  - intent: greet\n  - action: utter_greet\n",
        "actions/actions.py": "# as it is\r\n",
        "actions/requirements.txt": "requests\n",
        "credentials.yml": f'rest:\n{unused}facebook: {{secret: "${{X}}"}}\n',
        "requirements-actions.txt": "requests\n",
    }
    source = write_project({**PROJECT, **more})
    report = import_project(source, tmp_path / "new" / "bot")
    assert files(tmp_path / "new" / "bot") == files(source)
    assert not (report.left or report.migrated or report.by_hand or report.variables)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    comments=st.lists(st.from_regex(r"# ?[\w ,.:'\"-]{0,20}", fullmatch=True), max_size=5),
    blank=st.sampled_from(["\n", "\n\n", "\r\n"]),
    names=st.lists(
        st.from_regex(r"[A-Za-z0-9 _.()+-]{1,8}", fullmatch=True), unique_by=str.lower, max_size=4
    ),
    noise=st.binary(max_size=40),
)
def test_whatever_is_clean_stays_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, comments: list[str], blank: str, names: list[str], noise: bytes
) -> None:
    folder = tmp_path_factory.mktemp("clean")
    source = folder / "old"
    (source / "data").mkdir(parents=True)
    domain = blank.join([*comments, 'version: "3.1"', "intents: [greet]", *comments, ""])
    (source / "domain.yml").write_bytes(domain.encode())
    for name in names:
        (source / "data" / f"x{name}.json").write_bytes(noise)
    import_project(source, folder / "new")
    assert files(folder / "new") == files(source)


def test_a_project_of_rasa_2_is_written_down_as_it_was_read(
    write_project: WriteProject, tmp_path: Path
) -> None:
    source = write_project(RASA_2)
    before = files(source)
    report = import_project(source, tmp_path / "bot")
    assert files(source) == before
    assert not any(each.whole for each in report.migrated) and not report.by_hand and not report.errors
    old, new = (load_project(folder, environ={}) for folder in (source, tmp_path / "bot"))
    assert meaning(new.domain) == meaning(old.domain)
    assert not [finding for finding in new.findings if "Rasa 3" in finding.message]
    again = import_project(tmp_path / "bot", tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "bot") and not again.migrated


def test_a_project_of_rasa_1(write_project: WriteProject, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("not yours\n", encoding="utf-8")
    report = import_project(write_project(RASA_1), tmp_path / "bot")
    assert dict(report.converted) == {
        "data/nlu.md": "data/nlu.yml",
        "data/responses.md": "data/responses.yml",
        "data/stories.md": "data/stories.yml",
        "tests/conversation_tests.md": "tests/test_conversation.yml",
    }
    assert {(each.place.file, each.place.line) for each in report.by_hand} == {
        ("data/nlu.md", 10),
        ("data/nlu.md", 25),
        ("data/stories.md", 11),
        ("domain.yml", 11),
    }
    project = read_project(tmp_path / "bot", environ={})
    assert project.nlu.lookups == {"city": ("Bern", "Basel")}
    assert [variation.text for variation in project.domain.responses["utter_chitchat/weather"]] == [
        "It never rains here.",
        "Look\nout of the window.",
    ]
    assert "utter_chitchat" in {
        step.name for story in project.domain.stories for step in story.steps if hasattr(step, "name")
    }
    tests, found = read_tests(tmp_path / "bot")
    assert [test.name for test in tests] == ["hello"] and not found
    assert "not yours" not in str(files(tmp_path / "bot"))


def test_what_is_no_part_of_a_bot_is_left_behind(write_project: WriteProject, tmp_path: Path) -> None:
    source = write_project(
        {
            **PROJECT,
            "models/1.tar.gz": "x",
            ".rasa/cache/cache.db": "x",
            "results/failed_test_stories.yml": "x",
            "rasa.db": "x",
            ".env": "TOKEN=x",
            "notes.txt": "x",
            "actions/__pycache__/a.pyc": "x",
            "actions/own/pyvenv.cfg": "x",
            "actions/.secret": "x",
            "data/models/nlu.yml": "nlu: []\n",
        }
    )
    report = import_project(source, tmp_path / "bot")
    assert set(left(report)) == {
        "models/",
        ".rasa/",
        "results/",
        "rasa.db",
        ".env",
        "notes.txt",
        "actions/__pycache__/",
        "actions/own/",
        "actions/.secret",
    }
    assert set(files(tmp_path / "bot")) == {*PROJECT, "data/models/nlu.yml"}


def test_links_odd_names_and_large_files(write_project: WriteProject, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "password.yml").write_text("hunter22", encoding="utf-8")
    source = write_project(
        {**PROJECT, "shared/more.yml": "nlu: []\n", "credentials.yml": "rest:\n", ".env": "x"}
    )
    (source / "data" / "away.yml").symlink_to(outside / "password.yml")
    (source / "data" / "folder").symlink_to(outside)
    (source / "actions").symlink_to(outside)
    (source / "bell\x07").mkdir()
    (source / "data" / "bell\x07").mkdir()
    (source / "data" / "none.yml").symlink_to("nothing.yml")
    (source / "data" / "here.yml").symlink_to("../shared/more.yml")
    (source / "data" / "sly.yml").symlink_to("../credentials.yml")
    (source / "data" / "slyer.yml").symlink_to("../.env")
    (source / "data" / "bell\x07.yml").write_text("nlu: []\n", encoding="utf-8")
    (source / "data" / "a\\..\\up.yml").write_text("nlu: []\n", encoding="utf-8")
    Path(os.fsdecode(os.fsencode(source / "data") + b"/\xff.yml")).write_text("nlu: []\n", encoding="utf-8")
    os.mkfifo(source / "data" / "pipe.yml")
    with (source / "data" / "large.json").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    report = import_project(source, tmp_path / "bot")
    assert {name.removeprefix("data/") for name in left(report)} == {
        ".env",
        "shared/",
        "away.yml",
        "folder/",
        "none.yml",
        "sly.yml",
        "slyer.yml",
        "bell?.yml",
        "bell?/",
        "bell?",
        "actions",
        "?.yml",
        "pipe.yml",
        "large.json",
    }
    assert json.dumps(report.to_json(), ensure_ascii=False).encode()
    copied = files(tmp_path / "bot")
    assert copied["data/here.yml"] == b"nlu: []\n" and "data/a\\..\\up.yml" in copied
    assert not any(path.is_symlink() for path in (tmp_path / "bot").rglob("*"))


def test_secrets_of_calls_become_variables(write_project: WriteProject, tmp_path: Path) -> None:
    endpoints = """\
action_endpoint:
  url: http://localhost:5055/webhook
  token_name: access_token
  token: hunter21
  headers: {Authorization: Bearer hunter22, X-ApiKey: hunter23, Cookie: s=hunter24, Accept-Language: en}
  params: {code: hunter25, sig: hunter26, lang: en}
nlg:
  url: http://localhost:5056/nlg
  basic_auth: {username: bot, password: hunter27}
"""
    source = write_project({**PROJECT, "endpoints.yml": endpoints})
    report = import_project(source, tmp_path / "bot")
    kept = files(tmp_path / "bot")["endpoints.yml"].decode()
    assert "hunter" not in kept + json.dumps(report.to_json())
    assert "token_name: access_token" in kept and "Accept-Language: en" in kept and "username: bot" in kept
    names = [each.name for each in report.variables]
    assert [name.removeprefix("ACTION_ENDPOINT_") for name in names] == [
        "TOKEN",
        "HEADERS_AUTHORIZATION",
        "HEADERS_X_APIKEY",
        "HEADERS_COOKIE",
        "PARAMS_CODE",
        "PARAMS_SIG",
        "NLG_BASIC_AUTH_PASSWORD",
    ]
    endpoint = load_project(tmp_path / "bot", environ=dict.fromkeys(names, "x")).settings.action_endpoint
    assert endpoint and endpoint.headers == {
        "Authorization": "x",
        "X-ApiKey": "x",
        "Cookie": "x",
        "Accept-Language": "en",
    }


def test_secrets_become_variables(write_project: WriteProject, tmp_path: Path) -> None:
    credentials = f"""\
telegram:
  access_token: "{TOKEN}"   # was xoxb-111111111111-abcdefgh
  verify: my_bot
#  old_token: hunter33
several: {{tokens: [one1234567], "tokens!": [two1234567]}}
addons.shop.Channel: {{password: 12345678, port: 8000, secret: '${{MINE}}'}}
"""
    endpoints = """\
action_endpoint:
  url: http://localhost:5055/webhook
tracker_store:
  url: postgresql://bot:hunter22@db/rasa
"""
    source = write_project({**PROJECT, "credentials.yml": credentials, "endpoints.yml": endpoints})
    report = import_project(source, tmp_path / "bot")
    assert [(each.name, str(each.place)) for each in report.variables] == [
        ("TELEGRAM_ACCESS_TOKEN", "credentials.yml:2"),
        ("SEVERAL_TOKENS_0", "credentials.yml:5"),
        ("SEVERAL_TOKENS_0_2", "credentials.yml:5"),
        ("ADDONS_SHOP_CHANNEL_PASSWORD", "credentials.yml:6"),
        ("TRACKER_STORE_URL", "endpoints.yml:4"),
    ]
    everything = str(files(tmp_path / "bot")) + json.dumps(report.to_json())
    for secret in (TOKEN, "hunter22", "hunter33", "12345678", "xoxb-1", "1234567"):
        assert secret not in everything
    assert b"verify: my_bot\n" in files(tmp_path / "bot")["credentials.yml"]
    assert not report.errors  # the variables that were told of count as set
    values = {
        "TELEGRAM_ACCESS_TOKEN": "a:b",
        "ADDONS_SHOP_CHANNEL_PASSWORD": "c",
        "TRACKER_STORE_URL": "d",
        "MINE": "e",
    }
    told = load_project(tmp_path / "bot", environ=values).settings.credentials
    assert told["telegram"]["access_token"] == "a:b"
    assert told["addons.shop.Channel"] == {"password": "c", "port": 8000, "secret": "e"}


@pytest.mark.parametrize(
    "text",
    [
        "a: {token: [",
        "telegram:\n  token: one1234\n  token: two1234\n",
        "base: &base {token: hunter22}\nslack: *base\n",
        "text: |\n  # token: hunter22\n",
        "a: {token: abcdef12}\nnote: abcdef12 is the token\n",
    ],
)
def test_where_a_secret_could_remain_nothing_is_copied(
    write_project: WriteProject, tmp_path: Path, text: str
) -> None:
    report = import_project(write_project({**PROJECT, "credentials.yml": text}), tmp_path / "bot")
    assert "no secret could be taken out" in left(report)["credentials.yml"]
    assert "credentials.yml" not in files(tmp_path / "bot")


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=6, max_size=30), st.booleans()
)
def test_no_secret_is_given_back(secret: str, flow: bool) -> None:
    quoted = json.dumps(secret)
    text = f"chat: {{token: {quoted}, port: 1}}\n" if flow else f"chat:\n  token: {quoted}  # {secret}\n"
    hidden = hide_secrets(text, "credentials.yml")
    assert hidden is None or secret not in hidden.text or secret in "${CHAT_TOKEN}"


def test_what_is_no_utf_8_is_copied_unless_it_may_hold_secrets(
    write_project: WriteProject, tmp_path: Path
) -> None:
    source = write_project(PROJECT)
    latin = "nlu:\n- intent: grüß\n".encode("latin-1")
    (source / "data" / "latin.yml").write_bytes(latin)
    (source / "credentials.yml").write_bytes(latin)
    report = import_project(source, tmp_path / "bot")
    assert files(tmp_path / "bot")["data/latin.yml"] == latin
    assert set(left(report)) == {"credentials.yml"}
    assert report.errors == 1 and "not UTF-8" in report.findings[0].message


def test_nothing_is_written_over(write_project: WriteProject, tmp_path: Path) -> None:
    source = write_project(PROJECT)
    target = tmp_path / "bot"
    target.mkdir()
    (target / "mine.txt").write_text("mine", encoding="utf-8")
    for taken in (target, source):
        with pytest.raises(ProjectError, match="is not empty, and nothing is written over"):
            import_project(source, taken)
    assert files(target) == {"mine.txt": b"mine"}
    (target / "mine.txt").unlink()
    import_project(source, target)  # an empty folder is as good as none
    import_project(source, source / "data" / "copy")  # nor does a copy within copy itself
    assert set(files(source / "data" / "copy")) == set(PROJECT)
    with pytest.raises(ProjectError, match="is no Rasa project"):
        import_project(tmp_path / "bot" / "data", tmp_path / "other")
    assert not (tmp_path / "other").exists()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ProjectError, match="cannot be written"):
        import_project(source, tmp_path / "file" / "bot")


def test_a_file_with_aliases_is_written_anew(write_project: WriteProject, tmp_path: Path) -> None:
    domain = "version: '2.0'\nslots:\n  a: &a {type: unfeaturized}\n  b: *a\n# the end\n"
    source = write_project({"domain.yml": domain})
    report = import_project(source, tmp_path / "bot")
    assert {(each.file, each.whole) for each in report.migrated} == {("domain.yml", True)}
    old, new = (read_project(folder, environ={}).domain for folder in (source, tmp_path / "bot"))
    assert meaning(old) == meaning(new)


def test_the_command_tells_what_it_did(write_project: WriteProject, tmp_path: Path) -> None:
    files_of_it = {
        **RASA_2,
        "models/x.tar.gz": "x",
        "credentials.yml": f"telegram: {{access_token: '{TOKEN}'}}\n",
    }
    source, target = write_project(files_of_it), tmp_path / "bot"
    told = CliRunner().invoke(cli, ["import", str(source), str(target)], standalone_mode=False).output
    for part in (
        f"7 files in {target}; the original is as it was.",
        "models/: trained models are made anew",
        "forms keep the mappings of their slots; they belong under the slots: domain.yml\n",
        "TELEGRAM_ACCESS_TOKEN, in credentials.yml:1",
        "frontdesk check finds 0 errors and",
        f"Next: frontdesk check {target}",
    ):
        assert part in told
    assert TOKEN not in told


def test_options_of_tables_are_refused(
    write_project: WriteProject, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_project(PROJECT)
    assert run(["import", str(source), str(source.parent / "new"), "--language", "en"]) == 2
    assert run(["import", str(source), str(source.parent / "new"), "--not-vetted"]) == 2
    assert "is for a table" in capsys.readouterr().err
    assert run(["import", str(source), str(source)]) == 1
    assert "is not empty" in capsys.readouterr().err
