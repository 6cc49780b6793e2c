// The panel at the right: what the bot understood, found and did for one message, and what it hands to the agent.

import { say } from "./console-words.js";
import { byId, h } from "./dom.js";

const percent = (share) => `${Math.round(share * 100)}%`;
const MOST_BARS = 5;
const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const heading = (key, ...more) => h("h3", {}, say(key), ...more);

export class Why {
  /** `insert(text)` puts a draft into the composer; `relabel(event, intent)` records a review. */
  constructor({ insert, relabel }) {
    this.insert = insert;
    this.relabel = relabel;
    this.intents = [];
    this.mayReview = false;
  }

  /** The hand-over that is still open, or nothing. */
  packet(handedOver) {
    byId("packet").replaceChildren(...(handedOver ? this.#packet(handedOver) : []));
  }

  /** Everything recorded for the customer's message `event`, whose turn are the events after it. */
  explain(event, events) {
    const parts = event ? this.#mind(event, events) : [h("p", { class: "hint" }, say("chooseMessage"))];
    byId("mind").replaceChildren(...parts.filter(Boolean));
  }

  #packet({ reason, packet }) {
    const facts = [
      [say("reason"), say(`reason${reason}`)],
      packet.question && [say("question"), packet.question],
      packet.intent && [say("intent"), packet.intent],
      packet.form && [say("form"), packet.form],
      ...Object.entries(packet.slots ?? {}).map(([name, value]) => [name, text(value)]),
    ].filter(Boolean);
    const drafts = (packet.drafts ?? []).map((draft) => this.#answer(draft.answer_id, draft.score, draft.text));
    return [
      heading("handover"),
      facts_(facts),
      ...(drafts.length ? [heading("drafts"), h("ul", { class: "drafts" }, ...drafts)] : []),
    ];
  }

  #mind(event, events) {
    const parse = event.parse_data;
    const read = parse.intent_ranking ?? [];
    const inSet = new Set(parse.prediction_set ?? []);
    return [
      heading("understood", parse.out_of_scope ? h("span", { class: "chip sure-not" }, say("outOfScope")) : null),
      read.length ? bars(read, inSet) : h("p", { class: "hint" }, say("noReading")),
      ...(inSet.size ? [heading("set"), predictionSet(parse)] : []),
      ...this.#review(event, events),
      ...(read.length ? [heading("matches"), this.#matches(parse.matches ?? [])] : []),
      heading("decided"),
      doings(turnOf(event, events)),
      ...(parse.bundle ? [heading("bundle"), h("code", {}, parse.bundle)] : []),
    ];
  }

  #matches(matches) {
    if (!matches.length) return h("p", { class: "hint" }, say("noMatches"));
    return h("ul", { class: "matches" }, ...matches.slice(0, MOST_BARS).map((one) => this.#answer(one.answer_id, one.score, one.text)));
  }

  #answer(id, score, words) {
    return h(
      "li",
      {},
      h("div", { class: "row" }, h("code", {}, id), h("span", { class: "chip" }, score.toFixed(2))),
      h("p", {}, words),
      h("button", { class: "plain", onclick: () => this.insert(words) }, say("insert")),
    );
  }

  #review(event, events) {
    const reviews = events.filter((one) => one.event === "reviewed" && one.message_id === event.message_id);
    const last = reviews.at(-1);
    const known = last && h("p", { class: "hint" }, say("reviewedAs", { agent: last.agent, intent: last.intent ?? say("outOfScope") }));
    if (!this.mayReview) return known ? [heading("relabel"), known] : [];
    const current = last ? (last.intent ?? "") : (event.parse_data.intent?.name ?? "");
    const select = h(
      "select",
      { class: "field", "aria-label": say("relabel") },
      h("option", { value: "", selected: current === "" }, `— ${say("outOfScope")} —`),
      ...this.intents.map((intent) => h("option", { value: intent, selected: intent === current }, intent)),
    );
    const save = h("button", { class: "plain", onclick: () => this.relabel(event, select.value || null) }, say("save"));
    return [heading("relabel"), known, h("div", { class: "relabel" }, select, save)];
  }
}

function facts_(pairs) {
  return h("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function bars(ranking, inSet) {
  const rows = ranking.slice(0, MOST_BARS).map(({ name, confidence }) => {
    const fill = h("div", { class: "fill" });
    fill.style.width = percent(confidence);
    return h(
      "li",
      { class: inSet.has(name) ? "in-set" : "" },
      h("span", {}, name),
      h("span", {}, percent(confidence)),
      h("div", { class: "track", "aria-hidden": "true" }, fill),
    );
  });
  return h("ul", { class: "bars" }, ...rows);
}

function predictionSet(parse) {
  const chips = parse.prediction_set.map((intent) => h("span", { class: "chip sure" }, intent));
  const promise = h("span", { class: "hint" }, say(parse.guaranteed ? "promised" : "notPromised"));
  return h("div", { class: "row" }, ...chips, promise);
}

/** The events between this message and the customer's next. */
function turnOf(event, events) {
  const from = events.findIndex((one) => one.seq === event.seq) + 1;
  const length = events.slice(from).findIndex((one) => one.event === "user");
  return events.slice(from, length < 0 ? undefined : from + length);
}

const DOINGS = {
  decided: (event) => [event.row, event.commands.join(", ")],
  action: (event) => (event.name === "action_listen" ? null : ["action", event.name]),
  slot: (event) => ["slot", `${event.name} = ${text(event.value)}`],
  active_loop: (event) => ["form", event.name ?? "–"],
  bot: (event) => [event.metadata.origin, event.metadata.answer_id ?? event.metadata.utter_action ?? "–"],
  action_failed: (event) => ["failed", `${event.name}: ${event.reason}`],
  action_execution_rejected: (event) => ["rejected", event.name],
  failed: (event) => ["failed", `${event.part}: ${event.reason}`],
  handed_over: (event) => ["hand-over", event.reason],
};

function doings(events) {
  const pairs = events.map((event) => DOINGS[event.event]?.(event)).filter(Boolean);
  return pairs.length ? facts_(pairs.map(([name, value]) => [name, h("code", {}, value)])) : h("p", { class: "hint" }, "–");
}
