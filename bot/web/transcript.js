// The lines of the chat page: who said what and when, grouped, with choices under the newest.

import { byId, h, link, linked } from "./dom.js";
import { day, hour, say } from "./words.js";

const NEAR = 120; // px from the end at which the reader is taken to follow along

export class Transcript {
  #lines = byId("lines");
  #talk = byId("talk");
  #heard = byId("heard");
  #newer = byId("newer");
  #mine = new Map(); // the customer's lines by client id
  #last = null; // {who, at, element} of the newest line
  #choose;

  /** `choose(button)` is called when a choice is pressed. */
  constructor(choose) {
    this.#choose = choose;
    this.#newer.addEventListener("click", () => this.follow());
    this.#talk.addEventListener("scroll", () => {
      if (this.#following()) this.#newer.hidden = true;
    });
  }

  clear() {
    this.#lines.replaceChildren();
    this.#mine.clear();
    this.#last = null;
  }

  /** Adds a recorded line; `live` ones are read aloud. */
  show(line, { live }) {
    byId("welcome").hidden = true;
    if (line.who === "customer" && this.#mine.has(line.client_id)) return this.#confirm(line);
    const name = line.who === "agent" ? (line.name ?? say("aColleague")) : say(line.who === "bot" ? "assistant" : "you");
    const element = this.#place(line, name, this.#bubble(line));
    if (line.who === "customer") this.#mine.set(line.client_id, element);
    else if (live) this.#heard.append(h("p", {}, say("said", { who: name, text: line.text ?? say("picture") })));
    this.#trimHeard();
    return element;
  }

  /** Adds a message of this page that is not recorded yet. */
  showUnsent(message) {
    if (this.#mine.has(message.client_id)) return;
    const element = this.show({ ...message, who: "customer", text: message.title ?? message.text }, { live: false });
    element.classList.add("unsent");
    this.#meta(element, say("unsent"));
    this.follow();
  }

  accepted(clientId) {
    const element = this.#mine.get(clientId);
    if (!element?.classList.contains("unsent")) return;
    element.classList.remove("unsent");
    this.#meta(element, hour(Date.now() / 1000));
  }

  refused(clientId, why) {
    const element = this.#mine.get(clientId);
    if (!element) return;
    element.classList.replace("unsent", "refused");
    this.#meta(element, say("refusedLine", { why }), { loud: true });
  }

  note(text, { waiting = false, live = false } = {}) {
    this.#dropChoices();
    this.#lines.append(h("li", { class: waiting ? "note wait" : "note" }, text));
    this.#last = null;
    if (live) this.#heard.append(h("p", {}, text));
    this.#seen();
  }

  /** Scrolls to the newest line. */
  follow() {
    this.#newer.hidden = true;
    this.#talk.scrollTop = this.#talk.scrollHeight;
  }

  #bubble(line) {
    const parts = [];
    if (line.text) {
      parts.push(h("div", { class: "bubble" }, ...(line.who === "customer" ? [line.text] : linked(line.text))));
    }
    if (line.image) parts.push(h("div", { class: "bubble" }, link(line.image, say("picture"))));
    if (line.buttons) parts.push(this.#choices(line.buttons));
    return parts;
  }

  #choices(buttons) {
    const press = (button) => {
      this.#dropChoices();
      this.#choose(button);
    };
    return h(
      "div",
      { class: "choices", role: "group" },
      ...buttons.map((button) => h("button", { type: "button", onclick: () => press(button) }, button.title)),
    );
  }

  #place(line, name, parts) {
    const wasFollowing = this.#following();
    const newDay = !this.#last || day(this.#last.at) !== day(line.at);
    if (newDay && this.#dayShown !== day(line.at)) {
      this.#lines.append(h("li", { class: "day" }, day(line.at)));
      this.#dayShown = day(line.at);
    }
    const same = !newDay && this.#last?.who === line.who && this.#last.name === name;
    if (same) this.#last.element.classList.remove("last");
    this.#dropChoices();
    const element = h(
      "li",
      { class: `line ${line.who} last${same ? " same" : ""}` },
      h("span", { class: line.who === "agent" && !same ? "name" : "only-heard" }, line.who === "agent" && !same ? name : `${name}: `),
      ...parts,
      h("span", { class: "meta" }, hour(line.at)),
    );
    this.#lines.append(element);
    this.#last = { who: line.who, name, at: line.at, element };
    if (wasFollowing || line.who === "customer") this.follow();
    else this.#newer.hidden = false;
    return element;
  }

  #dayShown = null;

  /** A message of this page came back recorded: it moves to its place in the log. */
  #confirm(line) {
    const element = this.#mine.get(line.client_id);
    element.classList.remove("unsent", "refused");
    this.#meta(element, hour(line.at));
    return element;
  }

  #meta(element, text, { loud = false } = {}) {
    const meta = element.querySelector(".meta");
    meta.textContent = text;
    meta.classList.toggle("loud", loud);
  }

  #dropChoices() {
    for (const choices of this.#lines.querySelectorAll(".choices")) choices.remove();
  }

  #following() {
    return this.#talk.scrollHeight - this.#talk.scrollTop - this.#talk.clientHeight < NEAR;
  }

  #seen() {
    if (this.#following()) this.follow();
  }

  #trimHeard() {
    while (this.#heard.childElementCount > 6) this.#heard.firstElementChild.remove();
  }
}
