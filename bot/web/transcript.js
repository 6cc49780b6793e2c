// The lines of the chat page: who said what and when, grouped, with choices under the newest.

import { byId, h, link, linked } from "./dom.js";
import { day, hour, say } from "./words.js";

const NEAR = 120; // px from the end at which the reader is taken to follow along

export class Transcript {
  #lines = byId("lines");
  #talk = byId("talk");
  #heard = byId("heard");
  #newer = byId("newer");
  #unsent = byId("unsent"); // below the log, until each is recorded and takes its place in it
  #mine = new Map(); // the unsent lines by client id
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
    this.#unsent.replaceChildren();
    this.#mine.clear();
    this.#last = null;
    this.#dayShown = null;
  }

  /** Shows what the bot says before anybody has written; it is on no record. */
  greet(greeting) {
    if (this.#last) return;
    this.show({ who: "bot", at: Date.now() / 1000, ...greeting }, { live: false });
  }

  /** Adds a recorded line; `live` ones are read aloud. */
  show(line, { live }) {
    byId("welcome").hidden = true;
    if (line.who === "customer") this.#settle(line.client_id);
    const name = line.who === "agent" ? (line.name ?? say("aColleague")) : say(line.who === "bot" ? "assistant" : "you");
    this.#place(line, name, this.#bubble(line));
    if (line.who !== "customer" && live) {
      this.#heard.append(h("p", {}, say("said", { who: name, text: line.text ?? say("picture") })));
      this.#trimHeard();
    }
  }

  /** Shows a message of this browser that is not recorded yet. */
  showUnsent(message) {
    if (this.#mine.has(message.client_id)) return;
    byId("welcome").hidden = true;
    this.#dropChoices();
    const element = h(
      "li",
      { class: "line customer last unsent" },
      h("span", { class: "only-heard" }, `${say("you")}: `),
      h("div", { class: "bubble" }, message.title ?? message.text),
      h("span", { class: "meta" }, say("unsent")),
    );
    this.#mine.set(message.client_id, element);
    this.#unsent.append(element);
    this.follow();
  }

  /** The server has kept the message; its turn is on the way. */
  accepted(clientId) {
    const element = this.#mine.get(clientId);
    element?.classList.remove("unsent");
    element?.querySelector(".meta").replaceChildren(hour(Date.now() / 1000));
  }

  refused(clientId, why) {
    const element = this.#mine.get(clientId);
    element?.classList.replace("unsent", "refused");
    element?.querySelector(".meta").replaceChildren(say("refusedLine", { why }));
  }

  note(text, { waiting = false, live = false } = {}) {
    this.#dropChoices();
    const following = this.#following();
    this.#lines.append(h("li", { class: waiting ? "note wait" : "note" }, text));
    this.#last = null;
    if (live) this.#heard.append(h("p", {}, text));
    if (following) this.follow();
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
  }

  #dayShown = null;

  /** The message has a place in the log: the line that stood in for it goes. */
  #settle(clientId) {
    this.#mine.get(clientId)?.remove();
    this.#mine.delete(clientId);
  }

  #dropChoices() {
    for (const choices of this.#lines.querySelectorAll(".choices")) choices.remove();
  }

  #following() {
    return this.#talk.scrollHeight - this.#talk.scrollTop - this.#talk.clientHeight < NEAR;
  }

  #trimHeard() {
    while (this.#heard.childElementCount > 6) this.#heard.firstElementChild.remove();
  }
}
