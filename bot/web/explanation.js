// Which words carried a reading, and the training examples it is nearest to. Asked for, since it costs the models
// a moment.

import { say } from "./console-words.js";
import { h } from "./dom.js";
import { intentOf } from "./names.js";

const FAINT = 0.1; // the share of the strongest word from which a word is shaded

export class Explanation {
  #known = new Map(); // by message id, so that what was asked for stays when the panel is drawn anew
  #ask;

  /** `ask(event)` gives the interface's answer, or null where it was refused. */
  constructor(ask) {
    this.#ask = ask;
  }

  /** A button, or what it brought for this message. */
  about(event) {
    const room = h("div", { class: "carried", "aria-live": "polite" });
    const draw = () => {
      const found = this.#known.get(event.message_id);
      room.replaceChildren(...(found ? drawn(event, found) : [h("button", { class: "plain", onclick: ask }, say("whichWords"))]));
    };
    const ask = async () => {
      const found = await this.#ask(event);
      if (found) this.#known.set(event.message_id, found);
      draw();
    };
    draw();
    return room;
  }
}

function drawn(event, found) {
  const later = found.bundle !== event.parse_data.bundle;
  return [
    h("p", { class: "words" }, ...shaded(event.text, found.words)),
    h("p", { class: "hint" }, say(found.words.length ? "wordsTold" : "noWords", { intent: intentOf(found.intent) })),
    later ? h("p", { class: "hint" }, say("otherBundle")) : null,
    found.examples.length ? h("h3", {}, say("nearExamples")) : null,
    found.examples.length ? h("ul", { class: "near" }, ...found.examples.map(example)) : null,
  ].filter(Boolean);
}

/** The message, its words marked by how much they said. Places count code points, as Array.from does. */
function shaded(text, words) {
  const letters = Array.from(text);
  const strongest = Math.max(...words.map(({ weight }) => Math.abs(weight)), 1e-9);
  const nodes = [];
  let from = 0;
  for (const { start, end, weight } of words) {
    const share = Math.abs(weight) / strongest;
    const word = letters.slice(start, end).join("");
    nodes.push(letters.slice(from, start).join(""), share < FAINT ? word : mark(word, weight, share));
    from = end;
  }
  return [...nodes, letters.slice(from).join("")];
}

function mark(word, weight, share) {
  const marked = h("mark", { class: weight > 0 ? "for" : "against", title: `${weight > 0 ? "+" : "−"}${Math.abs(weight).toFixed(1)}` }, word);
  marked.style.setProperty("--part", `${Math.round(share * 100)}%`);
  return marked;
}

const example = ({ text, intent, cosine }) =>
  h("li", {}, text, h("span", { class: "hint" }, `${intentOf(intent)} · ${cosine.toFixed(2)}`));
