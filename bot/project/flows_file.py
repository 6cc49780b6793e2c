"""Reads `flows:` sections into flows.

Knows the keys of Rasa's flows as far as they hold without a language model (steps, branches, triggers); acts
on nothing (bot/dialogue/flows.py does).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.dialogue.conditions import Condition, ConditionError, affirmed, parse
from bot.dialogue.flow import (
    CANCEL,
    END,
    Act,
    Call,
    Collect,
    Doing,
    Flow,
    FlowStep,
    Link,
    Pass,
    Rejection,
    SetSlots,
    Trigger,
    Way,
)
from bot.project.model import readable
from bot.project.node import (
    Entries,
    check_keys,
    entries,
    flag,
    is_map,
    items,
    names,
    number,
    plain,
    text,
)
from bot.project.report import Report
from bot.project.yaml import Node

_FLOW_KEYS = (
    "name",
    "description",
    "nlu_trigger",
    "if",
    "persisted_slots",
    "steps",
)
_STEP_KEYS = (
    "id", "collect", "action", "set_slots", "set", "call", "link", "noop", "next", "description", "utter",
    "ask_before_filling", "reset_after_flow_ends", "rejections", "confirm",
)  # fmt: skip
_KINDS = ("collect", "action", "set_slots", "set", "call", "link", "noop")


def read_flows(sections: Sequence[Node], languages: Sequence[str], report: Report) -> dict[str, Flow]:
    """The flows of all `flows:` sections by name; one that cannot be read is left out, with a finding."""
    flows: dict[str, Flow] = {}
    for section in sections:
        for name, node in entries(section, "flows", report).items():
            if name in flows:
                message = f"The flow `{name}` is defined twice; first at {flows[name].source}."
                report.error(node.place, message, "Rename one of the two.")
                continue
            flow = _flow(name, node, languages, report)
            flows.update({name: flow} if flow else {})
            report.lost.update(() if flow else ("flows",))
    return flows


def _flow(name: str, node: Node, languages: Sequence[str], report: Report) -> Flow | None:
    what = f"flow `{name}`"
    found = entries(node, what, report)
    check_keys(found, _FLOW_KEYS, what, report)
    reader = _Steps(what, report)
    reader.read(items(found.get("steps"), f"steps of {what}", report), "")
    if not reader.steps:
        report.error(
            node.place, f"The {what} has no steps.", "Add `steps:` with `- collect: SLOT` and the like."
        )
        return None
    return Flow(
        name=name,
        titles=_by_language(what, "name", found, languages, report)
        or dict.fromkeys(languages, readable(name)),
        steps={step.id: step for step in reader.steps},
        descriptions=_by_language(what, "description", found, languages, report),
        triggers=tuple(_triggers(what, found.get("nlu_trigger"), report)),
        guard=_condition(f"`if` of {what}", found.get("if"), report),
        kept=frozenset(names(found.get("persisted_slots"), f"persisted_slots of {what}", report)),
        source=str(node.place),
    )


def _by_language(
    what: str, key: str, found: Entries, languages: Sequence[str], report: Report
) -> dict[str, str]:
    """A text by language, as `{en: …, zh: …}` gives it; one text alone is for every language."""
    node = found.get(key)
    if node is None or not isinstance(node.value, Mapping):
        alone = text(node, f"{key} of {what}", report)
        return dict.fromkeys(languages, alone) if alone else {}
    said: dict[str, str] = {}
    for language, value in node.value.items():
        if language not in languages and "languages" not in report.lost:
            mend = f"Add it to `languages:` in config.yml, or use one of {', '.join(languages)}."
            message = f"The {what} has a {key} in `{language}`, no language of the project."
            report.warn(value.place, message, mend)
        words = text(value, f"{key} of {what} in {language}", report)
        said.update({language: words} if words else {})
    return said


def _triggers(what: str, node: Node | None, report: Report) -> Iterator[Trigger]:
    for item in items(node, f"nlu_trigger of {what}", report):
        found = entries(item, f"a trigger of {what}", report)
        check_keys(found, ("intent",), f"trigger of {what}", report)
        intent, least = found.get("intent"), 0.0
        if intent is not None and isinstance(intent.value, Mapping):
            details = entries(intent, f"a trigger of {what}", report)
            least = number(details.get("confidence_threshold"), f"threshold of {what}", report) or 0.0
            intent = details.get("name")
        named = text(intent, f"the intent of a trigger of {what}", report)
        if named:
            yield Trigger(named, least)
        else:
            report.error(item.place, f"A trigger of {what} names no intent.", "Write `- intent: NAME`.")


def _condition(what: str, node: Node | None, report: Report) -> Condition | None:
    written = text(node, what, report)
    if node is None or written is None:
        return None
    try:
        return parse(written)
    except ConditionError as error:
        mend = "Write it like `slots.amount > 1000 and not slots.insured`."
        report.error(node.place, f"The condition {what} cannot be read: {error}.", mend)
        return None


@dataclass(slots=True)
class _Steps:
    """The steps of one flow as they are read: those under a branch stand after the step that branches."""

    what: str
    report: Report
    steps: list[FlowStep] = field(default_factory=list)

    def read(self, nodes: Sequence[Node], within: str) -> str:
        """The id of the first step read, END where there is none."""
        ids = [self._id(node, f"{within}{place}") for place, node in enumerate(nodes, 1)]
        for place, node in enumerate(nodes):
            following = ids[place + 1] if place + 1 < len(ids) else END
            self._add(node, ids[place], following)
        return ids[0] if ids else END

    def _id(self, node: Node, place: str) -> str:
        found = node.value if isinstance(node.value, Mapping) else {}
        own = text(found.get("id"), f"id of a step of {self.what}", self.report)
        kind = next((key for key in _KINDS if key in found), "step")
        return own or f"{place}_{kind}"

    def _add(self, node: Node, identity: str, following: str) -> None:
        found = entries(node, f"a step of {self.what}", self.report)
        check_keys(found, _STEP_KEYS, f"step of {self.what}", self.report)
        if any(step.id == identity for step in self.steps):
            message = f"Two steps of {self.what} have the id `{identity}`."
            self.report.error(node.place, message, "Give each an id of its own.")
            return
        does = self._doing(node, found)
        source = str(node.place)
        if isinstance(does, Act) and flag(found.get("confirm"), "confirm", self.report, default=False):
            run = f"{identity}/run"
            asks = Collect(
                f"confirm_{does.action}",
                text(found.get("utter"), "utter", self.report),
                anew=True,
                confirms=True,
            )
            agreed = Way(run, affirmed(asks.slot))
            self.steps.append(FlowStep(identity, asks, (agreed, Way(CANCEL)), source))
            identity = run
        self.steps.append(FlowStep(identity, does, (), source))
        place = len(self.steps) - 1
        ways = tuple(self._ways(found.get("next"), identity, following))
        self.steps[place] = FlowStep(identity, does, ways, source)

    def _doing(self, node: Node, found: Entries) -> Doing:
        what, report = f"a step of {self.what}", self.report
        kinds = [key for key in _KINDS if key in found]
        if len(kinds) != 1:
            many = ", ".join(kinds) if kinds else "none"
            message = f"A step of {self.what} must do one thing; it does {many}."
            report.error(node.place, message, f"Use one of {', '.join(_KINDS)}.")
            return Pass()
        kind = kinds[0]
        if kind == "noop":
            return Pass()
        if kind in ("set", "set_slots"):
            return SetSlots(_values(found[kind], what, report))
        name = text(found[kind], f"`{kind}` of {what}", report)
        if not name:
            report.error(node.place, f"`{kind}` of {what} names nothing.", f"Write `- {kind}: NAME`.")
            return Pass()
        match kind:
            case "collect":
                return self._collect(name, found)
            case "action":
                return Act(name)
            case _:
                return Call(name) if kind == "call" else Link(name)

    def _collect(self, slot: str, found: Entries) -> Collect:
        what, report = f"`collect: {slot}` of {self.what}", self.report
        return Collect(
            slot,
            utter=text(found.get("utter"), f"utter of {what}", report),
            anew=flag(
                found.get("ask_before_filling"), f"ask_before_filling of {what}", report, default=False
            ),
            keeps=not flag(found.get("reset_after_flow_ends"), f"reset of {what}", report, default=True),
            rejections=tuple(self._rejections(what, found.get("rejections"))),
        )

    def _rejections(self, what: str, node: Node | None) -> Iterator[Rejection]:
        for item in items(node, f"rejections of {what}", self.report):
            found = entries(item, f"a rejection of {what}", self.report)
            check_keys(found, ("if", "utter"), f"rejection of {what}", self.report)
            condition = _condition(f"of a rejection of {what}", found.get("if"), self.report)
            if condition:
                yield Rejection(condition, text(found.get("utter"), f"utter of {what}", self.report))

    def _ways(self, node: Node | None, identity: str, following: str) -> Iterator[Way]:
        """Where a step leads: without `next` to the step after it, without `else` to the end."""
        if node is None or node.value is None:
            yield Way(following)
        elif isinstance(node.value, tuple):
            for place, item in enumerate(node.value, 1):
                yield from self._branch(item, f"{identity}/{place}.")
            yield Way(END)
        else:
            yield Way(text(node, f"next of a step of {self.what}", self.report) or END)

    def _branch(self, item: Node, within: str) -> Iterator[Way]:
        found = entries(item, f"a branch of {self.what}", self.report)
        check_keys(found, ("if", "then", "else"), f"branch of {self.what}", self.report)
        if "else" in found:
            yield Way(self._target(found["else"], within))
            return
        condition = _condition(f"of a branch of {self.what}", found.get("if"), self.report)
        if condition is None or "then" not in found:
            mend = "Write `- if: CONDITION` with `then: STEP`, or `- else: STEP`."
            self.report.error(item.place, f"A branch of {self.what} is not complete.", mend)
            return
        yield Way(self._target(found["then"], within), condition)

    def _target(self, node: Node, within: str) -> str:
        if isinstance(node.value, tuple):
            return self.read(node.value, within)
        return text(node, f"a target of {self.what}", self.report) or END


def _values(node: Node, what: str, report: Report) -> dict[str, object]:
    """`set_slots: [{a: 1}, {b: null}]`, or one map."""
    parts = (node,) if is_map(node) else items(node, f"set_slots of {what}", report)
    maps = (entries(part, f"set_slots of {what}", report) for part in parts)
    return {name: plain(value) for found in maps for name, value in found.items()}
