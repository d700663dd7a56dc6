// Elements from plain values. Text goes in as text nodes and never as HTML; styles go in as custom properties.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element: `el("p", {class: "dim", on: {click}}, "text", child)`. Null and false are left out. */
export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Make an SVG element in the same way. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...real(children));
  return node;
}

function real(children) {
  return children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Put children in place of what an element has. Null and false are left out, as in `el`. */
export function put(node, ...children) {
  node.replaceChildren(...real(children));
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
  else if (name === "vars") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, String(each));
  else if (name === "text") node.textContent = value;
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** The element with an id; the page's frame has it. */
export function byId(id) {
  return document.getElementById(id);
}

/** Make arrow keys move among elements of which only one is in the tab order. */
export function roving(container, items) {
  items.forEach((item, at) => item.setAttribute("tabindex", at === 0 ? "0" : "-1"));
  container.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: items.length - 1,
    };
    if (at < 0 || !(event.key in to)) return;
    event.preventDefault();
    choose(items, Math.min(items.length - 1, Math.max(0, to[event.key]))).focus();
  });
  container.addEventListener("focusin", (event) => {
    const at = items.indexOf(event.target);
    if (at >= 0) choose(items, at);
  });
}

function choose(items, at) {
  items.forEach((item, each) => item.setAttribute("tabindex", each === at ? "0" : "-1"));
  return items[at];
}

const live = { waiting: 0 };

/** Have a screen reader say a sentence when it is done with what it is saying. */
export function announce(sentence) {
  clearTimeout(live.waiting);
  live.waiting = setTimeout(() => {
    byId("live").textContent = sentence;
  }, 60); // ms: an unchanged region that is set twice in one frame is not read
}
