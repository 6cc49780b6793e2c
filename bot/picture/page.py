"""Writes a diagram as one HTML page that needs no network: an overview, then a row for everything.

Knows the page's sections and packs style and script into it, each allowed by its hash and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

from bot.errors import Level
from bot.picture.figures import figures
from bot.picture.graph import Graph
from bot.picture.markup import element
from bot.picture.page_parts import told_of
from bot.picture.page_rows import asking_row, group_card, intent_row, said_rows, story_row

_POLICY = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_KEYS = "/ finds, ↓ and ↑ go from row to row, Esc shows everything again."


def page_of(graph: Graph) -> str:
    """The page. Everything is on it before its script runs; the script only finds and highlights."""
    style = _file("bot.web", "base.css") + _file("bot.picture", "page.css")
    script = _file("bot.picture", "page.js")
    policy = _POLICY.format(style=_hash(style), script=_hash(script))
    sections = list(_sections(graph))
    head = element(
        "head",
        {},
        element("meta", {"charset": "utf-8"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        element("title", {}, f"{graph.title}: how the bot goes"),
        element("style", {}, style),
    )
    body = element(
        "body",
        {},
        element("a", {"class": "skip", "href": f"#{sections[0].get('id')}"}, "To the content"),
        _top(graph),
        element("div", {"class": "room"}, _contents(sections), element("main", {}, *sections)),
        element("script", {}, script),
    )
    page = element("html", {"lang": "en"}, head, body)
    return f"<!doctype html>\n{tostring(page, encoding='unicode', method='html')}\n"


def _file(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _top(graph: Graph) -> Element:
    find = {
        "id": "find",
        "class": "field",
        "type": "search",
        "placeholder": "Find a name or a word",
        "aria-describedby": "keys",
        "autocomplete": "off",
    }
    chosen = element(
        "div",
        {"id": "chosen", "hidden": "hidden"},
        element("span", {"id": "chosen-name"}),
        element("button", {"id": "all", "class": "plain", "type": "button"}, "Show everything"),
    )
    return element(
        "header",
        {"class": "top"},
        element("h1", {}, graph.title),
        element("p", {"class": "hint"}, figures(graph)),
        element(
            "label",
            {"class": "find"},
            element("span", {"class": "only-heard"}, "Find"),
            element("input", find),
        ),
        element("p", {"id": "keys", "class": "hint"}, _KEYS),
        element("p", {"id": "shown", "class": "hint", "role": "status"}),
        chosen,
    )


def _contents(sections: Sequence[Element]) -> Element:
    links = [
        element("li", {}, element("a", {"href": f"#{section.get('id')}"}, section.findtext("h2") or ""))
        for section in sections
    ]
    return element("nav", {"aria-label": "On this page"}, element("ul", {}, *links))


def _sections(graph: Graph) -> Iterator[Element]:
    cards = element("div", {"class": "cards"}, *(group_card(graph, group) for group in graph.groups))
    yield _section("overview", "Overview", "What each intent leads to.", [cards])
    for number, group in enumerate(graph.groups):
        about = f"{group.about[:1].upper()}{group.about[1:]}."
        yield _section(f"group-{number}", group.title, about, (intent_row(graph, i) for i in group.intents))
    if graph.forms:
        about = "What each asks, how it is told, and what follows."
        yield _section("forms", "Forms", about, (asking_row(graph, form) for form in graph.forms))
    if graph.flows:
        about = "What each asks, then its steps; a step's name goes on where it begins a line."
        yield _section("flows", "Flows", about, (asking_row(graph, flow) for flow in graph.flows))
    if graph.stories:
        about = "Those that begin alike share their beginning; with them, rules that no message begins."
        yield _section("stories", "Stories", about, (story_row(graph, path) for path in graph.stories))
    found = sorted(graph.findings, key=lambda finding: finding.level is not Level.ERROR)  # errors first
    mend = [element("li", {"class": "row", "tabindex": "-1"}, told_of(finding)) for finding in found]
    if mend:
        what = "What frontdesk check finds, with file and line."
        yield _section("mend", f"To mend ({len(mend)})", what, [element("ul", {"class": "mend"}, *mend)])
    yield _section("said", "Said and done", "Every response and action, and who uses it.", said_rows(graph))


def _section(name: str, title: str, about: str, rows: Iterable[Element]) -> Element:
    return element(
        "section",
        {"id": name, "aria-labelledby": f"{name}-title"},
        element("h2", {"id": f"{name}-title"}, title),
        element("p", {"class": "hint"}, about),
        *rows,
    )
