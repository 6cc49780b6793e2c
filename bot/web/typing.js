// That somebody is typing: told now and then while it lasts, and believed for a few seconds.

const APART = 3_000;
const BELIEVED = 6_000;

/** A function that calls `tell` at most once in a while. */
export function nowAndThen(tell) {
  let last = -APART;
  return () => {
    if (performance.now() - last < APART) return;
    last = performance.now();
    tell();
  };
}

/** Shows `element` for a while from each call of `on`, and hides it at `off`. */
export class Shown {
  #element;
  #timer = 0;

  constructor(element) {
    this.#element = element;
  }

  on(lasting = BELIEVED) {
    clearTimeout(this.#timer);
    this.#element.hidden = false;
    this.#timer = setTimeout(() => this.off(), lasting);
  }

  off() {
    clearTimeout(this.#timer);
    this.#element.hidden = true;
  }
}
