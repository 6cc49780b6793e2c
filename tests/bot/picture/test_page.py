"""The page: complete, closed to everything that is not its own, and every link of it leads somewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from bot.picture.graph import Graph, Kind
from bot.picture.page import page_of
from tests.bot.picture.bots import evil_bot, example_bot

_TAGS = """
html head meta title style script body a header main nav section article div span p h1 h2 h3 h4 ul ol li label
input button b i small code wbr
"""


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.inside: dict[str, str] = {}
        self.text = ""
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("style", "script"):
            self.inside[self._open] = self.inside.get(self._open, "") + data
        else:
            self.text += data

    def values(self, name: str) -> list[str]:
        return [value for found, value in self.attributes if found == name]


def test_it_runs_its_own_script_and_loads_nothing(graph: Graph) -> None:
    page = Page(page_of(graph))
    assert page.tags <= set(_TAGS.split())
    assert {name for name, _ in page.attributes} & {"src", "style", "srcset", "action"} == set()
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert all(value.startswith("#") for value in page.values("href"))
    (policy,) = (value for value in page.values("content") if "default-src" in value)
    for kind, text in page.inside.items():
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r"https?:|@import|url\(", page.inside["style"] + page.inside["script"])


def test_every_link_leads_to_a_row_and_every_row_is_one(graph: Graph) -> None:
    page = Page(page_of(graph))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {unquote(link[1:]) for link in page.values("href")} <= {unquote(one) for one in ids}


def test_the_example_is_on_it_completely(tmp_path: Path) -> None:
    graph = example_bot(tmp_path)
    text = Page(page_of(graph)).text
    for node in graph.of_kind(Kind.INTENT, Kind.FORM, Kind.RULE, Kind.STORY, Kind.RESPONSE, Kind.SLOT):
        assert node.name in text, node.key
        assert node.kind is Kind.SLOT or str(node.place) in text, node.key


def test_findings_are_told_with_file_and_line_where_they_belong(graph: Graph) -> None:
    text = Page(page_of(graph)).text
    for finding in graph.findings:
        assert text.count(f"{finding.file}:{finding.line} {finding.message}".split("\n")[0][:60]) >= 1
    assert ("To mend" in text) == bool(graph.findings)


def test_what_no_text_may_hold_is_left_out(tmp_path: Path) -> None:
    page = page_of(evil_bot(tmp_path))
    assert not re.search("[\x00-\x08\u202a-\u202e\u2066-\u2069]", page)


def test_the_same_bot_gives_the_same_bytes(tmp_path: Path) -> None:
    assert page_of(example_bot(tmp_path)) == page_of(example_bot(tmp_path))
