// How the emotion changes over a dialogue or a recording: a line of valence over bars of the likeliest emotion, one
// column a moment. Pointing at a column, or arrow keys, show its words; a table says the same without a drawing.

import { distribution } from "./chart.js";
import { el, put, roving, svg } from "./dom.js";
import { clock, inWords, percent, ranked, tint } from "./emotions.js";
import { notes } from "./notes.js";

const LINE = 100; // height of the valence plot in units of its drawing
const WORDED = 10; // up to so many columns have room for a word
const SPACIOUS = 14; // and up to so many for an initial

/** Draw a `Timeline`. */
export function timeline(finding) {
  const moments = finding.moments.map((moment, at) => ({
    ...moment,
    at,
    top: ranked(moment.probabilities)[0] ?? null,
  }));
  const detail = el("div", { class: "moment-detail" });
  const columns = moments.map((moment) => column(moment, moments, detail));
  const strip = el(
    "div",
    { class: "columns", role: "group", "aria-label": `${finding.title}: ${moments.length} moments, arrow keys move` },
    columns,
  );
  roving(strip, columns);
  if (moments.length) select(columns, moments, 0, detail);
  strip.addEventListener(
    "focusin",
    (event) => columns.includes(event.target) && select(columns, moments, columns.indexOf(event.target), detail),
  );
  return el(
    "div",
    { class: "timeline" },
    el("div", { class: "plot-area" }, scale(), line(moments), strip),
    ends(moments),
    detail,
    table(moments),
    notes(finding.notes),
  );
}

function width(moment) {
  return moment.end > moment.start ? moment.end - moment.start : 1;
}

function column(moment, moments, detail) {
  const [label, share] = moment.top ?? ["", 0];
  const pleasant = moment.place ? (1 - moment.place.valence) / 2 : null; // 0 at the top
  const button = el(
    "button",
    {
      type: "button",
      class: `column emo${moment.top ? "" : " unread"}`,
      "aria-label": spoken(moment),
      vars: {
        ...tint(label, moment.place),
        "--grow": width(moment),
        "--share": share.toFixed(3),
        "--down": pleasant?.toFixed(3) ?? 0.5,
      },
    },
    pleasant !== null && el("span", { class: "bead" }),
    moments.length <= WORDED && label && el("span", { class: "column-name" }, label),
    el(
      "span",
      { class: "stack" },
      moments.length <= SPACIOUS && moment.speaker && el("span", { class: "initial" }, [...moment.speaker][0]),
    ),
  );
  const show = () => select([...button.parentNode.children], moments, moment.at, detail);
  button.addEventListener("pointerenter", show);
  button.addEventListener("click", show);
  return button;
}

function spoken(moment) {
  const who = [when(moment), moment.speaker].filter(Boolean).join(", ");
  const what = moment.top ? `${moment.top[0]} ${percent(moment.top[1])}` : (moment.problem ?? "not labelled");
  return `${who}: ${what}`;
}

function when(moment) {
  return moment.start === null || moment.start === undefined
    ? `Turn ${moment.at + 1}`
    : `${clock(moment.start)} to ${clock(moment.end ?? moment.start)}`;
}

function select(columns, moments, at, detail) {
  columns.forEach((each, index) => each.classList.toggle("selected", index === at));
  const moment = moments[at];
  put(
    detail,
    el(
      "p",
      { class: "moment-head" },
      el("strong", {}, moment.speaker ?? when(moment)),
      moment.speaker && el("span", { class: "dim" }, when(moment)),
      moment.place && el("span", { class: "dim" }, inWords(moment.place)),
    ),
    el("p", { class: "said" }, moment.text || (moment.problem ? "" : "(no words)")),
    moment.problem && el("p", { class: "warn" }, moment.problem),
    moment.top && distribution(Object.fromEntries(ranked(moment.probabilities).slice(0, 3)), moment.labels),
  );
}

function scale() {
  return el("div", { class: "scale", "aria-hidden": "true" }, el("span", {}, "pleasant"), el("span", {}, "unpleasant"));
}

function line(moments) {
  const total = moments.reduce((sum, each) => sum + width(each), 0) || 1;
  let gone = 0;
  const spots = moments.flatMap((moment) => {
    const middle = ((gone + width(moment) / 2) / total) * 1000;
    gone += width(moment);
    return moment.place ? [[middle, ((1 - moment.place.valence) / 2) * LINE]] : [];
  });
  const through = spots
    .map(([across, down], at) => `${at ? "L" : "M"}${across.toFixed(1)} ${down.toFixed(1)}`)
    .join("");
  return svg(
    "svg",
    { class: "valence", viewBox: `0 0 1000 ${LINE}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "zero", d: `M0 ${LINE / 2}H1000` }),
    spots.length > 1 && svg("path", { class: "valence-line", d: through }),
  );
}

function ends(moments) {
  if (!moments.length) return el("p", { class: "dim" }, "Nothing to draw.");
  const last = moments[moments.length - 1];
  const timed = last.end !== null && last.end !== undefined;
  return el(
    "p",
    { class: "ends", "aria-hidden": "true" },
    el("span", {}, timed ? clock(moments[0].start ?? 0) : "turn 1"),
    el("span", { class: "key" }, "line: valence · bars: likeliest emotion, as high as it is sure"),
    el("span", {}, timed ? clock(last.end) : `turn ${moments.length}`),
  );
}

function table(moments) {
  const row = (moment) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, when(moment)),
      el("td", {}, moment.speaker ?? ""),
      el("td", {}, moment.text),
      el(
        "td",
        {},
        moment.top
          ? `${moment.labels.join(", ") || moment.top[0]} (${percent(moment.top[1])})`
          : (moment.problem ?? ""),
      ),
    );
  const head = el(
    "tr",
    {},
    ["When", "Who", "Words", "Emotion"].map((name) => el("th", { scope: "col" }, name)),
  );
  return el(
    "details",
    { class: "fold" },
    el("summary", {}, "As a table"),
    el(
      "div",
      { class: "table-box", tabindex: 0, role: "region", "aria-label": "Moments as a table" },
      el("table", {}, el("thead", {}, head), el("tbody", {}, moments.map(row))),
    ),
  );
}
