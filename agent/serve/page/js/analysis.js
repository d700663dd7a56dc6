// An analysis and a comparison of two, drawn: the decision, bars, the plane, cues in the text, the steps.

import { changes, distribution } from "./chart.js";
import { cues } from "./cues.js";
import { el } from "./dom.js";
import { inWords, percent, points, ranked, tint } from "./emotions.js";
import { notes } from "./notes.js";
import { plane } from "./plane.js";
import { steps } from "./steps.js";
import { labelsOf, placesOf, titleOf } from "./taxonomies.js";

/** What a text or a recording expresses. */
export function analysis(finding, cite) {
  const { reasoning, place } = finding;
  return [
    decision(finding),
    el(
      "div",
      { class: place ? "pair" : "single" },
      el("div", {}, distribution(reasoning.after, reasoning.labels, placesOf(reasoning.taxonomy)), weighed(reasoning)),
      place &&
        figure(plane(labelsOf(reasoning.taxonomy), [{ name: finding.title, place }], reasoning.after), inWords(place)),
    ),
    cues(reasoning),
    reasoning.causes.length > 0 && causes(reasoning),
    steps(reasoning.steps, cite),
    el(
      "p",
      { class: "made" },
      `Label set ${titleOf(reasoning.taxonomy)}`,
      finding.adapter && ` · adapter ${finding.adapter}`,
    ),
    notes(finding.notes),
  ];
}

function figure(drawing, words) {
  return el("figure", { class: "figure" }, drawing, el("figcaption", { class: "dim" }, words));
}

function decision({ reasoning }) {
  if (!reasoning.labels.length) {
    return el(
      "p",
      { class: "decision" },
      el("span", { class: "chip" }, "no label"),
      el("span", { class: "dim" }, " Not sure enough; a person should look."),
    );
  }
  return el(
    "p",
    { class: "decision" },
    reasoning.labels.map((label) => chip(label, reasoning.taxonomy, reasoning.after[label])),
  );
}

/** A label with its colour and, if given, its probability. */
export function chip(label, taxonomy, share = null) {
  return el(
    "span",
    { class: "chip emo", vars: tint(label, placesOf(taxonomy)[label]) },
    el("i", { class: "spot", "aria-hidden": "true" }),
    label,
    share !== null && share !== undefined && el("b", {}, ` ${percent(share)}`),
  );
}

function weighed({ before, after, taxonomy }) {
  const [top] = ranked(after)[0] ?? [];
  if (top === undefined || Math.abs(after[top] - (before[top] ?? 0)) < 0.005) return null;
  return el(
    "p",
    { class: "dim small" },
    `From the text alone, before examples of ${titleOf(taxonomy)} were weighed in, ${top} had ${percent(before[top] ?? 0)}.`,
  );
}

function causes({ causes: all }) {
  const told = all.filter((cause) => cause.turn === null);
  return told.length
    ? el("p", { class: "dim small" }, `Likely cause, ${percent(told[0].probability)}: the text itself.`)
    : null;
}

/** Two analyses side by side. */
export function comparison(finding, cite) {
  const { first, second } = finding;
  const taxonomy = second.reasoning.taxonomy;
  const marks =
    first.place && second.place
      ? [
          { name: "A", place: first.place },
          { name: "B", place: second.place },
        ]
      : null;
  const [most, change] = Object.entries(finding.change).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0] ?? [
    "nothing",
    0,
  ];
  return [
    el("div", { class: "versus" }, side("A", first), side("B", second)),
    el("p", { class: "small" }, `Largest change: `, el("strong", {}, most), ` ${points(change)} points from A to B.`),
    el(
      "div",
      { class: marks ? "pair" : "single" },
      changes(finding.change),
      marks && figure(plane(labelsOf(taxonomy), marks), "from A to B"),
    ),
    [
      ["A", first],
      ["B", second],
    ].map(([name, each]) =>
      el(
        "details",
        { class: "fold" },
        el("summary", {}, `${name} in full`),
        el("div", { class: "inner" }, analysis(each, cite)),
      ),
    ),
  ];
}

function side(name, { title, reasoning }) {
  const said = reasoning.text.length > 160 ? `${reasoning.text.slice(0, 160)}…` : reasoning.text;
  return el(
    "div",
    { class: "side-of" },
    el("p", { class: "side-name" }, el("b", {}, name), title !== name && ` ${title}`),
    el("p", { class: "said" }, said),
    decision({ reasoning }),
  );
}
