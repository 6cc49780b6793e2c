"""YAML with lines: what is read, and what a person is told when it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.project.node import number, plain
from bot.project.report import Report
from bot.project.yaml import LARGEST, Node, parse_yaml, read_yaml

# Beyond the BMP, JSON escapes in pairs that YAML does not know; such texts are written as they are.
TEXT = st.text(st.characters(max_codepoint=0xFFFF, blacklist_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def read(text: str, *, environ: dict[str, str] | None = None) -> tuple[Node | None, list[str]]:
    report = Report()
    node = parse_yaml(text, "f.yml", report, environ=environ)
    return node, [str(finding) for finding in report.findings]


@given(JSON)
def test_json_is_yaml(value: object) -> None:
    node, findings = read(json.dumps(value, ensure_ascii=True))
    assert findings == []
    assert plain(node) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_explained(text: str) -> None:
    node, findings = read(text)
    assert node is not None or findings


def test_scalars_follow_yaml_1_2() -> None:
    node, _ = read("[yes, no, on, True, null, ~, 010, 0o10, 1e3, 2026-01-01, '5', .5, -3]")
    assert plain(node) == ["yes", "no", "on", True, None, None, 10, 8, 1000.0, "2026-01-01", "5", 0.5, -3]


def test_a_number_beyond_all_bounds_is_no_number() -> None:
    node, _ = read("9" * 500)
    report = Report()
    assert node is not None and number(node, "x", report) is None
    assert "x must be a number" in str(report.findings[0])


def test_every_value_knows_its_line() -> None:
    node, _ = read("a: 1\nb:\n- x\n- c: |\n    one\n    two\n")
    assert node is not None and isinstance(node.value, dict)
    items = node.value["b"]
    assert items.place.line == 2
    assert isinstance(items.value, tuple) and isinstance(items.value[1].value, dict)
    block = items.value[1].value["c"]
    assert (block.place.line, block.literal) == (4, True)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [1, 2\nb: 3\n", 1, "Close the `[` that opens here"),
        ("a: {b: 1\nc: 2\n", 1, "Close the `{`"),
        ("a:\n\tb: 1\n", 2, "Indent with spaces"),
        ("ok: 1\na: b: c\n", 2, "Put a text that contains a colon in quotes"),
        ("a: 1\nb: 'x\nc: 2\n", 2, "Close the quotation mark"),
        ("a: @x\n", 1, "in quotes"),
        ("a: *nobody\n", 1, "Define the anchor"),
        ("a: 1\nb: 2\na: 3\n", 3, "the first is on line 1"),
        ("a: 1\n---\nb: 2\n", 3, "Keep one per file"),
        ("a: !python/object:os.system x\n", 1, "is not supported"),
        ("a: &x [*x]\n", 1, "contains itself"),
        ("a: 1\nb: \x07\n", 2, "invisible character"),
        ("? [a, b]\n: c\n", 1, "Put a text before the colon"),
    ],
)
def test_a_fault_is_told_with_line_and_mend(text: str, line: int, words: str) -> None:
    _, findings = read(text)
    assert findings[0].startswith(f"f.yml:{line}: error: ")
    assert words in findings[0]


def test_aliases_and_merge_keys_are_followed() -> None:
    node, findings = read("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\n")
    assert findings == []
    assert plain(node)["mine"] == {"x": 1, "y": 3}


def test_an_alias_bomb_is_refused() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    node, findings = read("\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *levels]))
    assert node is None and LARGEST < 10**12
    assert "aliases" in findings[0]


def test_merge_keys_amount_to_no_more_than_aliases_may() -> None:
    """Were they merged before they are counted, this would take its time."""
    wide = ", ".join(f"k{number}: 1" for number in range(30_000))
    node, findings = read(f"a: &a {{{wide}}}\nb: {{<<: [{', '.join(30_000 * ['*a'])}]}}\n")
    assert node is None and "aliases" in findings[0]


def test_deep_nesting_is_refused_kindly() -> None:
    node, findings = read("[" * 600 + "]" * 600)
    assert node is not None or "nests too deeply" in findings[0]


def test_variables_come_from_the_environment() -> None:
    node, findings = read(
        "url: http://${HOST}:${PORT}/x\nplain: $HOST", environ={"HOST": "h", "PORT": "5055"}
    )
    assert findings == []
    assert plain(node) == {"url": "http://h:5055/x", "plain": "$HOST"}


def test_an_unset_variable_is_an_error_that_names_it() -> None:
    _, findings = read("a: 1\ntoken: ${BOT_TOKEN}\n", environ={})
    assert findings == [
        "f.yml:2: error: The environment variable BOT_TOKEN is not set. "
        "Set BOT_TOKEN before the start, or remove this entry."
    ]


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes("a: 1\nb: für\n".encode("cp1252"))
    report = Report()
    assert read_yaml(path, "f.yml", report) is None
    assert str(report.findings[0]).startswith("f.yml:2: error: This file is not UTF-8.")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert plain(read_yaml(path, "f.yml", Report())) == {"a": 1}
