// Light, dark, or as the system has it; the choice is remembered in this browser.

import { byId, el } from "./dom.js";
import { icon } from "./icons.js";

const THEMES = [
  ["auto", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const ICONS = { auto: "auto", light: "sun", dark: "moon" };

/** Draw the three choices. */
export function themes() {
  const now = document.documentElement.dataset.theme;
  const choice = ([name, title]) =>
    el(
      "label",
      { class: "theme", title },
      el("input", {
        type: "radio",
        name: "theme",
        value: name,
        checked: name === now,
        on: { change: () => choose(name) },
      }),
      icon(ICONS[name]),
      el("span", { class: "sr" }, title),
    );
  byId("themes").append(...THEMES.map(choice));
}

function choose(name) {
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem("thymos-theme", name);
  } catch {
    return; // storage is forbidden: it holds until the page is closed
  }
}
