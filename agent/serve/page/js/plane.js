// The valence-arousal plane (Russell 1980): unpleasant to pleasant from left to right, calm to excited from bottom to
// top. Labels are faint dots, an answer's place is a ring. Takes places from -1 to 1; gives an SVG that says in words
// what it shows.

import { svg } from "./dom.js";
import { inWords, tint } from "./emotions.js";

const SIZE = 240; // units of the drawing, of which a margin holds the names of the axes
const MARGIN = 24;
const HALF = SIZE / 2 - MARGIN;
const NAMED = 3; // likeliest labels that are written out

const x = (place) => SIZE / 2 + HALF * clamp(place.valence);
const y = (place) => SIZE / 2 - HALF * clamp(place.arousal);
const clamp = (value) => Math.max(-1, Math.min(1, value));

/** Draw `marks` ([{name, place}]) over the labels of a taxonomy; `probabilities` make dots large and name the likeliest. */
export function plane(labels, marks, probabilities = {}) {
  const placed = labels.filter((label) => label.valence !== null && label.valence !== undefined);
  const likely = [...placed]
    .sort((a, b) => (probabilities[b.name] ?? 0) - (probabilities[a.name] ?? 0))
    .slice(0, NAMED);
  const named = likely.filter((label) => (probabilities[label.name] ?? 0) > 0.02);
  const says = marks.map(({ name, place }) => `${name}: ${inWords(place)}`).join("; ");
  return svg(
    "svg",
    { class: "plane", viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", "aria-label": `Valence-arousal plane. ${says}` },
    axes(),
    placed.map((label) => dot(label, probabilities[label.name] ?? 0)),
    path(marks),
    marks.map((mark) => ring(mark, marks.length > 1)),
    names(named, marks),
  );
}

/** The disc with its two axes and their names. */
export function axes() {
  const middle = SIZE / 2;
  const text = (at, words, anchor, turn) =>
    svg("text", { class: "axis", x: at[0], y: at[1], "text-anchor": anchor, transform: turn }, words);
  return svg(
    "g",
    { "aria-hidden": "true" },
    svg("circle", { class: "disc", cx: middle, cy: middle, r: HALF * 1.04 }),
    svg("circle", { class: "disc-line", cx: middle, cy: middle, r: HALF * 0.52 }),
    svg("path", {
      class: "cross",
      d: `M${middle} ${MARGIN - 4}V${SIZE - MARGIN + 4}M${MARGIN - 4} ${middle}H${SIZE - MARGIN + 4}`,
    }),
    text([middle, 13], "excited", "middle"),
    text([middle, SIZE - 6], "calm", "middle"),
    text([12, middle], "unpleasant", "middle", `rotate(-90 12 ${middle})`),
    text([SIZE - 12, middle], "pleasant", "middle", `rotate(90 ${SIZE - 12} ${middle})`),
  );
}

function dot(label, probability) {
  const place = { valence: label.valence, arousal: label.arousal };
  return svg(
    "circle",
    {
      class: "dot emo",
      cx: x(place).toFixed(1),
      cy: y(place).toFixed(1),
      r: (2.4 + 11 * Math.sqrt(probability)).toFixed(1),
      vars: { ...tint(label.name, place), "--o": (0.4 + 0.5 * Math.min(1, probability * 2)).toFixed(2) },
    },
    svg("title", {}, label.name),
  );
}

function ring({ name, place }, lettered) {
  const at = { cx: x(place).toFixed(1), cy: y(place).toFixed(1) };
  return svg(
    "g",
    { class: "ring" },
    svg("circle", { ...at, r: 7.5, class: "ring-out" }),
    svg("circle", { ...at, r: 2.6, class: "ring-in" }),
    lettered && svg("text", { class: "ring-name", x: x(place) + 10, y: y(place) - 8 }, name),
  );
}

function path(marks) {
  if (marks.length < 2) return null;
  const [a, b] = marks.map(({ place }) => place);
  return svg("path", {
    class: "move",
    d: `M${x(a).toFixed(1)} ${y(a).toFixed(1)}L${x(b).toFixed(1)} ${y(b).toFixed(1)}`,
  });
}

function names(labels, marks) {
  const taken = marks.map(({ place }) => box(x(place) - 8, y(place) - 8, 16, 16));
  return labels.map((label) => {
    const spot = free(label.name, { x: x(label), y: y(label) }, taken, { high: 10, gap: 9, right: SIZE });
    const anchor = { start: "start", end: "end" }[spot?.anchor] ?? "middle";
    return (
      spot &&
      svg(
        "text",
        { class: "dot-name", x: spot.x.toFixed(1), y: spot.y.toFixed(1), "text-anchor": anchor, "aria-hidden": "true" },
        label.name,
      )
    );
  });
}

const box = (left, top, width, height) => ({ left, top, right: left + width, bottom: top + height });
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Where beside a dot its name fits without touching what is `taken`, which it joins; null where nowhere. */
export function free(name, at, taken, { high, gap, right }) {
  const wide = name.length * high * 0.6; // a letter is about 0.6 of its height wide
  const tries = [
    { x: at.x + gap, y: at.y + high * 0.35, anchor: "start", left: at.x + gap },
    { x: at.x - gap, y: at.y + high * 0.35, anchor: "end", left: at.x - gap - wide },
    { x: at.x, y: at.y - gap, anchor: "above", left: at.x - wide / 2 },
    { x: at.x, y: at.y + gap + high * 0.7, anchor: "below", left: at.x - wide / 2 },
  ];
  for (const spot of tries) {
    const room = box(spot.left, spot.y - high * 0.8, wide, high);
    if (room.left < 0 || room.right > right || taken.some((each) => meet(each, room))) continue;
    taken.push(room);
    return spot;
  }
  return null;
}
