// The chat page: wires connection, kept messages and transcript together. The server's log is the truth; this page
// only remembers the last number it saw.

import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { forget, keep, keepToken, newId, token, unsent } from "./outbox.js";
import { Transcript } from "./transcript.js";
import { nowAndThen, Shown } from "./typing.js";
import { language, say, title, translate } from "./words.js";

const BAD_TOKEN = 4401;
const TYPING_AT_MOST = 30_000;
const AGAIN = 1_500;

const state = { seq: 0, live: false, connected: false, away: false, holder: "bot", name: null, place: null };
const transcript = new Transcript((button) => submit(button.payload, button.title));
const form = byId("compose");
const field = byId("text");
const typing = new Shown(byId("typing"));
const tellTyping = nowAndThen(() => connection.send({ type: "typing" }));

const connection = new Connection("/socket", {
  opened: () => connection.send({ type: "hello", token: token(), after: state.seq, language }),
  frame: (data) => frames[data.type]?.(data),
  closed: (code) => {
    state.away = true;
    state.live = false;
    state.connected = false;
    if (code === BAD_TOKEN) forgetMe();
    showTyping(false);
    showStatus();
  },
});

const frames = {
  welcome(data) {
    if (data.token) keepToken(data.token);
    Object.assign(state, { holder: data.holder, name: data.name, place: null });
    if (data.opening && !unsent().length) transcript.greet(data.opening);
  },
  live(data) {
    Object.assign(state, { live: true, connected: true, seq: Math.max(state.seq, data.seq) });
    for (const message of unsent()) transcript.showUnsent(message);
    sendUnsent();
    showStatus();
  },
  line(data) {
    state.seq = data.seq;
    if (data.who === "customer") forget(data.client_id);
    else showTyping(false);
    transcript.show(data, { live: state.live });
  },
  state(data) {
    state.seq = data.seq;
    Object.assign(state, { holder: data.holder, name: data.name, place: null });
    const name = data.name ?? say("aColleague");
    const words = { queue: say("noteQueue"), agent: say("noteAgent", { name: capital(name) }), bot: say("noteBot") };
    transcript.note(words[data.holder], { waiting: data.holder === "queue", live: state.live });
    showStatus();
  },
  place(data) {
    state.place = data.position;
    showStatus();
  },
  typing: (data) => showTyping(data.on, data.name),
  accepted(data) {
    forget(data.client_id);
    transcript.accepted(data.client_id);
  },
  refused(data) {
    if (data.again) {
      setTimeout(sendUnsent, AGAIN);
    } else if (data.client_id) {
      forget(data.client_id);
      transcript.refused(data.client_id, data.code === "too_fast" ? say("tooFast") : data.message);
    }
  },
};

function submit(text, title) {
  const message = { client_id: newId(), text, title, at: Date.now() / 1000 };
  keep(message);
  transcript.showUnsent(message);
  if (state.connected) sendUnsent();
}

/** Sends what waits, in order. The server takes each once, whatever it has seen of them before. */
function sendUnsent() {
  for (const { client_id, text, title } of unsent()) {
    if (!connection.send({ type: "say", client_id, text, title })) return;
  }
}

function forgetMe() {
  keepToken(null);
  state.seq = 0;
  transcript.clear();
}

/** `name`: an agent's, null where they have chosen none, undefined for the bot. */
function showTyping(on, name) {
  if (!on) return typing.off();
  const agent = name !== undefined;
  byId("typist").textContent = agent ? say("isTyping", { name: capital(name ?? say("aColleague")) }) : say("typing");
  byId("typist").className = agent ? "" : "only-heard";
  typing.on(agent ? undefined : TYPING_AT_MOST);
  transcript.follow();
}

function showStatus() {
  const name = state.name ?? say("aColleague");
  const words = !state.connected
    ? say(state.away ? "offline" : "connecting")
    : state.holder === "queue"
      ? state.place
        ? say("waitingPlace", { n: state.place })
        : say("waiting")
      : state.holder === "agent"
        ? say("withAgent", { name })
        : say("online");
  byId("status").textContent = words;
  byId("dot").className = !state.connected ? "dot" : state.holder === "queue" ? "dot wait" : "dot on";
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
  byId("send").disabled = !field.value.trim();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  fit();
  submit(text);
  field.focus();
});
field.addEventListener("input", () => {
  fit();
  if (state.holder === "agent" && field.value) tellTyping();
});
field.addEventListener("keydown", (event) => {
  // While an input method composes, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

translate(document, say);
document.title = title || say("desk");
byId("title").textContent = document.title;
for (const message of unsent()) transcript.showUnsent(message);
fit();
showStatus();
connection.start();
field.focus();
