"""Entity marks are read as Rasa reads them, and written back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.dialogue.reading import Entity
from bot.project.annotations import AnnotationError, annotate, parse, passed_over

WORD = st.text(
    st.characters(blacklist_characters="[](){}:\n\r", blacklist_categories=["Cs"]), min_size=1, max_size=8
)
NAME = st.from_regex(r"[a-z]{1,8}", fullmatch=True)


def test_the_short_form() -> None:
    text, entities = parse("from [Bern](city) to [New York](city:nyc)")
    assert text == "from Bern to New York"
    assert entities == (
        Entity("city", "Bern", 5, 9),
        Entity("city", "nyc", 13, 21),
    )


def test_the_long_form_has_role_group_and_value() -> None:
    text, entities = parse(
        'to [LA]{"entity": "city", "role": "to", "group": "1", "value": "Los Angeles"} now'
    )
    assert text == "to LA now"
    assert entities == (Entity("city", "Los Angeles", 3, 5, role="to", group="1"),)


def test_one_span_may_carry_several_entities() -> None:
    text, entities = parse('[Bern][{"entity": "city"}, {"entity": "name"}]!')
    assert text == "Bern!"
    assert [entity.name for entity in entities] == ["city", "name"]
    assert {(entity.start, entity.end) for entity in entities} == {(0, 4)}


def test_offsets_count_code_points() -> None:
    text, entities = parse("🍕🍕 一份[大](size)披萨")
    assert text == "🍕🍕 一份大披萨"
    assert text[entities[0].start : entities[0].end] == "大"


@pytest.mark.parametrize("text", ["see [1] and (2)", "an [] empty one", "a [b] c", "x [y](", "plain"])
def test_brackets_that_mark_nothing_stay(text: str) -> None:
    assert parse(text) == (text, ())


def test_a_value_may_be_a_number() -> None:
    assert parse('[none]{"entity": "number", "value": 0}')[1][0].value == 0


def test_details_that_mean_nothing_are_passed_over_and_named() -> None:
    marked = '[a]{"entity": "b", "rôle": "c"} and [d](b)'
    assert parse(marked)[0] == "a and d"
    assert passed_over(marked) == ("rôle",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[a]{"entity": }', "not JSON"),
        ('[a]{"value": "b"}', 'lack "entity"'),
        ('[a]{"entity": "b", "role": 3}', "role"),
        ('[a]{"entity": "b", "value": null}', "value"),
    ],
)
def test_a_mark_that_cannot_be_read_says_why(text: str, words: str) -> None:
    with pytest.raises(AnnotationError, match=words):
        parse(text)


@st.composite
def annotated(draw: st.DrawFn) -> tuple[str, tuple[Entity, ...]]:
    text, entities = "", []
    for _ in range(draw(st.integers(0, 4))):
        text += draw(
            st.text(st.characters(blacklist_characters="[](){}", blacklist_categories=["Cs"]), max_size=6)
        )
        if draw(st.booleans()):
            mention = draw(WORD)
            role, group = draw(st.none() | NAME), draw(st.none() | NAME)
            value = draw(st.just(mention) | WORD)
            entities.append(Entity(draw(NAME), value, len(text), len(text) + len(mention), role, group))
            text += mention
    return text, tuple(entities)


@given(annotated())
def test_what_is_written_reads_back(example: tuple[str, tuple[Entity, ...]]) -> None:
    text, entities = example
    try:
        marked = annotate(text, entities)
    except AnnotationError:
        assume(False)
    assert parse(marked) == (text, entities)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        plain, entities = parse(text)
    except AnnotationError:
        return
    assert all(0 <= (entity.start or 0) < (entity.end or 0) <= len(plain) for entity in entities)


def test_what_the_markup_cannot_say_is_refused() -> None:
    with pytest.raises(AnnotationError):
        annotate("a]b", (Entity("x", "a]b", 0, 3),))
    with pytest.raises(AnnotationError):
        annotate("abc", (Entity("x", "ab", 0, 2), Entity("y", "bc", 1, 3)))
    with pytest.raises(AnnotationError):
        annotate("abc", (Entity("x", "abc"),))
