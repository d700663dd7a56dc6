// The five steps of a reasoning, folded: each a title and sentences with what they rest on. A sentence that rests on
// nothing shown says so.

import { el } from "./dom.js";

const TITLES = {
  perceive: "What the words carry",
  recall: "What is known",
  appraise: "What it would have to mean",
  decide: "Decision",
  counterfactual: "What would change it",
};

/** Fold of the steps; `cite(id)` gives a button for a citation. */
export function steps(all, cite) {
  const told = all.filter((step) => step.sentences.length);
  if (!told.length) return null;
  const items = told.map((step) =>
    el(
      "li",
      {},
      el("p", { class: "step-title" }, TITLES[step.name] ?? step.name),
      step.sentences.map((sentence) =>
        el(
          "p",
          {},
          sentence.text,
          " ",
          sentence.citations.length
            ? sentence.citations.map((id) => [cite(id), " "])
            : el("span", { class: "bare" }, "rests on nothing shown"),
        ),
      ),
    ),
  );
  return el(
    "details",
    { class: "fold" },
    el("summary", {}, "Why: the reasoning in ", told.length === 1 ? "one step" : `${told.length} steps`),
    el("ol", { class: "steps" }, items),
  );
}
