// Thumbs under an answer. A click is kept at once; then the right label and a comment can be added.

import { json } from "./api.js";
import { announce, el, put } from "./dom.js";
import { icon } from "./icons.js";
import { labelsOf } from "./taxonomies.js";

/** Thumbs for a turn; `given` is feedback from before, `taxonomy` names the labels to choose from. */
export function feedback({ thread, turn, given, taxonomy }) {
  const more = el("div", { class: "feedback-more" });
  const state = { rating: given?.rating ?? null, label: given?.label ?? null, comment: given?.comment ?? "" };
  const send = async (says) => {
    try {
      await json("PUT", `/api/threads/${thread}/turns/${turn}/feedback`, state);
      announce(says);
    } catch (failure) {
      put(more, el("p", { class: "warn", role: "alert" }, failure.message));
      return false;
    }
    return true;
  };
  const thumb = (rating, name, drawn) => {
    const button = el(
      "button",
      {
        type: "button",
        class: "icon-button small-icon",
        "aria-label": name,
        title: name,
        "aria-pressed": String(state.rating === rating),
      },
      icon(drawn),
    );
    button.addEventListener("click", async () => {
      state.rating = rating;
      box
        .querySelectorAll("[aria-pressed]")
        .forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
      if (await send("Thank you, kept with this conversation.")) put(more, form(state, taxonomy, send, more));
    });
    return button;
  };
  const box = el(
    "div",
    { class: "feedback", role: "group", "aria-label": "Was this answer good?" },
    thumb(1, "Good answer", "up"),
    thumb(-1, "Bad answer", "down"),
  );
  return [box, more];
}

function form(state, taxonomy, send, more) {
  const labels = labelsOf(taxonomy);
  const right = el(
    "select",
    {},
    el("option", { value: "" }, "not said"),
    labels.map(({ name }) => el("option", { value: name, selected: name === state.label }, name)),
  );
  const comment = el("input", { type: "text", value: state.comment, maxlength: 2000, autocomplete: "off" });
  const submit = async (event) => {
    event.preventDefault();
    Object.assign(state, { label: right.value || null, comment: comment.value.trim() });
    if (await send("Kept."))
      put(
        more,
        el("p", { class: "dim small" }, "Thank you. Kept with this conversation; it can be exported as training data."),
      );
  };
  return el(
    "form",
    { class: "feedback-form", on: { submit } },
    labels.length > 0 && el("label", {}, "Right label ", right),
    el("label", { class: "wide" }, "Comment ", comment),
    el("button", { type: "submit", class: "plain" }, "Keep"),
    el("button", { type: "button", class: "quiet", on: { click: () => put(more) } }, "Not now"),
  );
}
