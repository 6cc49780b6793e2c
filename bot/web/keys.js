// The keys of the console; silent while somebody writes or a dialog is open.

import { say } from "./console-words.js";
import { byId, h } from "./dom.js";

const WRITING = "input, textarea, select";

/** `keys` maps a key to [its words, what it does]; the help dialog lists them. */
export function listenForKeys(keys) {
  const rows = Object.entries(keys).map(([key, [words]]) => [key, words]);
  const listed = [...rows, ["Esc", "keyEscape"]].flatMap(([key, words]) => [
    h("dt", {}, h("kbd", {}, key)),
    h("dd", {}, say(words)),
  ]);
  byId("key-list").append(...listed);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches("textarea")) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (byId("room").hidden || event.target.matches(WRITING) || document.querySelector("dialog[open]")) return;
    const found = keys[event.key];
    if (!found) return;
    event.preventDefault();
    found[1]();
  });
}
