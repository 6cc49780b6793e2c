// Finds rows as one types, and shows everything that uses a step. Nothing is fetched and no markup is made.
"use strict";

const byId = (id) => document.getElementById(id);
const find = byId("find");
const rows = [...document.querySelectorAll(".row")].map((row) => ({ row, text: row.textContent.toLowerCase() }));
const steps = [...document.querySelectorAll("[data-key]")];
let chosen = null;

function uses(row) {
  return chosen === null || steps.some((step) => step.dataset.key === chosen && row.contains(step));
}

/** Shows the rows that hold every word looked for and use the chosen step, and tells how many they are. */
function show() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { row, text } of rows) row.hidden = !(words.every((word) => text.includes(word)) && uses(row));
  for (const pill of document.querySelectorAll("#overview .pill")) {
    const row = byId(decodeURI(pill.hash.slice(1))) ?? byId(pill.hash.slice(1));
    pill.parentElement.hidden = Boolean(row?.hidden);
  }
  for (const part of document.querySelectorAll("section, .group")) {
    const inside = [...part.querySelectorAll(".row, .pills li")];
    part.hidden = inside.length > 0 && inside.every((one) => one.hidden);
    const entry = document.querySelector(`nav a[href="#${part.id}"]`);
    if (entry) entry.parentElement.hidden = part.hidden;
  }
  const left = rows.filter(({ row }) => !row.hidden).length;
  byId("shown").textContent = words.length || chosen !== null ? `${left} of ${rows.length} rows shown` : "";
}

/** Lights every place of a step, and leaves only the rows that use it; the same again shows everything. */
function choose(key, from) {
  chosen = key === chosen ? null : key;
  for (const step of steps) {
    step.classList.toggle("lit", step.dataset.key === chosen);
    step.setAttribute("aria-pressed", String(step.dataset.key === chosen));
  }
  const places = steps.filter((step) => step.dataset.key === chosen).length;
  byId("chosen").hidden = chosen === null;
  const name = chosen === null ? "" : chosen.slice(chosen.indexOf(":") + 1);
  byId("chosen-name").textContent = name && `Everything that uses ${name} (${places} places)`;
  show();
  from?.scrollIntoView({ block: "center" });
}

function move(by) {
  const seen = rows.map(({ row }) => row).filter((row) => !row.hidden);
  const here = seen.findIndex((row) => row.contains(document.activeElement));
  const next = seen[here < 0 ? 0 : here + by];
  if (next) next.focus();
  else if (by < 0) find.focus();
}

function clear() {
  find.value = "";
  if (chosen !== null) choose(chosen, document.activeElement);
  show();
}

find.addEventListener("input", show);
byId("all").addEventListener("click", () => { clear(); find.focus(); });
for (const step of steps) step.addEventListener("click", () => choose(step.dataset.key, step));
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  const typing = event.target === find;
  const inRow = Boolean(event.target.closest?.(".row"));
  if (event.key === "/" && !typing) find.focus();
  else if (event.key === "Escape") clear();
  else if (event.key === "ArrowDown" && (typing || inRow)) move(1);
  else if (event.key === "ArrowUp" && inRow) move(-1);
  else return;
  event.preventDefault();
});
document.documentElement.classList.add("live");
