// The panel at the right: what the bot understood, found and did for one message, and what it hands to the agent.
// Plain words first; the figures they rest on are one press away.

import { say } from "./console-words.js";
import { asRecorded, inWords, turnOf, wasExpected } from "./doings.js";
import { byId, h } from "./dom.js";
import { Explanation } from "./explanation.js";
import { formOf, intentOf, personOf, slotOf } from "./names.js";

const percent = (share) => `${Math.round(share * 100)}%`;
const MOST = 5;
const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const heading = (key, ...more) => h("h3", {}, say(key), ...more);
const hint = (key, values) => h("p", { class: "hint" }, say(key, values));

export class Why {
  intents = []; // by name
  mayReview = false;
  near = 0; // the score from which a stored answer is worth offering
  #open = false; // whether the figures are shown, kept from message to message

  /** `insert(text)` puts a draft into the composer; `relabel(event, intent)` records a review; `explain(event)`
   * gives the words that carried a reading. */
  constructor({ insert, relabel, explain }) {
    this.insert = insert;
    this.relabel = relabel;
    this.explanation = new Explanation(explain);
  }

  /** The latest hand-over, or nothing; `over`: the bot has the conversation again. */
  packet(handedOver, { over = false } = {}) {
    byId("packet").replaceChildren(...(handedOver ? this.#packet(handedOver, over) : []));
  }

  /** Everything recorded for the customer's message `event`, whose turn are the events after it. */
  explain(event, events) {
    const parts = event ? this.#mind(event, events) : [hint("chooseMessage")];
    byId("mind").replaceChildren(...parts.filter(Boolean));
  }

  #packet({ reason, packet }, over) {
    const facts = [
      [say("reason"), say(`reason${reason}`)],
      packet.question && [say("question"), packet.question],
      packet.form && [say("form"), formOf(packet.form)],
      packet.sentiment && [say("mood"), moodOf(packet.sentiment)],
      ...Object.entries(packet.slots ?? {}).map(([name, value]) => [slotOf(name), text(value)]),
    ].filter(Boolean);
    const drafts = (packet.drafts ?? []).map((draft) => this.#answer(draft));
    return [
      heading("handover", over ? h("span", { class: "chip" }, say("backWithBot")) : null),
      facts_(facts),
      heading("drafts"),
      drafts.length ? h("ul", { class: "drafts" }, ...drafts) : hint("noMatches"),
    ];
  }

  #mind(event, events) {
    const parse = event.parse_data;
    const read = parse.intent_ranking ?? [];
    const near = (parse.matches ?? []).filter((one) => one.score >= this.near).slice(0, MOST);
    const turn = turnOf(event, events);
    return [
      heading("understood"),
      ...understood(parse, read, turn),
      read.length && !wasExpected(turn) ? this.explanation.about(event) : null,
      ...this.#review(event, events),
      ...(read.length ? [heading("matches"), this.#matches(near)] : []),
      heading("decided"),
      inWords(turn, events),
      this.#figures(parse, read, turn),
    ];
  }

  #matches(near) {
    return near.length ? h("ul", { class: "matches" }, ...near.map((one) => this.#answer(one))) : hint("noMatches");
  }

  #answer({ answer_id, question, text: words, taken_from: source }) {
    return h(
      "li",
      {},
      question ? h("strong", {}, question) : h("code", {}, answer_id),
      h("p", {}, words),
      source ? hint("takenFrom", { source }) : null,
      h("button", { class: "plain", onclick: () => this.insert(words) }, say("insert")),
    );
  }

  #figures(parse, read, turn) {
    const scores = (parse.matches ?? []).slice(0, MOST).map((one) => [one.score.toFixed(2), h("code", {}, one.answer_id)]);
    const mood = parse.sentiment ? [[say("mood"), moodOf(parse.sentiment)]] : [];
    const bundle = parse.bundle ? [[say("bundle"), h("code", {}, parse.bundle)]] : [];
    const details = h(
      "details",
      { class: "figures", open: this.#open },
      h("summary", {}, say("figures")),
      read.length ? bars(read, new Set(parse.prediction_set ?? [])) : null,
      parse.prediction_set?.length ? predictionSet(parse) : null,
      scores.length ? facts_(scores) : null,
      facts_([...mood, ...asRecorded(turn), ...bundle]),
    );
    details.addEventListener("toggle", () => (this.#open = details.open));
    return details;
  }

  #review(event, events) {
    const reviews = events.filter((one) => one.event === "reviewed" && one.message_id === event.message_id);
    const last = reviews.at(-1);
    const intent = last && (last.intent ? intentOf(last.intent) : say("outOfScope"));
    const known = last && hint("reviewedAs", { agent: personOf(last.agent), intent });
    if (!this.mayReview) return known ? [heading("relabel"), known] : [];
    const current = last ? (last.intent ?? "") : (event.parse_data.intent?.name ?? "");
    const select = h(
      "select",
      { class: "field", "aria-label": say("relabel") },
      h("option", { value: "", selected: current === "" }, `— ${say("outOfScope")} —`),
      ...this.intents.map((name) => h("option", { value: name, selected: name === current }, intentOf(name))),
    );
    const save = h("button", { class: "plain", onclick: () => this.relabel(event, select.value || null) }, say("save"));
    return [heading("relabel"), known, h("div", { class: "relabel" }, select, save)];
  }
}

/** The likeliest mood and its probability; anger goes before the displeasure that it is part of. */
function moodOf({ anger, ...moods }) {
  const [name, share] = anger > 0.5 ? ["anger", anger] : Object.entries(moods).sort((one, other) => other[1] - one[1])[0];
  return `${say(`mood${name}`)} ${percent(share)}`;
}

/** How sure the bot was, in words, and the meanings it had in mind. */
function understood(parse, read, turn) {
  if (wasExpected(turn)) return [verdict("sure", "expected")];
  if (!read.length) return [hint("noReading")];
  if (parse.out_of_scope) return [verdict("sure-not", "outOfScope")];
  const fitting = parse.prediction_set ?? [];
  const meant = read.filter(({ name }) => fitting.includes(name)).map(({ name }) => intentOf(name));
  if (fitting.length <= 1) return [verdict("sure", "sure"), meanings(meant.length ? meant : [intentOf(read[0].name)])];
  const asked = turn.some((event) => event.event === "decided" && event.row === "clarify");
  const more = meant.length > MOST ? hint("more", { n: meant.length - MOST }) : null;
  return [verdict("sure-not", asked ? "askedBack" : "unsure"), meanings(meant.slice(0, MOST)), more];
}

const verdict = (kind, key) => h("p", {}, h("span", { class: `chip ${kind}` }, say(key)));
const meanings = (titles) => h("ul", { class: "meanings" }, ...titles.map((title) => h("li", {}, title)));

function facts_(pairs) {
  return h("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function bars(ranking, inSet) {
  const rows = ranking.slice(0, MOST).map(({ name, confidence }) => {
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

function predictionSet({ prediction_set: set, guaranteed }) {
  const shown = set.slice(0, MOST).join(", ") + (set.length > MOST ? ` + ${set.length - MOST}` : "");
  return h("p", { class: "hint" }, say(guaranteed ? "promised" : "notPromised", { set: shown }));
}
