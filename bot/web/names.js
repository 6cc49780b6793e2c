// What accounts, intents, forms and slots are called where a person reads them.

import { say } from "./console-words.js";
import { language } from "./words.js";

const people = new Map();
let titles = {};
const tongues = new Intl.DisplayNames([navigator.language], { type: "language" });
const KNOWN = { faq: "intentFaq", out_of_scope: "outOfScope", oos: "outOfScope", nlu_fallback: "outOfScope" };
const spaced = (name) => name.replaceAll("_", " ");

/** Takes in display names by account. */
export function learnPeople(names = {}) {
  for (const [account, name] of Object.entries(names)) people.set(account, name);
}

/** What a colleague wants to be called. */
export const personOf = (account) => people.get(account) ?? account ?? "";

/** Takes in the project's titles: by intent, then by language. */
export function learnIntents(intents) {
  titles = intents;
}

export function intentOf(name) {
  const own = titles[name]?.[language];
  if (own || !name) return own ?? "";
  return KNOWN[name] ? say(KNOWN[name]) : spaced(name).replace(/^./u, (first) => first.toUpperCase());
}

export const formOf = (name) => spaced(name.replace(/_form$/, ""));
export const slotOf = spaced;

export function tongueOf(tag) {
  try {
    return tag ? tongues.of(tag) : "";
  } catch {
    return tag;
  }
}
