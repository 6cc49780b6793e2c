// Signing in, and setting up the first administrator with the one-time link.

import { get, post, Refused } from "./api.js";
import { say } from "./console-words.js";
import { byId } from "./dom.js";

const NAME = "[\\p{L}\\p{N}_.@+\\-]{1,64}";
const SHORTEST = 10; // characters of a new password

/** Shows the form; `enter(session)` is called once somebody is signed in. */
export function openGate(session, enter) {
  const token = new URLSearchParams(location.hash.slice(1)).get("setup");
  // The token must not stay in the address or the history.
  if (location.hash) history.replaceState(null, "", location.pathname);
  const settingUp = Boolean(token && session.set_up);
  // A link pasted into the open page changes the hash only.
  addEventListener("hashchange", () => location.reload());
  byId("gate").hidden = false;
  byId("gate-dead").textContent = token && !session.set_up ? say("setUpDone") : "";
  byId("gate-title").textContent = say(settingUp ? "setUp" : "signIn");
  byId("gate-hint").textContent = say(settingUp ? "setUpHint" : session.set_up ? "setUpNeeded" : "signInHint");
  byId("gate-go").textContent = say(settingUp ? "create" : "signIn");
  byId("gate-name").pattern = settingUp ? NAME : ".*";
  byId("gate-name").title = settingUp ? say("nameRule") : "";
  byId("gate-password").minLength = settingUp ? SHORTEST : 0;
  byId("gate-password").autocomplete = settingUp ? "new-password" : "current-password";
  byId("gate-name").focus();
  byId("gate-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("gate-go").disabled = true;
    byId("gate-trouble").textContent = "";
    const given = { name: byId("gate-name").value, password: byId("gate-password").value };
    try {
      await (settingUp ? post("set-up", { token, ...given }) : post("sign-in", given));
      byId("gate-form").reset();
      enter(await get("session"));
    } catch (error) {
      byId("gate-trouble").textContent = (error instanceof Refused && error.message) || say("failed");
    } finally {
      byId("gate-go").disabled = false;
    }
  });
}
