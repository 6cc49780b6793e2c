// The visitor's token and the messages that have not left yet, kept in the browser so that a reload loses neither.

const TOKEN = "frontdesk.token";
const UNSENT = "frontdesk.unsent";
const memory = new Map();

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return memory.get(key) ?? null; // a browser that keeps nothing: this page's life must do
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    memory.set(key, value);
  }
}

export const token = () => read(TOKEN);
export const keepToken = (value) => write(TOKEN, value);

/** The messages waiting to leave, oldest first: {client_id, text, title, at}. */
export function unsent() {
  try {
    const kept = JSON.parse(read(UNSENT) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

export const keep = (message) => write(UNSENT, JSON.stringify([...unsent(), message]));
export const forget = (clientId) =>
  write(UNSENT, JSON.stringify(unsent().filter((message) => message.client_id !== clientId)));

/** 128 random bits: the message's name, so that sending it twice is the same as once. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
