// A finding of any type as a card. One function a type; a type that this page does not know is shown as JSON, folded.

import { analysis, chip, comparison } from "./analysis.js";
import { download } from "./api.js";
import { counts } from "./chart.js";
import { recording } from "./cues.js";
import { el } from "./dom.js";
import { bytes, inWords, percent, ranked, tint } from "./emotions.js";
import { icon } from "./icons.js";
import { notes } from "./notes.js";
import { plane } from "./plane.js";
import { labelsOf, placesOf, titleOf } from "./taxonomies.js";
import { timeline } from "./timeline.js";

const CARDS = {
  analysis: (finding, tools) => [finding.title === "text" ? "Text" : finding.title, analysis(finding, tools.cite)],
  measured: (finding) => [`Measured in ${finding.title}`, [recording(finding.recording), notes(finding.notes)]],
  comparison: (finding, tools) => ["A and B compared", comparison(finding, tools.cite)],
  timeline: (finding) => [`Timeline: ${finding.title}`, timeline(finding)],
  passages: (finding, tools) => [`What is known on “${finding.query}”`, passageList(finding.passages, tools)],
  label: (finding, tools) => [`${finding.name} in ${titleOf(finding.taxonomy)}`, labelCard(finding, tools)],
  file: (finding, tools) => [`${finding.source}, labelled`, labelledFile(finding, tools)],
  written: (finding) => [`Written for ${finding.label}`, written(finding)],
};

/** Draw a finding. `tools` has `cite(id)`, `open(evidence)` and `thread`, the id of the conversation. */
export function card(finding, tools) {
  const [title, content] = CARDS[finding.type]?.(finding, tools) ?? ["Result", unknown(finding)];
  return el(
    "section",
    { class: `card card-${finding.type}`, "aria-label": title },
    el("h3", { class: "card-title" }, title),
    content,
  );
}

function unknown(finding) {
  return el(
    "details",
    { class: "fold" },
    el("summary", {}, "As JSON"),
    el("pre", { tabindex: 0 }, JSON.stringify(finding, null, 1)),
  );
}

function passageList(passages, { open }) {
  if (!passages.length) return el("p", { class: "dim" }, "The knowledge base holds nothing on this.");
  const item = (passage) =>
    el(
      "li",
      {},
      el(
        "button",
        { type: "button", class: "passage", on: { click: () => open(passage) } },
        el(
          "span",
          { class: "passage-title" },
          passage.title || passage.id,
          el("span", { class: "badge" }, passage.kind),
        ),
        el("span", { class: "passage-text" }, passage.text),
      ),
    );
  return el("ul", { class: "passages" }, passages.map(item));
}

function labelCard(finding, tools) {
  const maps = Object.entries(finding.maps).map(([taxonomy, names]) =>
    el(
      "li",
      {},
      el("span", { class: "dim" }, titleOf(taxonomy)),
      " ",
      names.length ? names.map((name) => chip(name, taxonomy)) : el("span", { class: "dim" }, "no counterpart"),
    ),
  );
  return [
    el(
      "div",
      { class: finding.place ? "pair" : "single" },
      el(
        "div",
        {},
        el(
          "p",
          { class: "label-name emo", vars: tint(finding.name, finding.place) },
          el("i", { class: "spot", "aria-hidden": "true" }),
          finding.name,
        ),
        el("p", { class: "lead" }, finding.description),
        maps.length > 0 && el("div", {}, el("h4", {}, "In other label sets"), el("ul", { class: "maps" }, maps)),
      ),
      finding.place &&
        el(
          "figure",
          { class: "figure" },
          plane(labelsOf(finding.taxonomy), [{ name: finding.name, place: finding.place }]),
          el("figcaption", { class: "dim" }, inWords(finding.place)),
        ),
    ),
    finding.passages.length > 0 && passageList(finding.passages, tools),
  ];
}

function labelledFile(finding, { thread, fail }) {
  const { result } = finding;
  const save = () => download(`/api/threads/${thread}/media/${result.id}`, result.name).catch(fail);
  return [
    el(
      "div",
      { class: "file-head" },
      icon("table"),
      el(
        "p",
        {},
        el("strong", {}, result.name),
        el(
          "span",
          { class: "dim" },
          ` ${finding.rows.toLocaleString("en")} rows labelled${finding.bad_rows ? `, ${finding.bad_rows.toLocaleString("en")} set aside` : ""} · ${bytes(result.size)}`,
        ),
      ),
      el("button", { type: "button", class: "strong", on: { click: save } }, icon("download"), "Download"),
    ),
    counts(finding.counts),
    finding.preview.length > 0 && el("details", { class: "fold" }, el("summary", {}, "First rows"), preview(finding)),
  ];
}

function preview({ preview: rows, taxonomy }) {
  const row = (moment) =>
    el(
      "tr",
      {},
      el("td", {}, moment.text),
      el(
        "td",
        {},
        moment.problem
          ? el("span", { class: "warn" }, moment.problem)
          : moment.labels.map((label) => chip(label, taxonomy, moment.probabilities[label])),
      ),
    );
  const head = el(
    "tr",
    {},
    ["Text", "Labels"].map((name) => el("th", { scope: "col" }, name)),
  );
  return el(
    "div",
    { class: "table-box", tabindex: 0, role: "region", "aria-label": "First rows" },
    el("table", {}, el("thead", {}, head), el("tbody", {}, rows.map(row))),
  );
}

function written(finding) {
  const line = (moment) => {
    const share = moment.probabilities[finding.label] ?? ranked(moment.probabilities)[0]?.[1] ?? 0;
    return el(
      "li",
      { class: "emo", vars: tint(finding.label, placesOf(finding.taxonomy)[finding.label]) },
      el("span", { class: "said" }, moment.speaker && `${moment.speaker}: `, moment.text),
      el("span", { class: "score", title: "as the labeler, which did not write it, reads it" }, percent(share)),
    );
  };
  return [
    el("ol", { class: "written" }, finding.kept.map(line)),
    el(
      "p",
      { class: "made" },
      `${finding.kept.length} of ${finding.tried} kept: those that the labeler, which did not write them, reads as ${finding.label}. Written by ${finding.writer}.`,
    ),
    notes(finding.kept.length ? [] : ["None of the sentences passed."]),
  ];
}
