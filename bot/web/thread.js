// The conversation in the middle: what was said and what happened, with what the bot understood beside each message.

import { say } from "./console-words.js";
import { fromCustomer, turnOf, wasExpected } from "./doings.js";
import { byId, h, link, linked } from "./dom.js";
import { intentOf, personOf } from "./names.js";
import { hour } from "./words.js";

const NEAR = 120;

/** What an event looks like here; kinds without a row leave no line. */
const SHOWN = {
  user: (event, thread) => (fromCustomer(event) ? thread.customer(event) : thread.external(event)),
  bot: (event) => spoken("bot", say("bot"), event),
  agent: (event) => spoken("agent", personOf(event.data.agent), event),
  handed_over: (event) => note(say("noteHandedOver", { reason: say(`reason${event.reason}`) })),
  taken_over: (event) => note(say("noteTakenOver", { name: personOf(event.agent) })),
  returned: (event) => note(say("noteReturned", { name: personOf(event.agent) })),
  red_flagged: (event) => note(say("noteRedFlag", { flags: event.flags.join(", ") }), "alarm"),
  failed: (event) => note(say("noteFailed", event), "alarm"),
  action_failed: (event) => note(say("noteFailed", { part: event.name, reason: event.reason }), "alarm"),
  restart: () => note(say("noteRestarted")),
};

function note(text, more = "") {
  return h("li", { class: `note ${more}` }, text);
}

function spoken(who, name, event) {
  const data = event.data ?? {};
  const offered = (data.buttons ?? []).map((button) => h("span", {}, button.title));
  return h(
    "li",
    { class: `line ${who}` },
    event.text && h("div", { class: "bubble" }, ...linked(event.text)),
    ...(data.elements ?? []).map((card) =>
      h("div", { class: "bubble" }, [card.title, card.subtitle].filter(Boolean).join("\n")),
    ),
    data.image && h("div", { class: "bubble" }, link(data.image, data.image)),
    offered.length ? h("div", { class: "offered" }, ...offered) : null,
    h("div", { class: "meta" }, `${name} · ${hour(event.timestamp)}`),
  );
}

export class Thread {
  events = [];
  chosen = null; // the seq of the customer's message whose reading is shown
  #lines = byId("lines");
  #talk = byId("talk");

  /** `explain(event)` is called when a customer's message is selected. */
  constructor(explain) {
    this.explain = explain;
  }

  get last() {
    return this.events.at(-1)?.seq ?? 0;
  }

  /** Shows a conversation from the start of what is known of it. */
  show(events) {
    this.events = events;
    this.#lines.replaceChildren(...this.#drawn(events));
    this.#talk.scrollTop = this.#talk.scrollHeight;
    this.#chooseLatest();
  }

  add(events) {
    const fresh = events.filter((event) => event.seq > this.last);
    const follow = this.#following();
    const latest = this.chosen === this.#latest()?.seq;
    this.events.push(...fresh);
    this.#lines.append(...this.#drawn(fresh));
    if (follow) this.#talk.scrollTop = this.#talk.scrollHeight;
    if (latest) this.#chooseLatest();
    else this.choose(this.chosen);
  }

  /** Scrolls to the newest line for who reads along. */
  follow() {
    if (this.#following()) this.#talk.scrollTop = this.#talk.scrollHeight;
  }

  #following() {
    return this.#talk.scrollHeight - this.#talk.scrollTop - this.#talk.clientHeight < NEAR;
  }

  addEarlier(events) {
    const before = this.#talk.scrollHeight;
    this.events.unshift(...events);
    this.#lines.prepend(...this.#drawn(events));
    this.#talk.scrollTop += this.#talk.scrollHeight - before;
  }

  external({ text, parse_data: { intent } }) {
    return note(say("noteExternal", { intent: intent?.name ? intentOf(intent.name) : text }));
  }

  customer(event) {
    const { kind, words } = this.#understood(event);
    const chip =
      words && h("button", { class: `chip ${kind}`, onclick: () => this.choose(event.seq) }, words);
    const title = event.metadata?.title;
    return h(
      "li",
      { class: "line customer", "data-seq": event.seq },
      h("div", { class: "bubble" }, title ?? event.text),
      h("div", { class: "meta" }, hour(event.timestamp), title && event.text ? h("code", {}, event.text) : null, chip),
    );
  }

  #understood(event) {
    const { intent, out_of_scope: foreign, prediction_set: set } = event.parse_data;
    if (wasExpected(turnOf(event, this.events))) return { kind: "sure", words: say("expected") };
    if (foreign) return { kind: "sure-not", words: say("outOfScope") };
    if (!intent?.name) return {};
    const title = intentOf(intent.name);
    return set?.length === 1 ? { kind: "sure", words: title } : { kind: "sure-not", words: say("perhaps", { intent: title }) };
  }

  choose(seq) {
    this.chosen = seq;
    for (const line of this.#lines.querySelectorAll(".customer")) {
      line.classList.toggle("chosen", Number(line.dataset.seq) === seq);
    }
    const event = this.events.find((one) => one.seq === seq);
    this.explain(event ?? null);
  }

  #latest() {
    return this.events.findLast(fromCustomer);
  }

  #chooseLatest() {
    this.choose(this.#latest()?.seq ?? null);
  }

  #drawn(events) {
    return events.map((event) => SHOWN[event.event]?.(event, this)).filter(Boolean);
  }
}
