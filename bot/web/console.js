// The console's page: signing in, and the wiring of lists, conversation, panel, keys and live updates.

import { get, post, Refused } from "./api.js";
import { Connection } from "./connection.js";
import { say } from "./console-words.js";
import { fromCustomer } from "./doings.js";
import { byId } from "./dom.js";
import { openGate } from "./gate.js";
import { listenForKeys } from "./keys.js";
import { learnIntents, learnPeople, personOf, tongueOf } from "./names.js";
import { openPeople } from "./people.js";
import { Queue, titleOf } from "./queue.js";
import { Thread } from "./thread.js";
import { nowAndThen, Shown } from "./typing.js";
import { Why } from "./why.js";
import { title, translate } from "./words.js";

const AGENTS = ["administrator", "supervisor", "agent"];
const SUPERVISORS = ["administrator", "supervisor"];
const SIGNED_OUT = 4401;
const SEVERAL = 800; // ms in which several changes of the lists become one question

const state = { user: null, conversation: null, busy: false };
const queue = new Queue((row) => attempt(() => open(row.id)));
const thread = new Thread((event) => why.explain(event, thread.events));
const why = new Why({ insert, relabel, explain });
const field = byId("text");
const typing = new Shown(byId("typing"));
const tellTyping = nowAndThen(() => live.send({ type: "typing" }));
const drafts = new Map(); // what was begun in other conversations
let refreshing = 0;
let toasting = 0;

const live = new Connection("/console/api/live", {
  opened() {
    byId("net").textContent = "";
    if (state.conversation) watch();
    refreshSoon();
  },
  frame(data) {
    if (data.type === "lists") {
      queue.count(data.waiting);
      refreshSoon();
    } else if (data.type === "events" && data.id === state.conversation?.id) {
      learnPeople(data.names);
      state.conversation = data.conversation ?? state.conversation;
      thread.add(data.events);
      if (data.events.some(fromCustomer)) typing.off();
      showConversation();
    } else if (data.type === "typing" && data.id === state.conversation?.id) {
      typing.on();
      thread.follow();
    }
  },
  closed(code) {
    if (code === SIGNED_OUT) location.reload();
    byId("net").textContent = say("connecting");
  },
});

/** Runs an action and says why where it is refused; nothing is done twice at once. */
async function attempt(action) {
  if (state.busy) return;
  state.busy = true;
  try {
    await action();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) location.reload();
    toast((error instanceof Refused && error.message) || say("failed"));
  } finally {
    state.busy = false;
    showConversation();
  }
}

async function open(id) {
  const answer = await get("conversation", { id });
  if (state.conversation) drafts.set(state.conversation.id, field.value);
  learnPeople(answer.names);
  state.conversation = answer.conversation;
  field.value = drafts.get(id) ?? "";
  byId("earlier").hidden = !answer.earlier;
  view("thread");
  typing.off();
  showConversation();
  thread.show(answer.events);
  watch();
}

/** Why the bot read a message as it did; null where that was refused. */
async function explain(event) {
  let found = null;
  await attempt(async () => {
    found = await get("explanation", { conversation: state.conversation.id, seq: event.seq });
  });
  return found;
}

function watch() {
  live.send({ type: "watch", id: state.conversation.id, after: thread.last });
}

async function earlier() {
  const answer = await get("conversation", { id: state.conversation.id, before: thread.events[0]?.seq });
  learnPeople(answer.names);
  byId("earlier").hidden = !answer.earlier;
  thread.addEarlier(answer.events);
}

function view(name) {
  byId("room").dataset.view = name;
}

function showConversation() {
  const row = state.conversation;
  byId("thread-in").hidden = !row;
  byId("thread-empty").hidden = Boolean(row);
  if (!row) return;
  const mine = row.holder === "agent" && row.agent === state.user.name;
  const other = row.holder === "agent" && !mine;
  const agent = AGENTS.includes(state.user.role);
  byId("thread-title").textContent = titleOf(row);
  const facts = [row.channel, tongueOf(row.language), say(`holder${row.holder}`, { name: personOf(row.agent) })];
  byId("thread-sub").textContent = facts.filter(Boolean).join(" · ");
  byId("take-over").hidden = mine || !agent || (other && !SUPERVISORS.includes(state.user.role));
  byId("take-over").textContent = other ? say("takeFrom", { name: personOf(row.agent) }) : say("takeOver");
  byId("hand-back").hidden = !mine;
  byId("send").disabled = !mine || state.busy;
  field.readOnly = !mine;
  field.placeholder = say(mine ? "writeMine" : agent ? "writeFirst" : "readOnly");
  const place = thread.events.findLastIndex((event) => event.event === "handed_over");
  why.packet(thread.events[place], { over: thread.events.slice(place + 1).some((event) => event.event === "returned") });
}

function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => queue.refresh().catch(() => {}), SEVERAL);
}

const acts = {
  async takeOver() {
    await act("take-over", { force: state.conversation.holder === "agent" });
    await queue.show("mine");
    showConversation();
    field.focus();
  },
  /** The conversation stays on screen to be read; beside it the list where the next work is. */
  async handBack() {
    await act("hand-back");
    for (const list of ["waiting", "mine", "all"]) {
      await queue.show(list);
      if (queue.rows.length) break;
    }
  },
  async send() {
    const text = field.value.trim();
    if (!text) return;
    await act("say", { text });
    field.value = "";
    fit();
  },
};

async function act(path, more = {}) {
  await post(path, { conversation: state.conversation.id, ...more });
  const answer = await get("conversation", { id: state.conversation.id });
  learnPeople(answer.names);
  state.conversation = answer.conversation;
  thread.add(answer.events);
  refreshSoon();
}

function relabel(event, intent) {
  attempt(async () => {
    await act("review", { seq: event.seq, intent });
    toast(say("saved"));
  });
}

function insert(text) {
  field.value = field.value ? `${field.value}\n${text}` : text;
  view("thread");
  fit();
  field.focus();
}

function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

function toast(text) {
  clearTimeout(toasting);
  byId("toast").textContent = text;
  toasting = setTimeout(() => (byId("toast").textContent = ""), 5000);
}

function wire() {
  const press = (id, action) => byId(id).addEventListener("click", action);
  press("take-over", () => attempt(acts.takeOver));
  press("hand-back", () => attempt(acts.handBack));
  press("earlier", () => attempt(earlier));
  press("to-list", () => view("list"));
  press("to-why", () => view("why"));
  press("from-why", () => view("thread"));
  press("open-help", () => byId("help").showModal());
  press("open-me", () => openPeople(state.user, toast, showMe));
  press("sign-out", () => attempt(() => post("sign-out").then(() => location.reload())));
  byId("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(acts.send);
  });
  field.addEventListener("input", () => {
    fit();
    if (field.value) tellTyping();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!byId("send").disabled) attempt(acts.send);
  });
  listenForKeys({
    j: ["keyDown", () => queue.step(1)],
    k: ["keyUp", () => queue.step(-1)],
    t: ["keyTake", () => byId("take-over").hidden || byId("take-over").click()],
    r: ["keyReply", () => field.focus()],
    b: ["keyBack", () => byId("hand-back").hidden || byId("hand-back").click()],
    w: ["keyWhy", () => view(byId("room").dataset.view === "why" ? "thread" : "why")],
    "?": ["keyHelp", () => byId("help").showModal()],
  });
}

function showMe() {
  const { name, display_name } = state.user;
  learnPeople({ [name]: display_name ?? name });
  byId("open-me").textContent = display_name ?? name;
}

function enter(session) {
  state.user = session.user;
  learnIntents(session.intents);
  Object.assign(why, { intents: Object.keys(session.intents), near: session.near });
  why.mayReview = AGENTS.includes(session.user.role);
  byId("gate").hidden = true;
  byId("room").hidden = false;
  showMe();
  why.explain(null, []);
  attempt(() => queue.show("waiting"));
  live.start();
}

translate(document, say);
byId("title").textContent = title ? `${title} · ${say("console")}` : say("console");
document.title = byId("title").textContent;
wire();
const session = await get("session").catch(() => ({ user: null }));
if (session.user) enter(session);
else openGate(session, enter);
