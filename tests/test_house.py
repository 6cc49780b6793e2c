"""Holds the house's rules that linters do not know: sizes, names, imports, dangerous calls, secrets compared.

Reads the tracked source; each test prints every violation at once, with file and line.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "nlu", "retrieval", "training", "actions")
LONGEST_FILE = 300
LONGEST_TEST = 600
LONGEST_FUNCTION = 40
DEEPER = ROOT / "bot" / "store" / "migrations"  # Alembic's own layout
NO_NAMES = frozenset({"utils", "util", "common", "shared", "helpers", "constants", "misc"})
FORBIDDEN_MODULES = frozenset(
    {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
)
FORBIDDEN_CALLS = frozenset({"eval", "exec", "torch.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load"})
SECRET_ENDINGS = ("signature", "digest", "token", "secret", "mac")
HEAVY = ("torch", "transformers", "sentence_transformers", "sklearn", "rasa_sdk")

# What each room may count on beside the plain dependencies. rasa-sdk pins the server it stands on (sanic).
EXTRAS = {
    "bot": ("postgres",),
    "nlu": (),
    "retrieval": ("cpu",),
    "training": ("cpu", "train"),
    "actions": ("cpu", "actions"),
}
BROUGHT_ALONG = {"actions": {"sanic"}}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Check = Callable[[Path, ast.Module], Iterator[tuple[int, str]]]


def sources(*folders: str) -> list[Path]:
    """Python files below the folders, in order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def report(violations: list[str]) -> None:
    assert not violations, f"{len(violations)} against the rules:\n" + "\n".join(violations)


def violations(check: Check, *folders: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in sources(*folders)
        for line, what in check(path, tree(path))
    ]


def functions(module: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(module) if isinstance(node, Function))


def dotted(node: ast.AST) -> str:
    """`a.b.c` for names and attributes, empty for anything else."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            before = dotted(value)
            return f"{before}.{name}" if before else ""
        case _:
            return ""


def imported(node: ast.AST) -> list[str]:
    """The modules that an import statement names."""
    match node:
        case ast.Import(names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case _:
            return []


def too_long(path: Path, _: ast.Module) -> Iterator[tuple[int, str]]:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = LONGEST_TEST if path.is_relative_to(ROOT / "tests") else LONGEST_FILE
    if lines > limit:
        yield limit, f"{lines} lines, at most {limit}"


def long_functions(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    for function in functions(module):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > LONGEST_FUNCTION:
            yield function.lineno, f"{function.name} has {length} lines, at most {LONGEST_FUNCTION}"


def local_imports(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    for function in functions(module):
        for node in ast.walk(function):
            if imported(node):
                yield node.lineno, f"{function.name} imports {', '.join(imported(node))} inside itself"  # type: ignore[attr-defined]  # imports have lines


def missing_docstring(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    if not (ast.get_docstring(module) or "").strip():
        yield 1, "no docstring says what the file knows"


def more_than_docstring(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    if path.name == "__init__.py" and len(module.body) > 1:
        yield module.body[1].lineno, "__init__.py holds more than its docstring"


def dangerous(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        named = {name.partition(".")[0] for name in imported(node)} & FORBIDDEN_MODULES
        if named:
            yield node.lineno, f"imports {', '.join(sorted(named))}"  # type: ignore[attr-defined]  # imports have lines
        if isinstance(node, ast.Call) and dotted(node.func) in FORBIDDEN_CALLS:
            yield node.lineno, f"calls {dotted(node.func)}"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and not _is_false(node.value):
            yield node.value.lineno, "allows pickles"


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def compared_secrets(path: Path, module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        pairs = zip(sides, node.ops, sides[1:], strict=False)
        for left, operator, right in pairs:
            if isinstance(operator, ast.Eq | ast.NotEq) and not _literal(left) and not _literal(right):
                for name in filter(_secret, (left, right)):
                    yield node.lineno, f"compares {ast.unparse(name)} with ==; use hmac.compare_digest"


def _literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _secret(node: ast.expr) -> bool:
    """Whether the name of a value, or of the call that makes it, says that it is one."""
    named = dotted(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2].lower()
    return named.rpartition("_")[2].endswith(SECRET_ENDINGS)


@pytest.mark.parametrize(
    ("check", "folders"),
    [
        (too_long, (*ROOMS, "tests")),
        (long_functions, ROOMS),
        (local_imports, (*ROOMS, "tests")),
        (missing_docstring, (*ROOMS, "tests")),
        (more_than_docstring, (*ROOMS, "tests")),
        (dangerous, (*ROOMS, "tests")),
        (compared_secrets, ("bot", "actions")),  # elsewhere a token is a model's
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_source_keeps_the_rules(check: Check, folders: tuple[str, ...]) -> None:
    report(violations(check, *folders))


def test_rooms_are_one_folder_deep() -> None:
    found = [
        f"{path.relative_to(ROOT)}: deeper than one folder"
        for path in sources(*ROOMS)
        if len(path.relative_to(ROOT).parts) > 3 and not path.is_relative_to(DEEPER)
    ]
    report(found)


def test_no_module_is_named_after_nothing() -> None:
    report(
        [
            f"{path.relative_to(ROOT)}: name it after what it knows"
            for path in sources(*ROOMS, "tests")
            if {path.stem, path.parent.name} & NO_NAMES
        ]
    )


def test_every_package_has_its_init() -> None:
    """A room's folder without one is packaged all the same, but has nowhere to say what it is."""
    folders = {path.parent for path in sources(*ROOMS)}
    report(
        [
            f"{folder.relative_to(ROOT)}: no __init__.py"
            for folder in sorted(folders)
            if not (folder / "__init__.py").is_file()
        ]
    )


@pytest.mark.parametrize("module", ["bot.app", "bot.__main__", "bot.cli.serve", "bot.cli.chat"])
def test_serving_loads_no_training_library(module: str) -> None:
    """At run time, not by contract alone: what a dependency drags in counts too."""
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_core_loads_without_its_surroundings() -> None:
    outside = {"aiohttp", "sqlalchemy", "onnxruntime", "faiss", "tokenizers", "click"}
    code = f"import sys, bot.dialogue.turn; print(*sorted(set(sys.modules) & {outside!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def declared(room: str) -> set[str]:
    """The distributions that `pyproject.toml` promises to this room."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in EXTRAS[room] for line in optional[extra])]
    return {canonical(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_imports_is_declared(room: str) -> None:
    """An import that only works because something else brought it along breaks a smaller installation."""
    known = {*sys.stdlib_module_names, *ROOMS, *BROUGHT_ALONG.get(room, ())}
    providers, promised = packages_distributions(), declared(room)
    undeclared: list[str] = []
    for path in sources(room):
        for node in ast.walk(tree(path)):
            for name in {module.partition(".")[0] for module in imported(node)} - known:
                if not {canonical(found) for found in providers.get(name, ())} & promised:
                    undeclared.append(
                        f"{path.relative_to(ROOT)}: imports {name}, which no extra of {room} has"
                    )
    report(sorted(set(undeclared)))


class TestTheRulesThemselves:
    """Each check finds what it is for: a rule that never fires holds nothing."""

    @pytest.mark.parametrize(
        ("check", "source"),
        [
            (long_functions, "def f():\n" + "    x = 1\n" * 40),
            (local_imports, "def f():\n    import os"),
            (local_imports, "async def f():\n    if True:\n        from os import path"),
            (missing_docstring, "import os"),
            (dangerous, "import pickle"),
            (dangerous, "from joblib import load"),
            (dangerous, "eval('1')"),
            (dangerous, "torch.load('x')"),
            (dangerous, "np.load('x', allow_pickle=True)"),
            (compared_secrets, "a.signature == b"),
            (compared_secrets, "x != self._mac(visitor)"),
            (compared_secrets, "given == csrf_token"),
        ],
    )
    def test_fires(self, check: Check, source: str) -> None:
        assert list(check(ROOT / "x.py", ast.parse(source)))

    @pytest.mark.parametrize(
        ("check", "source"),
        [
            (dangerous, "np.load('x', allow_pickle=False)"),
            (dangerous, "model.eval()"),
            (compared_secrets, "token == 'word'"),
            (compared_secrets, "hmac.compare_digest(a.signature, b)"),
            (compared_secrets, "machine == other"),
        ],
    )
    def test_leaves_alone(self, check: Check, source: str) -> None:
        assert not list(check(ROOT / "x.py", ast.parse(source)))
