// A WebSocket that comes back: grows patient while the network is away, notices a dead line, never gives up.

const FIRST = 500;
const MOST = 20_000;
const PING = 20_000;
const PONG = 10_000;

export class Connection {
  #path;
  #socket = null;
  #tries = 0;
  #timer = 0;
  #beat = 0;
  #doom = 0;
  #stopped = false;

  /** `handlers`: opened(), frame(data), closed(code). */
  constructor(path, handlers) {
    this.#path = path;
    this.handlers = handlers;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  start() {
    clearTimeout(this.#timer);
    this.#stopped = false;
    const address = new URL(this.#path, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.onopen = () => {
      this.handlers.opened();
      this.#beat = setInterval(() => this.#ping(), PING);
    };
    socket.onmessage = (event) => {
      clearTimeout(this.#doom);
      this.#tries = 0;
      const data = JSON.parse(event.data);
      if (data.type !== "pong") this.handlers.frame(data);
    };
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  /** False where the frame could not leave now. */
  send(data) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(data));
    return true;
  }

  #ping() {
    if (!this.send({ type: "ping" })) return;
    clearTimeout(this.#doom);
    const socket = this.#socket;
    this.#doom = setTimeout(() => this.#closed(socket, 4000), PONG);
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearInterval(this.#beat);
    clearTimeout(this.#doom);
    socket.close();
    this.handlers.closed(code);
    if (this.#stopped) return;
    const wait = Math.min(MOST, FIRST * 2 ** this.#tries++) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.start(), wait);
  }

  #hurry() {
    if (this.#socket || this.#stopped) return;
    this.#tries = 0;
    this.start();
  }
}
