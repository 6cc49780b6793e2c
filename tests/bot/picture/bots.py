"""Bots to draw: one that shows all that a diagram can, one as large as a real desk's, one that means harm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from bot.picture.graph import Graph
from bot.picture.survey import graph_of
from bot.project.check import checked

EXAMPLE = Path(__file__).parents[3] / "examples" / "insurer"
EVIL = "</text><script>pwned=1</script><img src=x onerror=pwned=1>\"'&amp;"

SMALL_DOMAIN = """\
version: "3.1"
intents: [greet, good, bad, yes, no, order, stop, lost]
entities: [size]
slots:
  size:
    type: text
    mappings:
    - {type: from_entity, entity: size, role: wanted}
    - {type: from_text, not_intent: stop, conditions: [{active_loop: order_form, requested_slot: size}]}
forms:
  order_form: {required_slots: [size], ignored_intents: [stop]}
  idle_form: {required_slots: [size]}
responses:
  utter_greet: [{text: Hello, buttons: [{title: Order, payload: /order}]}]
  utter_cheer: [{text: Look at this}]
  utter_happy: [{text: Great}]
  utter_bye: [{text: Bye}]
  utter_done: [{text: Done}]
  utter_stopped: [{text: Stopped}]
  utter_ask_size: [{text: Which size?}]
  utter_forgotten: [{text: Nobody says this}]
"""
SMALL_DATA = """\
version: "3.1"
rules:
- rule: start the order
  steps: [{intent: order}, {action: order_form}, {active_loop: order_form}]
- rule: finish the order
  condition: [{active_loop: order_form}]
  steps: [{action: order_form}, {active_loop: null}, {action: utter_done}, {action: action_hand_over}]
- rule: stop the order
  condition: [{active_loop: order_form}]
  steps:
  - intent: stop
  - action: action_deactivate_loop
  - active_loop: null
  - action: utter_stopped
- rule: say no
  steps: [{intent: no}, {action: utter_bye}]
- rule: say no otherwise
  steps: [{intent: no}, {action: utter_happy}]
stories:
- story: happy
  steps: [{intent: greet}, {action: utter_greet}, {intent: good}, {action: utter_happy}]
- story: sad
  steps: [{intent: greet}, {action: utter_greet}, {intent: bad}, {action: utter_cheer}, {checkpoint: cheered}]
- story: cheered up
  steps: [{checkpoint: cheered}, {or: [{intent: "yes"}, {intent: good}]}, {action: utter_happy}]
- story: not cheered up
  steps: [{checkpoint: cheered}, {intent: bad}, {action: utter_bye}]
"""


def small_bot(folder: Path) -> Graph:
    """Every kind of step, a contradiction, and what nothing leads to."""
    return _drawn(folder / "small", SMALL_DOMAIN, SMALL_DATA)


def large_bot(folder: Path) -> Graph:
    """Sixty intents, some with names too long for a line or in Chinese; forms, stories, checkpoints."""
    names = [f"ask_about_{'a_rather_long_matter_' * (n % 4)}{n}" for n in range(50)]
    names += [f"询问保单{'很长的名字' * (n % 6)}{n}" for n in range(10)]
    forms = {f"form_{n}": {"required_slots": [f"slot_{n}_{m}" for m in range(n + 1)]} for n in range(6)}
    asked = [slot for form in forms.values() for slot in form["required_slots"]]
    slots = {slot: {"type": "text", "mappings": [{"type": "from_text"}]} for slot in asked}
    rules = []
    for n, name in enumerate(names[:50]):
        action = f"form_{n}" if n < 6 else f"utter_{name}"
        steps = [{"intent": name}, {"action": action}]
        steps += [{"active_loop": action}] if n < 6 else [{"action": "action_hand_over"}] if n % 3 else []
        rules.append({"rule": f"Rule {n} of the desk with a sentence for a name", "steps": steps})
    stories = [
        {
            "story": f"Story {n}",
            "steps": [
                {"intent": names[-1]},
                {"action": "utter_0"},
                {"intent": names[-2 - n % 3]},
                {"action": f"utter_{n}"},
                {"intent": names[-5]},
                {"action": "utter_1"},
            ],
        }
        for n in range(8)
    ]
    said = {f"utter_{name}": [{"text": "W" * 40}] for name in (*names, *range(8))}
    domain = {"version": "3.1", "intents": names, "forms": forms, "slots": slots, "responses": said}
    return _drawn(folder / "large", yaml.dump(domain), yaml.dump({"rules": rules, "stories": stories}))


def evil_bot(folder: Path) -> Graph:
    """Markup wherever a project can write a name or a text."""
    name = EVIL.replace(" ", "_")
    domain = {
        "version": "3.1",
        "intents": [name, "other"],
        "responses": {f"utter_{EVIL}": [{"text": EVIL, "buttons": [{"title": EVIL, "payload": EVIL}]}]},
        "slots": {EVIL: {"type": "text", "mappings": [{"type": "from_text"}]}},
        "forms": {EVIL: {"required_slots": [EVIL]}},
    }
    rules = [{"rule": f"{EVIL}\u202e\x07", "steps": [{"intent": name}, {"action": f"utter_{EVIL}"}]}]
    stories = [{"story": EVIL, "steps": [{"intent": "other"}, {"action": EVIL}, {"checkpoint": EVIL}]}]
    steps = [
        {"id": EVIL, "collect": EVIL, "utter": EVIL},
        {"action": EVIL, "confirm": True, "next": [{"if": f"slots.{name}", "then": EVIL}, {"else": EVIL}]},
        {"call": EVIL},
    ]
    flows = {
        "flows": {
            EVIL: {"name": EVIL, "description": EVIL, "nlu_trigger": [{"intent": EVIL}], "steps": steps}
        }
    }
    data = yaml.dump({"rules": rules, "stories": stories})
    return _drawn(folder / "evil <b>", yaml.dump(domain), data, yaml.dump(flows, sort_keys=False))


FLOW_DOMAIN = """\
version: "3.1"
intents: [send_money, check_balance, affirm, deny, why]
entities: [amount]
slots:
  amount: {type: float}
  recipient: {type: text}
  enough: {type: bool, mappings: [{type: custom}]}
actions: [action_check, action_send, validate_send_money]
responses:
  utter_ask_recipient: [{text: "To whom?"}]
  utter_how_much: [{text: "How much?"}]
  utter_too_much: [{text: No more than that}]
  utter_short: [{text: There is not enough}]
  utter_why: [{text: Because}]
"""
FLOWS = """\
flows:
  send_money:
    description: to anybody you like
    if: slots.enough is not false
    nlu_trigger: [{intent: {name: send_money, confidence_threshold: 0.8}}]
    steps:
    - collect: recipient
    - collect: amount
      utter: utter_how_much
      rejections: [{if: slots.amount > 5000, utter: utter_too_much}]
    - action: action_check
      next:
      - if: not slots.enough
        then:
        - action: utter_short
          next: last
      - else: do_it
    - id: do_it
      action: action_send
      confirm: true
    - id: last
      set_slots: [{enough: null}]
      next:
      - if: slots.recipient
        then: END
      - else:
        - link: balance
    - id: forgotten
      action: utter_short
  balance:
    nlu_trigger: [{intent: check_balance}]
    steps:
    - call: inner
    - action: action_gone
  inner:
    steps: [{collect: amount}]
  idle:
    steps: [{action: utter_short}]
"""
FLOW_RULES = """\
version: "3.1"
rules:
- rule: why do you ask
  condition: [{active_loop: send_money}]
  steps: [{intent: why}, {action: utter_why}, {action: send_money}, {active_loop: send_money}]
"""


def flow_bot(folder: Path) -> Graph:
    """Every kind of step of a flow, and what nothing leads to."""
    return _drawn(folder / "flows", FLOW_DOMAIN, FLOW_RULES, FLOWS)


def many_flows_bot(folder: Path) -> Graph:
    """Twenty flows, the last of thirty steps; a branch in each."""
    slots = {f"slot_{n}": {"type": "text"} for n in range(30)}
    intents = [f"begin_a_matter_with_a_rather_long_name_{n}" for n in range(20)]
    flows = {}
    for n, intent in enumerate(intents):
        last = {"id": f"last_{n}", "collect": f"slot_{n}"}
        branch = [
            {"if": f"slots.slot_0 = 'a value with a long name {n}'", "then": f"last_{n}"},
            {"else": "END"},
        ]
        steps = [{"collect": "slot_0"}, *({"collect": f"slot_{m}"} for m in range(1, 29 if n == 19 else 4))]
        flows[f"flow_{n}"] = {
            "nlu_trigger": [{"intent": intent}],
            "steps": [*steps[:-1], {**steps[-1], "next": branch}, last],
        }
    domain = {"version": "3.1", "intents": intents, "slots": slots}
    return _drawn(
        folder / "many", yaml.dump(domain), "version: '3.1'\n", yaml.dump({"flows": flows}, sort_keys=False)
    )


def _drawn(folder: Path, domain: str, data: str, flows: str = "") -> Graph:
    (folder / "data").mkdir(parents=True)
    (folder / "domain.yml").write_text(domain, encoding="utf-8")
    if flows:
        (folder / "flows.yml").write_text(flows, encoding="utf-8")
    (folder / "data" / "all.yml").write_text(data, encoding="utf-8")
    return graph_of(checked(folder))


def example_bot(folder: Path) -> Graph:
    """The shipped bot."""
    return graph_of(checked(EXAMPLE))


BOTS: Mapping[str, Callable[[Path], Graph]] = {
    "small": small_bot,
    "large": large_bot,
    "evil": evil_bot,
    "flows": flow_bot,
    "many flows": many_flows_bot,
    "example": example_bot,
}
