// The lists at the left: who waits, what is mine, everything; a page at a time.

import { get } from "./api.js";
import { say } from "./console-words.js";
import { byId, h } from "./dom.js";
import { formOf, intentOf, learnPeople, personOf, tongueOf } from "./names.js";

/** A short name for a conversation; a visitor's is the start of its id. */
export function titleOf(row) {
  return row.channel === "web" ? say("visitor", { id: row.sender.slice(0, 6) }) : row.sender;
}

/** "5m": how long ago, in the largest fitting unit. */
export function ago(at) {
  const minutes = Math.max(0, Math.round((Date.now() / 1000 - at) / 60));
  if (minutes < 1) return "<1m";
  if (minutes < 60) return `${minutes}m`;
  return minutes < 60 * 24 ? `${Math.round(minutes / 60)}h` : `${Math.round(minutes / 1440)}d`;
}

export function holderChip(row) {
  return h("span", { class: `chip ${row.holder}` }, say(`holder${row.holder}`, { name: personOf(row.agent) }));
}

export class Queue {
  list = "waiting";
  rows = [];
  chosen = null;
  #next = null;
  #asked = 0;

  /** `open(row)` is called when a conversation is chosen. */
  constructor(open) {
    this.open = open;
    for (const tab of this.#tabs()) tab.addEventListener("click", () => this.show(tab.dataset.list));
    byId("rows-more").addEventListener("click", () => this.more());
  }

  async show(list) {
    this.list = list;
    await this.refresh();
  }

  /** Reads the first page anew; an answer that a later question has overtaken is dropped. */
  async refresh() {
    const asked = ++this.#asked;
    const answer = await get("conversations", { list: this.list });
    if (asked !== this.#asked) return;
    learnPeople(answer.names);
    this.rows = answer.rows;
    this.#next = answer.next;
    this.count(answer.waiting);
    this.#draw();
  }

  async more() {
    const answer = await get("conversations", { list: this.list, after: this.#next });
    learnPeople(answer.names);
    this.rows = [...this.rows, ...answer.rows];
    this.#next = answer.next;
    this.#draw();
  }

  count(waiting) {
    byId("waiting-count").textContent = waiting ? String(waiting) : "";
  }

  choose(row) {
    this.chosen = row.id;
    this.#mark();
    this.open(row);
  }

  /** The next (1) or previous (-1) conversation of the list. */
  step(by) {
    const place = this.rows.findIndex((row) => row.id === this.chosen);
    const row = this.rows[place < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, place + by))];
    if (row) this.choose(row);
  }

  #tabs() {
    return byId("tabs").querySelectorAll("button");
  }

  #draw() {
    for (const tab of this.#tabs()) tab.setAttribute("aria-selected", String(tab.dataset.list === this.list));
    byId("rows").replaceChildren(...this.rows.map((row) => h("li", {}, this.#row(row))));
    byId("rows-empty").hidden = this.rows.length > 0;
    byId("rows-empty").textContent = say(`empty${this.list[0].toUpperCase()}${this.list.slice(1)}`);
    byId("rows-more").hidden = !this.#next;
    this.#mark();
  }

  /** What it is about first: who it is says little, and agents choose by the matter. */
  #row(row) {
    const { question, said, intent, form } = row.about;
    const about = question ?? said;
    const waits = row.holder === "queue";
    const reason = waits && row.reason ? say(`reason${row.reason}`) : null;
    const topic = form ? formOf(form) : intentOf(intent);
    const facts = [topic, tongueOf(row.language), about ? titleOf(row) : null, row.channel === "web" ? null : row.channel];
    const time = ago(row.waiting_since ?? row.updated_at);
    return h(
      "button",
      { "data-id": row.id, onclick: () => this.choose(row) },
      h("span", { class: "title" }, about ?? titleOf(row)),
      h("time", { class: "when" }, waits ? say("waits", { time }) : time),
      said && said !== about ? h("span", { class: "said" }, `“${said}”`) : null,
      h(
        "span",
        { class: "sub" },
        reason ? h("span", { class: row.reason === "red_flag" ? "chip alarm" : "chip queue" }, reason) : holderChip(row),
        facts.filter(Boolean).join(" · "),
      ),
    );
  }

  #mark() {
    for (const button of byId("rows").querySelectorAll("button")) {
      const chosen = button.dataset.id === this.chosen;
      button.setAttribute("aria-current", String(chosen));
      if (chosen) button.scrollIntoView({ block: "nearest" });
    }
  }
}
