"""What a diagram says of flows: what begins them, their steps and branches, and where ways meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.picture.graph import Asking, Graph, Kind, nodes_on
from bot.picture.page import page_of
from bot.picture.page_rows import said_rows
from bot.picture.survey import graph_of
from bot.picture.svg import svg_of
from bot.project.check import checked
from tests.bot.picture.bots import FLOW_DOMAIN, FLOWS, flow_bot, many_flows_bot
from tests.bot.picture.test_page import Page
from tests.bot.picture.test_survey import outline


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return flow_bot(tmp_path)


def flow(graph: Graph, name: str) -> Asking:
    return next(one for one in graph.flows if one.form == f"flow:{name}")


def test_a_flow_is_told_step_by_step_with_its_branches_and_where_ways_meet(graph: Graph) -> None:
    assert outline(graph, flow(graph, "send_money").paths) == [
        (
            "recipient",
            "amount",
            "action_check",
            ("if not slots.enough", "utter_short", "last"),
            (
                "else",
                "utter_flow_confirm",
                ("with a yes", "action_send", "last"),
                ("with a no", "stopped, and nothing is done"),
            ),
        ),
        (
            "last",
            "enough",
            "= null",
            ("if slots.recipient", "the flow ends"),
            ("else", "balance"),
        ),
        ("forgotten", "utter_short", "the flow ends"),
        ("why", "utter_why", "send_money", ["why do you ask"]),
    ]
    assert outline(graph, flow(graph, "balance").paths) == [("inner", "action_gone", "the flow ends")]


def test_what_begins_a_flow_is_told_with_what_must_hold(graph: Graph) -> None:
    begun = {one.form: (one.begun_by, one.guard) for one in graph.flows}
    assert begun == {
        "flow:send_money": (("intent:send_money",), "slots.enough is not false"),
        "flow:balance": (("intent:check_balance", "flow:send_money"), ""),
        "flow:inner": (("flow:balance",), ""),
        "flow:idle": ((), ""),
    }
    assert graph.groups[0].title == "Begin a form or flow"
    assert set(graph.groups[0].intents) == {"intent:send_money", "intent:check_balance"}
    assert outline(graph, graph.paths["intent:send_money"]) == [
        ("if slots.enough is not false", "if 80% sure of it", "send_money")
    ]


def test_what_a_flow_collects_is_told_as_forms_tell_it(graph: Graph) -> None:
    recipient, amount = flow(graph, "send_money").questions
    assert recipient.asked_by == ("response:utter_ask_recipient",)
    assert recipient.filled_by == ("the whole message, once it is asked",)
    assert amount.asked_by == ("response:utter_how_much",)
    assert amount.filled_by == ("the entity amount", "the whole message, once it is asked")
    assert amount.refused == (("slots.amount > 5000", "response:utter_too_much"),)
    (asked,) = flow(graph, "inner").questions
    assert asked.asked_by == ("response:utter_ask_for",)
    assert flow(graph, "send_money").checked_by == "action:validate_send_money"


def test_dead_ends_of_flows_are_marked_and_what_they_use_is_none(graph: Graph) -> None:
    assert {node.key: node.mark for node in graph.nodes.values() if node.mark} == {
        "flow:idle": "never begun",
        "step:send_money/forgotten": "never reached",
    }


def test_findings_stand_with_the_flow_by_file_and_line(graph: Graph) -> None:
    found = graph.found("flow:send_money")
    assert [finding.message for finding in found] == [
        "No way leads to the step `forgotten` of the flow `send_money`."
    ]
    assert [finding.message for finding in graph.found("flow:idle")] == ["Nothing begins the flow `idle`."]
    assert any("action_gone" in finding.message for finding in graph.broken("flow:balance"))
    text = Page(page_of(graph)).text
    assert all(f"{finding.file}:{finding.line}" in text for finding in found)


def test_flows_count_as_users_of_responses_and_actions(graph: Graph) -> None:
    users = {row.get("id", ""): [link.get("href") for link in row.iter("a")] for row in said_rows(graph)}
    assert users["response:utter_short"] == ["#flow:send_money", "#flow:idle"]
    assert users["response:utter_too_much"] == users["response:utter_how_much"] == ["#flow:send_money"]
    assert users["action:action_send"] == users["action:validate_send_money"] == ["#flow:send_money"]


def test_flow_steps_are_found_walked_and_lit_in_the_page(graph: Graph) -> None:
    page = page_of(graph)
    assert page.count('data-key="step:send_money/last"') == 3, "where ways meet, and where it begins its line"
    assert page.count('data-key="slot:amount"') >= 3 and 'id="flow:send_money" tabindex="-1"' in page


def test_steps_that_do_not_exist_and_circles_are_drawn_all_the_same(tmp_path: Path) -> None:
    broken = FLOWS.replace("else: do_it", "else: do_id").replace(
        "action_gone", "utter_why\n      next: 2_action"
    )
    (tmp_path / "domain.yml").write_text(FLOW_DOMAIN)
    (tmp_path / "flows.yml").write_text(broken.replace("- link: balance", "- link: nowhere"))
    graph = graph_of(checked(tmp_path))
    assert graph.nodes["step:send_money/do_id"].mark == "does not exist"
    assert graph.nodes["flow:nowhere"].mark == "does not exist"
    assert outline(graph, flow(graph, "balance").paths) == [
        ("inner", "2_action"),
        ("2_action", "utter_why", "2_action"),
    ]
    assert page_of(graph) and svg_of(graph)


def test_a_flow_of_thirty_steps_is_told_in_lines_that_fit(tmp_path: Path) -> None:
    graph = many_flows_bot(tmp_path)
    assert len(graph.flows) == 20
    longest = graph.flows[-1]
    assert all(len(path.steps) <= 8 for path in longest.paths) and len(longest.paths) > 3
    told = set(nodes_on(longest.paths))
    assert {f"slot:slot_{n}" for n in range(29)} <= told
    begun = [path.steps[0][0] for path in longest.paths if path.steps[0][0].startswith(Kind.STEP)]
    assert len(begun) == len(set(begun)), "each line goes on at a step of its own"
    assert "Flows (20)" in svg_of(graph)
