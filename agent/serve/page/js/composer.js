// Where a message is written: text, files by button, drop and paste, voice, photo, label set. Enter sends. Gives
// `{text, attachments, taxonomy}` to `send`; files go up as soon as they are chosen, into the thread that `thread()` gives.

import { upload } from "./api.js";
import { chipOf } from "./attachments.js";
import { takePhoto } from "./camera.js";
import { byId, el, put } from "./dom.js";
import { bytes } from "./emotions.js";
import { icon } from "./icons.js";
import { recordVoice } from "./recorder.js";
import { taxonomyChoice } from "./taxonomies.js";

const TALLEST = 220; // pixels of the text box
const LONGEST = 300; // s that one records in one go; a longer file can be attached

export class Composer {
  /**
   * @param hooks `thread()` gives the thread's id (making one if need be), `place()` tells one conversation on the screen
   * from another, `send(message)`, `stop()`.
   */
  constructor(about, hooks) {
    this.about = about;
    this.hooks = hooks;
    this.files = []; // {chip, attachment | null}
    this.busy = false;
    this.waiting = false; // for files of a message that was sent
    this.text = el("textarea", {
      id: "message",
      rows: 1,
      placeholder: "Say, paste or attach something",
      "aria-label": "Message",
      autocomplete: "off",
      on: { keydown: (event) => this.key(event), input: () => this.grow(), paste: (event) => this.paste(event) },
    });
    this.chips = el("ul", { class: "file-chips", "aria-label": "Attached files" });
    this.problem = el("p", { class: "warn composer-problem", role: "alert" });
    this.taxonomy = taxonomyChoice(
      { class: "taxonomy", "aria-label": "Label set", title: "Label set" },
      about.taxonomy,
    );
    this.pick = el("input", {
      type: "file",
      multiple: true,
      hidden: true,
      id: "pick",
      on: { change: () => this.picked() },
    });
    this.go = el("button", { type: "submit", class: "send", "aria-label": "Send" }, icon("send"));
    this.node = el(
      "form",
      { class: "composer", on: { submit: (event) => this.submit(event) } },
      this.chips,
      this.text,
      el(
        "div",
        { class: "composer-row" },
        this.button("clip", "Attach files", () => this.pick.click()),
        this.button("mic", "Record your voice", () => this.record()),
        this.button("camera", "Take a photo", () => this.photo()),
        this.pick,
        this.taxonomy,
        el("span", { class: "grow" }),
        this.go,
      ),
      this.problem,
    );
    this.dropping();
  }

  button(drawn, name, act) {
    return el(
      "button",
      { type: "button", class: "icon-button", "aria-label": name, title: name, on: { click: act } },
      icon(drawn),
    );
  }

  key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.busy) this.node.requestSubmit();
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(TALLEST, this.text.scrollHeight)}px`;
  }

  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.attach(files);
  }

  picked() {
    this.attach([...this.pick.files]);
    this.pick.value = "";
  }

  async record() {
    const file = await recordVoice(Math.min(LONGEST, this.about.limits.audio_seconds));
    if (file) this.attach([file]);
    this.text.focus();
  }

  async photo() {
    const file = await takePhoto();
    if (file) this.attach([file]);
    this.text.focus();
  }

  dropping() {
    let deep = 0; // dragenter and dragleave come for every element on the way
    const veil = el("div", { class: "veil", hidden: true }, el("p", {}, icon("clip"), "Drop to attach"));
    document.body.append(veil);
    const files = (event) => event.dataTransfer?.types.includes("Files") && !byId("chat").hidden;
    const show = (change) => {
      deep = Math.max(0, deep + change);
      veil.hidden = deep === 0;
    };
    addEventListener("dragenter", (event) => files(event) && show(1));
    addEventListener("dragleave", (event) => files(event) && show(-1));
    addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // else the browser leaves the page for the file
      if (files(event)) this.attach([...event.dataTransfer.files]);
      deep = 0;
      veil.hidden = true;
    });
  }

  async attach(files) {
    this.complain("");
    await Promise.all(files.map((file) => this.attachOne(file))); // all are there at once: who sends now sends all
  }

  async attachOne(file) {
    const entry = { attachment: null };
    entry.chip = chipOf(file, () => this.forget(entry));
    this.files.push(entry);
    this.chips.append(entry.chip.node);
    const { attachment_bytes: most, attachments: many } = this.about.limits;
    if (file.size > most) return this.refuse(entry, `must be at most ${bytes(most)}, got ${bytes(file.size)}`);
    if (this.files.filter((each) => !each.refused).length > many) {
      return this.refuse(entry, `a message may have at most ${many} files`);
    }
    entry.ready = this.send(entry, file);
    await entry.ready;
  }

  async send(entry, file) {
    const form = new FormData();
    form.append("file", file, file.name);
    try {
      const thread = await this.hooks.thread();
      entry.attachment = await upload(`/api/threads/${thread}/media`, form, entry.chip.progress);
      entry.chip.done(entry.attachment);
    } catch (failure) {
      this.refuse(entry, failure.message);
    }
  }

  refuse(entry, sentence) {
    entry.refused = true;
    entry.chip.failed(sentence);
  }

  forget(entry) {
    this.files = this.files.filter((each) => each !== entry);
    entry.chip.node.remove();
    this.text.focus();
  }

  async submit(event) {
    event.preventDefault();
    if (this.busy) return this.hooks.stop();
    if (this.waiting) return;
    const place = this.hooks.place();
    this.waiting = true;
    await Promise.all(this.files.map((each) => each.ready));
    this.waiting = false;
    if (this.hooks.place() !== place) return; // another conversation was opened: what stands in the box is for that one
    const attachments = this.files.filter((each) => each.attachment).map((each) => each.attachment);
    const text = this.text.value.trim();
    if (!text && !attachments.length) return this.text.focus();
    this.clear();
    this.hooks.send({ text, attachments, taxonomy: this.taxonomy.value });
  }

  /** Put words in the box without sending them. */
  write(text) {
    this.text.value = text;
    this.grow();
    this.text.focus();
  }

  clear() {
    this.files = [];
    put(this.chips);
    this.text.value = "";
    this.grow();
    this.complain("");
  }

  complain(sentence) {
    this.problem.textContent = sentence;
  }

  /** While an answer comes, the button stops it. */
  setBusy(busy) {
    this.busy = busy;
    put(this.go, icon(busy ? "stop" : "send"));
    this.go.setAttribute("aria-label", busy ? "Stop" : "Send");
  }
}
