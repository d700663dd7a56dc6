// Runs before the first paint, so that a page that was chosen dark is never white first. Knows only the choice.
"use strict";
try {
  document.documentElement.dataset.theme = localStorage.getItem("thymos-theme") || "auto";
} catch {
  document.documentElement.dataset.theme = "auto"; // storage is forbidden
}
