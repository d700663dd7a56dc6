// Rows as a table in a box that scrolls by itself, so that a wide one does not widen the page.

import { el } from "./dom.js";

const LONGEST = 240; // characters of a cell

/** `columns` of `rows` (objects); `draw(column, value)` may give a node for a cell. */
export function table(name, columns, rows, draw = () => null) {
  const cell = (row, column) => el("td", {}, draw(column, row[column]) ?? plain(row[column]));
  const head = el(
    "tr",
    {},
    columns.map((column) => el("th", { scope: "col" }, column)),
  );
  return el(
    "div",
    { class: "table-box", tabindex: 0, role: "region", "aria-label": name },
    el(
      "table",
      {},
      el("thead", {}, head),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            columns.map((column) => cell(row, column)),
          ),
        ),
      ),
    ),
  );
}

function plain(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
