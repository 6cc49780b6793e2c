"""Where a message is cut into clauses, and where it is left whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.clauses import clauses


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "I lost my card and how do I change my address?",
            ["I lost my card", "how do I change my address?"],
        ),
        (
            "Please cancel my policy. Also where is my refund",
            ["Please cancel my policy", "Also where is my refund"],
        ),
        ("send me my documents; what is my premium now", ["send me my documents", "what is my premium now"]),
        ("我要退保，另外我的理赔到哪一步了", ["我要退保", "另外我的理赔到哪一步了"]),
        ("帮我改一下地址。还有就是保费什么时候扣", ["帮我改一下地址", "还有就是保费什么时候扣"]),
    ],
)
def test_two_requests_are_two_clauses(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in clauses(text)] == parts


@pytest.mark.parametrize(
    "text",
    [
        "hello and thanks",
        "my husband and daughter are on the policy as well",
        "I paid 12.50 at the shop in St. Gallen",
        "Hi! I would like to cancel my policy",
        "保费什么时候扣款",
        "",
    ],
)
def test_one_request_stays_whole(text: str) -> None:
    assert len(clauses(text)) == 1


@given(st.text(alphabet="ab cand also. ,，。我要另外还有?", max_size=80))
def test_clauses_lie_in_order_within_the_text(text: str) -> None:
    places = clauses(text)
    assert places
    flat = [edge for place in places for edge in place]
    assert flat == sorted(flat)
    assert 0 <= flat[0] <= flat[-1] <= len(text)
