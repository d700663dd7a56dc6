// Cues: the words that spoke for and against the likeliest label, marked in the text, and a list that says how much.
// For is a full underline and against a wavy one, so that they differ without colour too. Takes a `Reasoning`.

import { el } from "./dom.js";
import { percent, points } from "./emotions.js";
import { icon } from "./icons.js";

const FULL = 0.3; // weight of the strongest tint
const RECORDED = { speech: ["voice", "Voice"], face: ["camera", "Face"], physiology: ["body", "Body"] };

/** The text with its cues marked, earlier turns above it, what was measured in recordings, and the list of cues. */
export function cues(reasoning) {
  const top = Object.entries(reasoning.after).sort((a, b) => b[1] - a[1])[0]?.[0] ?? "the label";
  return el(
    "div",
    { class: "cues" },
    reasoning.context.length > 0 &&
      el(
        "ol",
        { class: "context", "aria-label": "Earlier turns" },
        reasoning.context.map((turn, at) => earlier(turn, at, reasoning)),
      ),
    reasoning.text &&
      el(
        "blockquote",
        { class: "said" },
        reasoning.speaker && el("span", { class: "speaker" }, `${reasoning.speaker}: `),
        marked(reasoning),
      ),
    reasoning.recordings.map(recording),
    reasoning.cues.length > 0 && list(reasoning, top),
  );
}

function earlier(turn, at, reasoning) {
  const cue = reasoning.cues.find((each) => each.kind === "turn" && each.turn === at);
  const cause = reasoning.causes.find((each) => each.turn === at);
  return el(
    "li",
    {},
    cue ? mark(cue, turn) : turn,
    cause && el("span", { class: "badge" }, `likely cause, ${percent(cause.probability)}`),
  );
}

function marked({ text, cues: all }) {
  const letters = Array.from(text); // offsets count characters as Python does, not UTF-16 units
  const parts = [];
  let place = 0;
  for (const cue of all
    .filter((each) => each.kind === "phrase" && each.start !== null)
    .sort((a, b) => a.start - b.start)) {
    if (cue.start < place) continue;
    parts.push(letters.slice(place, cue.start).join(""), mark(cue, letters.slice(cue.start, cue.end).join("")));
    place = cue.end;
  }
  return [...parts, letters.slice(place).join("")];
}

function mark(cue, words) {
  const strength = Math.min(1, Math.abs(cue.weight) / FULL);
  return el(
    "mark",
    {
      class: cue.weight < 0 ? "against" : "for",
      "data-cue": cue.number,
      vars: { "--s": `${Math.round(12 + 30 * strength)}%` },
      title: `${points(cue.weight)} points`,
    },
    words,
    el("sup", { "aria-hidden": "true" }, cue.number),
  );
}

/** What was measured in a recording. */
export function recording({ modality, measured, flags, heard }) {
  const [drawn, name] = RECORDED[modality] ?? ["file", modality];
  return el(
    "div",
    { class: "recording" },
    el(
      "p",
      { class: "recording-name" },
      icon(drawn),
      name,
      heard && el("span", { class: "dim" }, ` heard: “${heard}”`),
    ),
    el(
      "ul",
      { class: "measured" },
      measured.map(({ words, value, unit }) =>
        el(
          "li",
          {},
          words,
          value !== null && el("span", { class: "dim" }, ` ${number(value)}${unit ? ` ${unit}` : ""}`),
        ),
      ),
    ),
    flags.map((flag) => el("p", { class: "warn" }, flag)),
  );
}

function number(value) {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 }).replace("-", "−");
}

function list(reasoning, top) {
  const row = (cue) => {
    const item = el(
      "li",
      {
        class: cue.weight < 0 ? "against" : "for",
        "data-cue": cue.number,
        on: { pointerenter: () => light(item, cue.number, true), pointerleave: () => light(item, cue.number, false) },
      },
      el("span", { class: "cue-number" }, cue.number),
      el(
        "span",
        { class: "cue-text" },
        cue.kind === "phrase" || cue.kind === "turn" ? `“${cue.text}”` : `${RECORDED[cue.kind][1]}: ${cue.text}`,
      ),
      el(
        "span",
        { class: "cue-weight" },
        el("span", { class: "sr" }, cue.weight < 0 ? "against: " : "for: "),
        `${points(cue.weight)}`,
        el("span", { class: "sr" }, " points"),
      ),
      el("span", { class: "cue-without" }, `without it: ${cue.without}`),
    );
    return item;
  };
  return el(
    "div",
    { class: "cue-box" },
    el(
      "p",
      { class: "legend" },
      el(
        "span",
        {},
        el("mark", { class: "for", vars: { "--s": "30%" } }, "for"),
        " and ",
        el("mark", { class: "against", vars: { "--s": "30%" } }, "against"),
        ` ${top}`,
      ),
      el("span", { class: "dim" }, "points lost when the words are left out"),
    ),
    el("ol", { class: "cue-list", "aria-label": `Cues for and against ${top}` }, reasoning.cues.map(row)),
  );
}

function light(item, number, on) {
  const box = item.closest(".cues");
  box.querySelectorAll(`mark[data-cue="${number}"]`).forEach((each) => each.classList.toggle("lit", on));
}

/** Show cue `number` of an answer: scroll to it and let it flash. */
export function flash(answer, number) {
  const all = [...answer.querySelectorAll(`[data-cue="${number}"]`)];
  all.forEach((each) => {
    each.classList.remove("flash");
    void each.offsetWidth; // restarts the animation
    each.classList.add("flash");
  });
  all[0]?.scrollIntoView({ block: "center" });
}
