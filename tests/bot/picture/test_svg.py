"""The picture: well-formed, complete, and no text over another or beyond its frame."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bot.picture.graph import Graph, Kind
from bot.picture.layout import LONGEST, text_width, wrapped
from bot.picture.svg import svg_of
from tests.bot.picture.bots import EVIL, example_bot

SVG = "{http://www.w3.org/2000/svg}"
Area = tuple[float, float, float, float]


def area(rect: ElementTree.Element) -> Area:
    x, y, width, height = (float(rect.get(name, "0")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def text_area(text: ElementTree.Element) -> Area:
    x, y = float(text.get("x", "0")), float(text.get("y", "0"))
    wide = text_width(text.text or "", name="name" in text.get("class", ""))
    return x, y - 11, x + wide, y + 4


def apart(one: Area, other: Area) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def within(one: Area, other: Area) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one[2] <= other[2] and one[3] <= other[3]


def test_nothing_lies_over_anything_else(graph: Graph) -> None:
    picture = ElementTree.fromstring(svg_of(graph))
    _, drawn = picture.findall(f"{SVG}g")
    cards = [group for group in drawn if group.tag == f"{SVG}g"]
    frames = [area(rect) for card in cards for rect in card.findall(f"{SVG}rect")]
    assert len(frames) == len(cards) > 0
    assert all(apart(one, other) for one, other in combinations(frames, 2))
    for card, frame in zip(cards, frames, strict=True):
        texts = [text_area(text) for text in card.findall(f"{SVG}text")]
        assert texts and all(within(text, frame) for text in texts)
        assert all(apart(one, other) for one, other in combinations(texts, 2))
    heads = [text_area(text) for text in drawn.findall(f"{SVG}text")]
    assert all(apart(head, frame) for head in heads for frame in frames)
    _, _, width, height = (float(part) for part in picture.get("viewBox", "").split())
    assert all(frame[2] <= width and frame[3] <= height for frame in frames)


def test_the_example_is_on_it_completely(tmp_path: Path) -> None:
    graph = example_bot(tmp_path)
    picture = ElementTree.fromstring(svg_of(graph))
    lines = " ".join(text.text or "" for text in picture.iter(f"{SVG}text"))
    for node in graph.of_kind(Kind.INTENT, Kind.FORM, Kind.RULE, Kind.STORY):
        assert " ".join(wrapped(node.name)) in lines, node.key


def test_it_tells_what_it_is_to_who_cannot_see_it(graph: Graph) -> None:
    picture = ElementTree.fromstring(svg_of(graph))
    title, described = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert picture.get("role") == "img" and picture.get("aria-labelledby") == "title desc"
    assert title is not None and title.get("id") == "title" and graph.title in (title.text or "")
    assert described is not None and "intents" in (described.text or "")


def test_names_stay_text_whatever_they_hold(graph: Graph) -> None:
    picture = ElementTree.fromstring(svg_of(graph))
    tags = {element.tag.removeprefix(SVG) for element in picture.iter()}
    assert tags == {"svg", "g", "title", "desc", "style", "rect", "path", "text"}
    attributes = {name for element in picture.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or "href" in name}


@pytest.mark.parametrize("text", [EVIL, "a" * 200, "one two three", "snake_case_" * 9, "很长的名字" * 20, ""])
def test_long_names_are_told_on_several_lines_and_never_cut(text: str) -> None:
    lines = wrapped(text)
    assert all(len(line) <= LONGEST for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_the_same_bot_gives_the_same_bytes(tmp_path: Path) -> None:
    assert svg_of(example_bot(tmp_path)) == svg_of(example_bot(tmp_path))
