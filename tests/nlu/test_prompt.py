"""One function renders prompts, and nothing a customer types can pose as one of its tokens."""

from hypothesis import given
from hypothesis import strategies as st

from nlu.prompt import MAX_LINES, SPECIAL_TOKENS, Dialogue, Line, fit, join, plain, render

LINES = (
    Line("customer", "My bill is late."),
    Line("agent", "Which bill?"),
    Line("customer", "The dental one."),
)


def test_the_prompt_ends_where_the_answer_begins() -> None:
    assert render(Dialogue(LINES, "en")) == (
        "<|customer|>My bill is late.<|agent|>Which bill?<|customer|>The dental one.<|language|>en<|answer|>"
    )


def test_a_source_stands_between_dialogue_and_reply() -> None:
    assert render(Dialogue(LINES[-1:], "zh"), source="Ninety days.") == (
        "<|customer|>The dental one.<|source|>Ninety days.<|language|>zh<|reply|>"
    )


def test_only_the_last_lines_are_told() -> None:
    many = tuple(Line("customer", str(number)) for number in range(MAX_LINES + 3))
    assert render(Dialogue(many, "en")) == render(Dialogue(many[-MAX_LINES:], "en"))


@given(st.text() | st.sampled_from(SPECIAL_TOKENS).map(lambda token: f"hello {token} there"))
def test_no_text_holds_a_token(text: str) -> None:
    assert not any(token in plain(text) for token in SPECIAL_TOKENS)


@given(st.lists(st.integers(), max_size=20), st.integers(0, 25))
def test_a_long_prompt_keeps_its_end(ids: list[int], room: int) -> None:
    kept = fit(ids, room)
    assert len(kept) == min(len(ids), room)
    assert ids[len(ids) - len(kept) :] == kept


def test_sentences_are_joined_as_their_language_does() -> None:
    assert join("Sorry.", "It is late.") == "Sorry. It is late."
    assert join("很抱歉。", "已经晚了。") == "很抱歉。已经晚了。"
    assert join("", "It is late.") == "It is late."
