"""The rows of the page: one for each intent, form, flow, story, response and action, and the overview.

Knows what stands in a row; not how the page is put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from bot.picture.graph import Asking, Graph, Group, Kind, Path, Question, beyond, nodes_of_asking, nodes_on
from bot.picture.markup import element
from bot.picture.page_parts import anchor, breakable, drawing, marks, place, step, words

_NOTHING = "No rule, story, form or flow has this intent: the bot asks what is meant."


def group_card(graph: Graph, group: Group) -> Element:
    """Intents of one kind, for the overview."""
    pills = [element("li", {}, _link(graph, key)) for key in group.intents]
    return element(
        "div",
        {"class": "group"},
        element("h3", {}, f"{group.title} ", words("chip", str(len(pills)))),
        element("p", {"class": "hint"}, group.about),
        element("ul", {"class": "pills"}, *pills),
    )


def _link(graph: Graph, key: str) -> Element:
    """To the row of a node."""
    node = graph.nodes[key]
    kind = "pill doubtful" if node.mark or graph.broken(key) else "pill"
    return element("a", {"class": kind, "href": f"#{anchor(key)}"}, *breakable(node.name))


def intent_row(graph: Graph, key: str) -> Element:
    """An intent with an example or two, and what follows it."""
    paths = graph.paths[key]
    drawn = drawing(graph, paths) if paths else element("p", {"class": "mark"}, _NOTHING)
    return _row(graph, key, _said(graph, key), [drawn])


def asking_row(graph: Graph, form: Asking) -> Element:
    """A form or flow with its questions, its steps or what follows its end, and what may come between."""
    begun = [element("li", {}, _link(graph, key)) for key in form.begun_by]
    others = {key: None for key in nodes_on(form.paths) if graph.nodes[key].kind is Kind.FLOW}
    others.pop(form.form, None)
    goes_on = [element("li", {}, _link(graph, key)) for key in others]
    ignored = [element("li", {}, words("pill", graph.nodes[key].name)) for key in form.ignored]
    questions = [_question(graph, question) for question in form.questions]
    checks = [element("li", {}, _link(graph, form.checked_by))] if form.checked_by else []
    about = [
        *_said(graph, form.form),
        *_named("Begun by", begun),
        *_named("Only if", [element("li", {}, form.guard)] if form.guard else []),
        *_named("Goes on with", goes_on),
        *_named("Answers checked by", checks),
        *_named("Ignored as answers", ignored),
    ]
    drawn = [
        element("ol", {"class": "questions"}, *questions) if questions else None,
        drawing(graph, [after for path in form.paths for after in beyond(path, form.form)]),
    ]
    return _row(graph, form.form, about, drawn)


def _question(graph: Graph, question: Question) -> Element:
    ways = [element("li", {}, way) for way in question.filled_by]
    refused = [
        element("li", {"class": "refused"}, f"refused if {condition} ", step(graph, response))
        for condition, response in question.refused
    ]
    filled = element("ul", {"class": "ways"}, *ways, *refused) if ways else words("mark", "nothing fills it")
    asked = [step(graph, key) for key in question.asked_by] or [words("mark", "nothing asks for it")]
    told = element("div", {"class": "told"}, element("div", {}, *asked), filled)
    return element("li", {}, step(graph, question.slot), told)


def story_row(graph: Graph, path: Path) -> Element:
    """Stories that begin alike."""
    label = f"Stories from {' or '.join(graph.nodes[key].name for key in path.steps[0])}"
    attributes = {"class": "drawn", "tabindex": "0", "role": "group", "aria-label": label}
    drawn = element("div", attributes, drawing(graph, (path,), turns=True))
    return element("article", {"class": "row whole", "tabindex": "-1"}, drawn)


def said_rows(graph: Graph) -> Iterator[Element]:
    """Each response and action in full, with links to what uses it."""
    users = _users(graph)
    for node in graph.of_kind(Kind.RESPONSE, Kind.ACTION, Kind.PERSON):
        links = [element("li", {}, _link(graph, key)) for key in users.get(node.key, ())]
        nobody = element("p", {"class": "hint"}, "No rule, form or flow; perhaps an action, or the engine.")
        yield _row(graph, node.key, (), [*_said(graph, node.key), *(_named("Used by", links) or [nobody])])


def _users(graph: Graph) -> dict[str, tuple[str, ...]]:
    """By node, the intents, forms and flows whose rows show it."""
    found: dict[str, dict[str, None]] = {}
    for intent, paths in graph.paths.items():
        for key in nodes_on(paths):
            found.setdefault(key, {})[intent] = None
    for form in (*graph.forms, *graph.flows):
        for key in (*nodes_of_asking(form), form.checked_by):
            found.setdefault(key, {})[form.form] = None
    return {key: tuple(users) for key, users in found.items()}


def _row(graph: Graph, key: str, about: Sequence[Element], drawn: Sequence[Element | None]) -> Element:
    """Name and place at the left, a drawing at the right."""
    node = graph.nodes[key]
    name = element("h3", {}, step(graph, key, plain=True))
    head = element("div", {"class": "about"}, name, *about, place(node), *marks(graph, key))
    attributes = {"class": "row", "id": anchor(key), "tabindex": "-1"}
    return element("article", attributes, head, element("div", {"class": "drawn"}, *drawn))


def _said(graph: Graph, key: str) -> list[Element]:
    return [element("p", {}, said) for said in graph.nodes[key].words]


def _named(title: str, items: Sequence[Element]) -> list[Element]:
    if not items:
        return []
    return [element("h4", {}, title), element("ul", {"class": "pills"}, *items)]
