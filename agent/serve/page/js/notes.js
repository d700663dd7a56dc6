// Sentences on the limits of a finding: licence, what was not read, quality. Draws nothing where there are none.

import { el } from "./dom.js";
import { inline } from "./markdown.js";

export function notes(sentences) {
  return sentences?.length
    ? el(
        "ul",
        { class: "notes", "aria-label": "Limits" },
        sentences.map((each) => el("li", {}, inline(each))),
      )
    : null;
}
