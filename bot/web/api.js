// Asks the console's interface. Every change carries the session's token, so that no other page can make one.

let csrf = "";

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function ask(method, path, body) {
  const headers = body ? { "Content-Type": "application/json", "X-CSRF-Token": csrf } : {};
  const response = await fetch(`/console/api/${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.error?.code, answer.error?.message ?? "");
  if (answer.csrf) csrf = answer.csrf;
  return answer;
}

export const get = (path, query = {}) => {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return ask("GET", `${path}?${new URLSearchParams(given)}`);
};
export const post = (path, body = {}) => ask("POST", path, body);
