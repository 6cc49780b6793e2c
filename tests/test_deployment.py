"""Holds the containers' files: schema, what is published, what is kept secret, and that each command works.

There is no container engine here: a service's own command, health check and environment are run by hand, its
addresses and paths exchanged for those of this machine, against a real PostgreSQL.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement

from tests.bot.serving import Running, free_port

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where there is no XDG_RUNTIME_DIR
    from pgserver.postgres_server import get_server

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("bot", "actions", "trainer", "trainer-cpu")
REQUIRED = {"FRONTDESK_SECRET": "a secret of the tests, long enough", "POSTGRES_PASSWORD": "letters"}
HEAVY = frozenset({"torch", "transformers", "sentence-transformers", "scikit-learn", "rasa-sdk"})

_REFERENCE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}")


class Unset(Exception):
    """A required variable of the compose file has no value."""


def interpolate(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with its `${NAME}`, `${NAME:-default}` and `${NAME:?message}` filled, as Compose does."""

    def fill(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if given := variables.get(name, ""):
            return given
        if kind == ":?":
            raise Unset(rest)
        return rest or ""

    match value:
        case str():
            return _REFERENCE.sub(fill, value)
        case dict():
            return {key: interpolate(item, variables) for key, item in value.items()}
        case list():
            return [interpolate(item, variables) for item in value]
        case _:
            return value


@dataclass(slots=True)
class Stage:
    """One `FROM … AS name` of the Dockerfile: its instructions in order, its base's own before them."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def last(self, kind: str) -> str:
        return [text for name, text in self.instructions if name == kind][-1]

    def command(self) -> list[str]:
        return [str(word) for word in json.loads(self.last("CMD"))]

    def health_check(self) -> list[str]:
        return [str(word) for word in json.loads(self.last("HEALTHCHECK").partition("CMD ")[2])]

    def environment(self) -> dict[str, str]:
        pairs = (pair for name, text in self.instructions if name == "ENV" for pair in shlex.split(text))
        return dict(pair.split("=", 1) for pair in pairs)


def read_stages() -> dict[str, Stage]:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    stages: dict[str, Stage] = {}
    current = Stage("")
    for line in text.splitlines():
        kind, _, rest = line.strip().partition(" ")
        if not kind or kind.startswith("#"):
            continue
        if kind == "FROM":
            base, _, name = rest.partition(" AS ")
            current = stages[name] = Stage(base, list(stages[base].instructions) if base in stages else [])
        else:
            current.instructions.append((kind, rest.strip()))
    return stages


STAGES = read_stages()


def test_compose_is_valid_by_the_official_schema() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)


def test_variables_that_must_be_set_are_asked_for() -> None:
    for name in REQUIRED:
        others = {other: value for other, value in REQUIRED.items() if other != name}
        with pytest.raises(Unset, match=name):
            interpolate(COMPOSE, others)
    interpolate(COMPOSE, REQUIRED)


def test_only_the_bot_is_published() -> None:
    """And, as long as nobody says otherwise, to this machine alone."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["bot"]
    assert interpolate(SERVICES["bot"]["ports"], {}) == ["127.0.0.1:8080:8080"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert [name for name, service in SERVICES.items() if service["networks"] != ["inside"]] == ["bot"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_confined(name: str) -> None:
    service, stage = SERVICES[name], STAGES[SERVICES[name]["build"]["target"]]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    user = stage.last("USER").partition(":")[0]
    assert user.isdecimal() and int(user) > 0
    writable = [volume for volume in service["volumes"] if not volume.endswith(":ro")]
    assert writable == (["home:/var/lib/frontdesk"] if name.startswith("trainer") else [])


@pytest.mark.parametrize("name", OURS)
def test_compose_and_image_run_the_same_command(name: str) -> None:
    assert SERVICES[name]["command"] == STAGES[SERVICES[name]["build"]["target"]].command()


def test_only_one_trainer_asks_for_a_gpu_and_neither_starts_by_itself() -> None:
    devices = SERVICES["trainer"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]
    without_gpu = {key: value for key, value in SERVICES["trainer"].items() if key != "deploy"}
    assert {**without_gpu, "profiles": ["train-cpu"]} == SERVICES["trainer-cpu"]
    assert all(SERVICES[name]["profiles"] for name in OURS if name.startswith("trainer"))


def test_images_hold_no_secret() -> None:
    """Only source is copied, from a list of what may be; no variable of a build is a credential."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert ignored[next(i for i, line in enumerate(ignored) if line[:1] != "#")] == "*"
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    for stage in STAGES.values():
        for kind, text in stage.instructions:
            words = [word for word in shlex.split(text) if not word.startswith("--")]
            if kind in ("COPY", "ADD") and "--from" not in text:
                assert set(words[:-1]) <= allowed, text
                assert all((ROOT / word).exists() for word in words[:-1]), text
            if kind in ("ENV", "ARG"):
                named = {word.partition("=")[0] for word in words}
                assert not {n for n in named if re.search(r"SECRET|PASSWORD|(?<!NO_)KEY|TOKEN$", n)}, text


def closure(extras: set[str]) -> set[str]:
    """The distributions that an install with these extras brings, by the metadata of those here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    wanted += [Requirement(line) for extra in extras for line in optional[extra]]
    found: set[tuple[str, str]] = set()
    names: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        for extra in ("", *requirement.extras):
            if (requirement.name.lower(), extra) in found:
                continue
            found.add((requirement.name.lower(), extra))
            names.add(re.sub(r"[-_.]+", "-", requirement.name).lower())
            with contextlib.suppress(PackageNotFoundError):
                below = [Requirement(line) for line in requires(requirement.name) or ()]
                wanted += [r for r in below if r.marker is None or r.marker.evaluate({"extra": extra})]
    return names


def extras(target: str) -> set[str]:
    """The extras that the image of this target is installed with."""
    built = STAGES[f"build-{target}"].last("RUN")
    return set(re.findall(r'"\.\[([\w,]+)\]"', built)[0].split(","))


def test_the_serving_image_holds_no_training_library() -> None:
    installed = closure(extras("bot"))
    assert {"aiohttp", "onnxruntime", "asyncpg", "faiss-cpu"} <= installed
    assert not installed & HEAVY


def test_the_other_images_hold_what_they_need() -> None:
    assert "rasa-sdk" in closure(extras("actions")) and "torch" not in closure(extras("actions"))
    assert {"torch", "asyncpg", "rasa-sdk"} <= closure(extras("trainer"))


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine in place of the containers: where their paths and addresses are."""

    project: Path
    home: Path
    database: str
    ports: dict[str, int]

    def here(self, text: str) -> str:
        """A path, port or address of the containers as it is here."""
        if text.startswith("postgresql+asyncpg://"):
            return self.database
        text = text.replace("http://actions:5055", f"http://127.0.0.1:{self.ports['actions']}")
        text = re.sub(r"\b8080\b", str(self.ports["bot"]), text)
        text = re.sub(r"\b5055\b", str(self.ports["actions"]), text)
        return text.replace("/var/lib/frontdesk", str(self.home)).replace("/project", str(self.project))

    def words(self, command: list[str]) -> list[str]:
        programs = {"frontdesk": [sys.executable, "-m", "bot"], "python": [sys.executable]}
        return [*programs[command[0]], *(self.here(word) for word in command[1:])]

    def environment(self, name: str) -> dict[str, str]:
        """What the container would have, and nothing of this process but where programs are."""
        image = STAGES[SERVICES[name]["build"]["target"]].environment()
        given = {**image, **interpolate(SERVICES[name].get("environment", {}), REQUIRED)}
        given.pop("ORT_DISABLE_TELEMETRY", None)  # the programs set it themselves
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return {**{key: self.here(value) for key, value in given.items()}, **own}

    def run(self, name: str, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(command),
            env=self.environment(name),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextlib.contextmanager
    def started(self, name: str) -> Iterator[subprocess.Popen[str]]:
        """The service's own command under way, healthy by its image's own check."""
        child = subprocess.Popen(
            self.words(SERVICES[name]["command"]),
            env=self.environment(name),
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            check = STAGES[SERVICES[name]["build"]["target"]].health_check()
            deadline = time.monotonic() + 60
            while self.run(name, check).returncode != 0:
                assert child.poll() is None, child.communicate()[0]
                assert time.monotonic() < deadline, f"{name} was not healthy in time"
            yield child
        finally:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.communicate(timeout=20)
            child.kill()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    folder = tempfile.mkdtemp(prefix="frontdesk-pg-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = get_server(folder, cleanup_mode="delete")
    yield running
    running.cleanup()


@pytest.fixture
def machine(postgres: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    """A machine with an empty database, no bundle, and a project whose actions are ours."""
    name = f"d{abs(hash(request.node.name))}"
    postgres.psql(f"CREATE DATABASE {name};")
    url = postgres.get_uri(name).replace("postgresql://", "postgresql+asyncpg://", 1)
    project, home = tmp_path / "bot", tmp_path / "home"
    shutil.copytree(ROOT / "tests" / "small_project", project, ignore=shutil.ignore_patterns("actions"))
    for path in ("domain.yml", "data/rules.yml"):
        text = (project / path).read_text(encoding="utf-8")
        (project / path).write_text(text.replace("action_break", "action_triage"), encoding="utf-8")
    home.mkdir()
    return Machine(project, home, url, {"bot": free_port(), "actions": free_port()})


def count(postgres: Any, machine: Machine, sql: str) -> int:
    """The one number that `sql` gives."""
    name = re.search(r"/(d\d+)\?", machine.database)
    assert name
    told = re.search(r"^\s*(\d+)\s*$", str(postgres.psql(f"\\c {name[1]}\n{sql};")), re.MULTILINE)
    assert told
    return int(told[1])


def contents(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_bot_and_actions_serve_from_postgresql(
    machine: Machine, postgres: Any, trained_project: Path
) -> None:
    shutil.copytree(trained_project / ".frontdesk" / "bundles", machine.home / "bundles")
    before = contents(machine.home)
    with machine.started("actions"), machine.started("bot") as bot:
        running = Running(bot, f"http://127.0.0.1:{machine.ports['bot']}")
        assert running.say("good morning", sender="ann") == ["Hello, this is the Blue Door."]
        assert "noon to 11 pm" in running.say("what are your opening hours?", sender="ann")[0]
        triaged = running.say("please run the broken job", sender="ann")
        added = machine.run(
            "bot",
            ["frontdesk", "users", "add", "kim", "--project", "/project", "--password", "a long password"],
        )
    assert triaged and "could not complete" not in triaged[0]
    assert added.returncode == 0, added.stderr
    assert count(postgres, machine, "SELECT count(*) FROM events WHERE body::text LIKE '%action_triage%'")
    assert count(postgres, machine, "SELECT count(*) FROM users") == 1
    assert contents(machine.home) == before, "these services only read the volume, and report to nobody"


def test_a_bot_without_a_bundle_says_what_to_do(machine: Machine) -> None:
    """The serving image has no training library; here its absence is played."""
    (machine.home / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n")
    environment = machine.environment("bot")
    environment["PYTHONPATH"] = f"{machine.home}:{environment['PYTHONPATH']}"
    done = subprocess.run(
        machine.words(SERVICES["bot"]["command"]),
        env=environment,
        cwd=machine.home,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "frontdesk[train]" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_the_trainer_makes_the_first_bundle_and_then_learns(machine: Machine) -> None:
    """The first by the guide's own line; then, with something new to learn, the service's own command."""
    guide = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    first = re.search(r"docker compose run --rm trainer-cpu (frontdesk train .*)", guide)
    assert first
    done = machine.run("trainer", first[1].split())
    assert done.returncode == 0, done.stderr
    answers = machine.project / "answers" / "new.yml"
    answers.write_text("answers: [{id: dogs, text: Dogs are welcome., questions: [may I bring my dog]}]\n")
    learnt = machine.run("trainer", SERVICES["trainer"]["command"])
    assert learnt.returncode in (0, 1), learnt.stderr  # whether the candidate passes is the gate's business
    assert len(list((machine.home / "bundles").glob("2*Z-*"))) == 2, learnt.stderr
    assert list((machine.home / "reports").glob("*/report.md")), learnt.stderr
