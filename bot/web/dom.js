// Makes elements. Text only ever becomes a text node, so nothing that anybody wrote can become markup.

/** An element: `on…` properties listen, `class` and the rest are attributes, null children are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

const ADDRESS = /https?:\/\/[^\s<>"'，。；）】]+[^\s<>"'，。；）】.,;:!?)\]]/g;

/** A text with its web addresses as links; for what bot and agents say, never for what customers write. */
export function linked(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    nodes.push(text.slice(from, found.index), link(found[0], found[0]));
    from = found.index + found[0].length;
  }
  return [...nodes, text.slice(from)].filter((node) => node !== "");
}

/** A link that opens elsewhere, or plain text where the address is no web address. */
export function link(address, words) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return words;
  }
  if (!["https:", "http:"].includes(url.protocol)) return words;
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, words);
}
