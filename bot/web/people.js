// One's own name for customers and, for administrators, the other users.

import { get, post, Refused } from "./api.js";
import { say } from "./console-words.js";
import { byId, h } from "./dom.js";

const ROLES = ["agent", "viewer", "supervisor", "administrator"];
let wired = false;

/** Opens the dialog for `user`; `toast(text)` says how it went, `renamed()` hears of a new name. */
export async function openPeople(user, toast, renamed) {
  byId("me-title").textContent = `${user.name} · ${say(`role${user.role}`)}`;
  byId("me-name").value = user.display_name ?? "";
  byId("me").showModal();
  if (!wired) {
    wired = true;
    byId("me-close").addEventListener("click", () => byId("me").close());
    byId("me-form").addEventListener("submit", (event) => {
      event.preventDefault();
      run(toast, async () => {
        Object.assign(user, await post("display-name", { display_name: byId("me-name").value }));
        renamed();
        byId("me").close();
      });
    });
  }
  if (user.role === "administrator") await showUsers(user, toast);
}

async function run(toast, action) {
  try {
    await action();
    toast(say("saved"));
  } catch (error) {
    toast((error instanceof Refused && error.message) || say("failed"));
  }
}

async function showUsers(me, toast) {
  const { users } = await get("users");
  const change = (body) => run(toast, () => post("users/change", body).then(() => showUsers(me, toast)));
  const rows = users.map((user) => {
    const mine = user.name === me.name;
    const role = roles(user.role, mine);
    role.addEventListener("change", () => change({ name: user.name, role: role.value }));
    const lock = h(
      "button",
      { class: "plain", type: "button", disabled: mine, onclick: () => change({ name: user.name, disabled: !user.disabled }) },
      say(user.disabled ? "open" : "lock"),
    );
    return h("li", {}, h("span", { class: "grow" }, user.display_name ? `${user.display_name} (${user.name})` : user.name), role, lock);
  });
  byId("people").replaceChildren(
    h("div", { class: "people" }, h("h2", {}, say("people")), h("ul", {}, ...rows), adding(me, toast)),
  );
}

function adding(me, toast) {
  const name = h("input", { class: "field", placeholder: say("name"), "aria-label": say("name"), required: true });
  const password = h("input", {
    class: "field",
    type: "password",
    placeholder: say("password"),
    "aria-label": say("password"),
    required: true,
    minlength: 10,
    autocomplete: "new-password",
  });
  const role = roles("agent", false);
  const add = async (event) => {
    event.preventDefault();
    await run(toast, () => post("users", { name: name.value, password: password.value, role: role.value }));
    await showUsers(me, toast);
  };
  return h("form", { class: "row", onsubmit: add }, name, password, role, h("button", { class: "plain" }, say("add")));
}

function roles(chosen, disabled) {
  const options = ROLES.map((role) => h("option", { value: role, selected: role === chosen }, say(`role${role}`)));
  return h("select", { class: "field", "aria-label": say("people"), disabled }, ...options);
}
