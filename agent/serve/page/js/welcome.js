// What an empty conversation shows: what can be asked, and the map of the label set, whose labels can be asked about.

import { el, roving, svg } from "./dom.js";
import { tint } from "./emotions.js";
import { icon } from "./icons.js";
import { axes, free } from "./plane.js";
import { labelsOf, titleOf } from "./taxonomies.js";

const ASKS = [
  [
    "list",
    "What is she feeling, and why?",
    'My sister wrote: "I can\'t believe they gave the prize to me!! My hands are still shaking." What is she feeling, and why?',
  ],
  [
    "voice",
    "How does the mood change?",
    "Ana: You came!\nBen: I said I would.\nAna: You said that last time.\nBen: I know. I'm sorry.\nAna: Sit down. I made soup.\n\nHow does the mood change?",
  ],
  ["book", "Ask the science", "Is fear recognised in a voice as well as in a face?"],
  ["table", "Label or write", "Write five sentences that show relief."],
];
const SIDE = 100; // the map is laid out in percent

/** The welcome; `ask(text)` puts words into the message box. */
export function welcome(taxonomy, ask) {
  const card = ([drawn, title, text]) =>
    el(
      "button",
      { type: "button", class: "ask", on: { click: () => ask(text) } },
      icon(drawn),
      el("span", { class: "ask-title" }, title),
      el("span", { class: "ask-text" }, text),
    );
  return el(
    "div",
    { class: "welcome" },
    el(
      "div",
      { class: "welcome-head" },
      el("h2", {}, "What does it express, and why?"),
      el(
        "p",
        { class: "lead" },
        "Paste what someone said, attach a voice clip, a face or a wrist recording. Thymos says what is expressed, how sure it is, which words it rests on, and what is known about it.",
      ),
    ),
    map(taxonomy, ask),
    el("div", { class: "asks" }, ASKS.map(card)),
  );
}

function map(taxonomy, ask) {
  const placed = labelsOf(taxonomy).filter((label) => label.valence !== null && label.valence !== undefined);
  if (!placed.length) return null;
  const taken = placed.map((label) => spotOf(label)); // names keep off every dot
  const dots = placed.map((label) => dot(label, taken, ask));
  const field = el(
    "div",
    {
      class: "map-field",
      role: "group",
      "aria-label": `Labels of ${titleOf(taxonomy)} by valence and arousal, arrow keys move, Enter asks`,
    },
    svg("svg", { class: "map-axes", viewBox: "0 0 240 240", "aria-hidden": "true" }, axes()),
    dots,
  );
  roving(field, dots);
  return el(
    "figure",
    { class: "map" },
    field,
    el(
      "figcaption",
      { class: "dim small" },
      `${titleOf(taxonomy)}: ${placed.length} labels by valence and arousal. Choose one to ask what it means.`,
    ),
  );
}

function spotOf(label) {
  const { x, y } = at(label);
  return { left: x - 1.2, right: x + 1.2, top: y - 1.2, bottom: y + 1.2 };
}

function at({ valence, arousal }) {
  return { x: SIDE / 2 + 40 * valence, y: SIDE / 2 - 40 * arousal }; // percent; the disc has a margin of a tenth
}

function dot({ name, valence, arousal, description }, taken, ask) {
  const where = at({ valence, arousal });
  const spot = free(name, where, taken, { high: 3.4, gap: 1.8, right: SIDE });
  return el(
    "button",
    {
      type: "button",
      class: `map-dot emo ${spot ? `name-${spot.anchor}` : "unnamed"}`,
      title: `${name}: ${description}`,
      "aria-label": name,
      vars: { ...tint(name, { valence, arousal }), "--x": `${where.x}%`, "--y": `${where.y}%` },
      on: { click: () => ask(`What does ${name} mean?`) },
    },
    el("i", { class: "spot", "aria-hidden": "true" }),
    el("span", { class: "map-name", "aria-hidden": "true" }, name),
  );
}
