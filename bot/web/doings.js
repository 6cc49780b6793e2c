// What the bot did for one message: in words for the agent, and as recorded for whoever looks closer.

import { say } from "./console-words.js";
import { h } from "./dom.js";
import { formOf, slotOf } from "./names.js";

const OWN = ["requested_slot", "language"];
const value = (given) => (typeof given === "string" ? given : JSON.stringify(given));

/** Whether a customer wrote this: neither a reminder that was due nor something outside. */
export const fromCustomer = (event) => event.event === "user" && !event.metadata?.is_external;

/** The events between this message and the customer's next. */
export function turnOf(event, events) {
  const from = events.findIndex((one) => one.seq === event.seq) + 1;
  const length = events.slice(from).findIndex((one) => one.event === "user");
  return events.slice(from, length < 0 ? undefined : from + length);
}

/** Whether the message was taken as what a form had asked for, whatever the models made of it. */
export const wasExpected = (turn) => turn.some((event) => event.event === "decided" && event.row === "expectation");

const PLAIN = {
  decided: (event) => say(`row${event.row}`),
  slot: (event) => say("didNote", { name: slotOf(event.name), value: value(event.value) }),
  active_loop: (event, events) => (event.name ? say("didBegin", { form: formOf(event.name) }) : ended(event, events)),
  bot: (event) => (event.metadata.answer_id ? say("didAnswer", { id: event.metadata.answer_id }) : null),
  action_failed: (event) => say("didFail", { name: slotOf(event.name), reason: slotOf(event.reason) }),
  failed: (event) => say("didFail", { name: slotOf(event.part), reason: slotOf(event.reason) }),
  handed_over: (event) => say("didHandOver", { reason: say(`reason${event.reason}`) }),
};

/** How a form ended: cut short, or with what it had gathered since it began. */
function ended(event, events) {
  const before = events.slice(0, events.findIndex((one) => one.seq === event.seq));
  const begun = before.findLastIndex((one) => one.event === "active_loop" && one.name);
  if (begun < 0) return null;
  const form = formOf(before[begun].name);
  if (before.findLast((one) => one.event === "action")?.name === "action_deactivate_loop") return say("didStop", { form });
  const message = before.findLastIndex((one, place) => place < begun && one.event === "user");
  const gathered = new Map();
  for (const one of before.slice(Math.max(0, message))) {
    if (one.event === "slot" && !OWN.includes(one.name)) gathered.set(one.name, one.value);
  }
  const values = [...gathered.values()].filter((one) => one !== null).map(value);
  return values.length ? say("didFinish", { form, values: values.join(", ") }) : say("didEnd", { form });
}

/** A slot counts by what it held in the end: a value that a form refused was not noted. */
function lasting(event, turn) {
  if (event.event !== "slot") return true;
  const last = turn.findLast((one) => one.event === "slot" && one.name === event.name);
  return !OWN.includes(event.name) && event === last && event.value !== null;
}

/** One line for each thing worth telling. */
export function inWords(turn, events) {
  const told = turn.filter((event) => lasting(event, turn)).map((event) => PLAIN[event.event]?.(event, events)).filter(Boolean);
  const noted = turn.some((event) => event.event === "slot" && lasting(event, turn));
  const passedOn = turn.some((event) => event.event === "handed_over");
  if (wasExpected(turn) && !noted && !passedOn) told.push(say("didRefuse"));
  return h("ul", { class: "did" }, ...(told.length ? told : ["–"]).map((line) => h("li", {}, line)));
}

const RECORDED = {
  decided: (event) => [event.row, event.commands.join(", ")],
  action: (event) => (event.name === "action_listen" ? null : ["action", event.name]),
  slot: (event) => ["slot", `${event.name} = ${value(event.value)}`],
  active_loop: (event) => ["form", event.name ?? "–"],
  bot: (event) => [event.metadata.origin, event.metadata.answer_id ?? event.metadata.utter_action ?? "–"],
  action_failed: (event) => ["failed", `${event.name}: ${event.reason}`],
  action_execution_rejected: (event) => ["rejected", event.name],
  failed: (event) => ["failed", `${event.part}: ${event.reason}`],
  handed_over: (event) => ["hand-over", event.reason],
};

export function asRecorded(turn) {
  const pairs = turn.map((event) => RECORDED[event.event]?.(event)).filter(Boolean);
  return pairs.map(([name, given]) => [name, h("code", {}, given)]);
}
