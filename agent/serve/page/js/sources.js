// The panel of sources: a list of what an answer cites, and one passage in full with what it rests on and its licence.
// On a narrow page it lies over everything else. Esc closes it and gives the focus back.

import { json } from "./api.js";
import { byId, el, put } from "./dom.js";
import { icon } from "./icons.js";
import { percent } from "./emotions.js";

const state = { back: null, list: [] };
const narrow = matchMedia("(max-width: 1099px)");

/** Show what an answer cites. */
export function openSources(list) {
  state.list = list;
  draw(
    "Sources",
    el(
      "ul",
      { class: "passages" },
      list.map((each) =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", class: "passage", on: { click: () => openPassage(each) } },
            el("span", { class: "passage-title" }, each.title || each.id, el("span", { class: "badge" }, each.kind)),
            el("span", { class: "passage-text" }, each.text),
          ),
        ),
      ),
    ),
  );
}

/** Show one passage; where only its id is known the server is asked for it. */
export async function openPassage(evidence, list = state.list) {
  state.list = list;
  if (evidence.text !== undefined) return show(evidence);
  draw("Source", el("p", { class: "dim" }, "Opening…"));
  try {
    show(await json("GET", `/api/passages/${encodeURIComponent(evidence.id)}`));
  } catch (failure) {
    draw("Source", el("p", { class: "warn" }, failure.message));
  }
}

function show(evidence) {
  const example = evidence.kind === "exemplar";
  const several = state.list.length > 1;
  draw(
    evidence.title || (example ? "Labelled example" : evidence.id),
    several &&
      el(
        "button",
        { type: "button", class: "quiet", on: { click: () => openSources(state.list) } },
        icon("back"),
        `All ${state.list.length} sources`,
      ),
    el("p", { class: "source-meta" }, el("span", { class: "badge" }, evidence.kind), el("code", {}, evidence.id)),
    el("p", { class: "source-text" }, evidence.text),
    evidence.labels.length > 0 &&
      el(
        "p",
        { class: "small" },
        el("span", { class: "dim" }, example ? "Labelled by people: " : "On: "),
        evidence.labels.join(", "),
      ),
    evidence.sources.length > 0 &&
      el(
        "div",
        {},
        el("h3", {}, "Rests on"),
        el(
          "ul",
          { class: "rests" },
          evidence.sources.map((source) => el("li", {}, source)),
        ),
      ),
    el(
      "dl",
      { class: "facts" },
      fact("Licence", evidence.licence || "not stated"),
      fact("Nearness to the question", percent(evidence.similarity)),
    ),
  );
}

function fact(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function draw(title, ...content) {
  const drawer = byId("drawer");
  if (drawer.hidden) state.back = document.activeElement;
  const heading = el("h2", { tabindex: -1 }, title);
  const close = el(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Close the sources", on: { click: closeSources } },
    icon("close"),
  );
  put(
    drawer,
    el("div", { class: "drawer-head" }, heading, close),
    el("div", { class: "drawer-body", tabindex: 0, role: "group", "aria-label": title }, content),
  );
  drawer.hidden = false;
  byId("app").classList.add("with-drawer");
  aside(narrow.matches);
  heading.focus();
}

function aside(covered) {
  for (const id of ["side", "main"]) byId(id).toggleAttribute("inert", covered);
}

/** Close the panel; false where it was closed. */
export function closeSources() {
  const drawer = byId("drawer");
  if (drawer.hidden) return false;
  drawer.hidden = true;
  byId("app").classList.remove("with-drawer");
  aside(false);
  state.back?.focus();
  return true;
}

narrow.addEventListener("change", () => aside(narrow.matches && !byId("drawer").hidden));
