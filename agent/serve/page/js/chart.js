// Bars: a distribution over labels, the difference of two, and counts. Each row is a name, a bar and a number; the
// bar is drawn in SVG and hidden from screen readers, which read name and number from the list.

import { el, svg } from "./dom.js";
import { percent, points, ranked, tint } from "./emotions.js";

const SHOWN = 6; // rows before "show all"

/** Probabilities as bars, the likeliest first; `chosen` are the labels decided for. */
export function distribution(probabilities, chosen = [], places = {}) {
  const rows = ranked(probabilities); // a full bar is 100 %
  return bars(
    "Probability of each label",
    rows,
    (share) => ({ text: percent(share), draw: from0(share) }),
    chosen,
    places,
  );
}

/** How many rows each label has. */
export function counts(of) {
  const rows = ranked(of);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return bars("Rows of each label", rows, (count) => ({ text: count.toLocaleString("en"), draw: from0(count / most) }));
}

/** Change of each label's probability, from a middle line. */
export function changes(change) {
  const rows = Object.entries(change).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const most = Math.max(0.01, ...rows.map(([, each]) => Math.abs(each)));
  return bars("Change of each label from A to B, in points", rows, (each) => ({
    text: points(each),
    draw: diverging(each / most),
  }));
}

function bars(name, rows, show, chosen = [], places = {}) {
  const list = el("ul", { class: "bars", "aria-label": name });
  const items = rows.map(([label, value], at) => {
    const { text, draw } = show(value);
    const decided = chosen.includes(label);
    return el(
      "li",
      { class: `bar-row emo${decided ? " chosen" : ""}`, vars: tint(label, places[label]), hidden: at >= SHOWN },
      el("span", { class: "bar-name", title: label }, label, decided && el("span", { class: "sr" }, " (decided)")),
      draw,
      el("span", { class: "bar-number" }, text),
    );
  });
  list.append(...items);
  if (rows.length <= SHOWN) return list;
  return el("div", { class: "bars-box" }, list, more(items));
}

function more(items) {
  const button = el("button", { type: "button", class: "quiet", "aria-expanded": "false" }, `Show all ${items.length}`);
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    items.slice(SHOWN).forEach((item) => item.toggleAttribute("hidden", !open));
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? `Show the first ${SHOWN}` : `Show all ${items.length}`;
  });
  return button;
}

function from0(share) {
  return drawing(
    svg("rect", { class: "bar-track", width: 100, height: 10 }),
    svg("rect", { class: "bar-fill", width: Math.max(0.6, 100 * share).toFixed(2), height: 10 }),
  );
}

function diverging(share) {
  const width = Math.max(0.4, 50 * Math.abs(share));
  return drawing(
    svg("rect", { class: "bar-track", width: 100, height: 10 }),
    svg("rect", {
      class: "bar-fill",
      x: (share < 0 ? 50 - width : 50).toFixed(2),
      width: width.toFixed(2),
      height: 10,
    }),
    svg("rect", { class: "bar-middle", x: 49.8, width: 0.4, height: 10 }),
  );
}

function drawing(...parts) {
  return svg(
    "svg",
    { class: "bar-svg", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    parts,
  );
}
