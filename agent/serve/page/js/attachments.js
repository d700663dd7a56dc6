// Files of a message: a chip with a preview while it is written, and what was attached once it is sent. Knows where a
// file is on the server, not what is in it.

import { showable } from "./api.js";
import { el } from "./dom.js";
import { bytes } from "./emotions.js";
import { icon } from "./icons.js";

const DRAWN = { speech: "voice", face: "camera", physiology: "body", corpus: "table", dialogue: "list" };
const NAMES = { speech: "voice", face: "picture", physiology: "body signal", corpus: "table", dialogue: "dialogue" };

/** A file on its way: `{node, progress(share), done(attachment), failed(sentence)}`; `remove` is called by its button. */
export function chipOf(file, remove) {
  const state = el("span", { class: "dim" }, "uploading");
  const bar = el("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
  const close = el(
    "button",
    { type: "button", class: "icon-button small-icon", "aria-label": `Remove ${file.name}`, on: { click: remove } },
    icon("close"),
  );
  const look = preview(file);
  const node = el(
    "li",
    { class: "file-chip" },
    look,
    el("span", { class: "file-words" }, el("span", { class: "file-name" }, file.name), state, bar),
    close,
  );
  return {
    node,
    progress: (share) => {
      bar.value = share;
    },
    done: (attachment) => {
      bar.remove();
      state.textContent = `${NAMES[attachment.kind] ?? attachment.kind} · ${bytes(attachment.size)}`;
    },
    failed: (sentence) => {
      bar.remove();
      node.classList.add("refused");
      state.textContent = sentence;
      state.className = "warn";
      state.setAttribute("role", "alert");
    },
  };
}

function preview(file) {
  const local = () => URL.createObjectURL(file);
  if (/^image\/(png|jpeg|webp|gif|bmp)$/.test(file.type))
    return forgotten(el("img", { class: "thumb", src: local(), alt: "" }), "load");
  if (file.type.startsWith("audio/"))
    return el("audio", { controls: true, preload: "metadata", src: local(), "aria-label": `Listen to ${file.name}` });
  return el("span", { class: "thumb" }, icon("file"));
}

function forgotten(node, event) {
  const drop = () => URL.revokeObjectURL(node.src);
  node.addEventListener(event, drop, { once: true });
  node.addEventListener("error", drop, { once: true });
  return node;
}

/** What was attached to a message that is sent. */
export function shownAttachment(attachment, thread) {
  const path = `/api/threads/${thread}/media/${attachment.id}`;
  const named = el(
    "span",
    { class: "file-words" },
    el("span", { class: "file-name" }, attachment.name),
    el("span", { class: "dim" }, `${NAMES[attachment.kind] ?? attachment.kind} · ${bytes(attachment.size)}`),
  );
  const node = el("div", { class: "shown-file" }, named);
  const media = attachment.media_type.startsWith("image/")
    ? el("img", { class: "picture", alt: `Attached picture ${attachment.name}` })
    : attachment.media_type.startsWith("audio/")
      ? el("audio", { controls: true, preload: "metadata", "aria-label": `Listen to ${attachment.name}` })
      : null;
  if (!media) {
    node.prepend(el("span", { class: "thumb" }, icon(DRAWN[attachment.kind] ?? "file")));
    return node;
  }
  node.prepend(media);
  showable(path).then(
    (source) => {
      media.src = source;
    },
    () => media.remove(),
  );
  return node;
}
