// Small dialogs that give a promise: a question with yes or no, a line of text, a key, the notice on intended use.
// The browser's own `<dialog>` keeps the focus inside and closes on Esc.

import { el } from "./dom.js";

const SEEN = "thymos-notice";

/** Show a dialog of parts; resolves with what `value()` gives when it was confirmed, else null. */
export function dialog(title, parts, { yes = "OK", no = "Cancel", danger = false, value = () => true } = {}) {
  return new Promise((resolve) => {
    const heading = `dialog-${Date.now()}`;
    const form = el(
      "form",
      { method: "dialog" },
      el("h2", { id: heading }, title),
      parts,
      el(
        "div",
        { class: "dialog-buttons" },
        no && el("button", { type: "button", class: "plain", on: { click: () => box.close() } }, no),
        el("button", { type: "submit", class: danger ? "danger" : "strong", value: "yes" }, yes),
      ),
    );
    const box = el("dialog", { class: "dialog", "aria-labelledby": heading }, form);
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue === "yes" ? value() : null);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Ask whether to go on with what cannot be undone. */
export function confirmed(title, says, yes) {
  return dialog(title, [el("p", {}, says)], { yes, danger: true });
}

/** Ask for a line of text. */
export function line(title, label, value) {
  const input = el("input", {
    type: "text",
    value,
    maxlength: 200,
    required: true,
    id: "dialog-line",
    autocomplete: "off",
  });
  return dialog(title, [el("label", { for: "dialog-line" }, label), input], {
    yes: "Save",
    value: () => input.value.trim() || null,
  });
}

/** Ask for the server's key. */
export function keyAsked() {
  const input = el("input", {
    type: "password",
    required: true,
    id: "dialog-key",
    autocomplete: "off",
    spellcheck: "false",
  });
  return dialog(
    "This server asks for a key",
    [
      el(
        "p",
        {},
        "Whoever runs it makes one with ",
        el("code", {}, "thymos serve keys add NAME"),
        ". It is kept in this tab until you close it.",
      ),
      el("label", { for: "dialog-key" }, "Key"),
      input,
    ],
    { yes: "Use it", value: () => input.value.trim() || null },
  );
}

/** Show what Thymos is for and what it must not be used for. */
export async function notice(about) {
  await dialog("What Thymos is for", [paragraphs(about.notice)], { yes: "I understand", no: null });
  try {
    localStorage.setItem(SEEN, "1");
  } catch {
    return; // storage is forbidden: it is shown again next time
  }
}

function paragraphs(text) {
  return text.split(/\n\s*\n/).map((part) => el("p", {}, part));
}

/** Whether the notice was read in this browser. */
export function noticeSeen() {
  try {
    return localStorage.getItem(SEEN) === "1";
  } catch {
    return false;
  }
}
