// The label sets that the server knows, asked for once. Gives labels with their places, and choices for a form.

import { json } from "./api.js";
import { el } from "./dom.js";

const known = new Map();

/** Ask the server; later calls of the others need it. */
export async function loadTaxonomies() {
  for (const taxonomy of await json("GET", "/api/taxonomies")) known.set(taxonomy.name, taxonomy);
}

/** Labels of a label set, `[{name, description, valence, arousal}]`; none where it is not known. */
export function labelsOf(name) {
  return known.get(name)?.labels ?? [];
}

/** Label -> its place, for those that have one. */
export function placesOf(name) {
  const placed = labelsOf(name).filter((label) => label.valence !== null && label.valence !== undefined);
  return Object.fromEntries(placed.map(({ name: label, valence, arousal }) => [label, { valence, arousal }]));
}

/** What a person calls a label set. */
export function titleOf(name) {
  return known.get(name)?.title ?? name;
}

/** A `<select>` of label sets. */
export function taxonomyChoice(props, chosen) {
  const options = [...known.values()].map(({ name, title, labels }) =>
    el("option", { value: name, selected: name === chosen }, `${title} (${labels.length})`),
  );
  return el("select", props, options);
}
