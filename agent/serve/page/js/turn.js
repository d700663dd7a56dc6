// One turn on the page: what was said with its attachments, and the answer as it grows from events or as it is kept.

import { shownAttachment } from "./attachments.js";
import { announce, el, put } from "./dom.js";
import { flash } from "./cues.js";
import { card } from "./findings.js";
import { feedback } from "./feedback.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { openPassage, openSources } from "./sources.js";

const TOOLS = {
  analyse: "Analysis",
  search: "Knowledge base",
  compare: "Comparison",
  timeline: "Timeline",
  label_file: "Labelled file",
  synthesise: "Written",
  explain_label: "Label",
};

/** What a user said. */
export function asked(message, thread) {
  return el(
    "article",
    { class: "asked", "aria-label": "You" },
    message.attachments.length > 0 &&
      el(
        "div",
        { class: "shown" },
        message.attachments.map((each) => shownAttachment(each, thread)),
      ),
    message.text && el("p", { class: "bubble" }, message.text),
  );
}

/** An answer that grows. */
export class AnswerView {
  /** @param thread id; @param retry what to do when the user wants the message sent again, or null. */
  constructor(thread, retry = null) {
    this.thread = thread;
    this.retry = retry;
    this.sources = [];
    this.findings = [];
    this.text = "";
    this.drawing = 0;
    this.status = el("p", { class: "status" });
    this.bar = el("progress", { max: 1, hidden: true, "aria-label": "How far the work is" });
    this.words = el("div", { class: "words" });
    this.cards = el("div", { class: "cards" });
    this.end = el("div", { class: "end" });
    this.node = el(
      "article",
      { class: "answer", "aria-label": "Thymos" },
      this.status,
      this.bar,
      this.words,
      this.cards,
      this.end,
    );
  }

  /** Show that the message is on its way. */
  begin() {
    this.node.classList.add("busy");
    this.say("Reading…");
  }

  say(words) {
    put(this.status, el("span", { class: "pulse", "aria-hidden": "true" }), words);
    announce(words);
  }

  /** Take an event of the stream. */
  take(event) {
    if (event.type === "called") this.say(event.says);
    if (event.type === "progress") this.progress(event);
    if (event.type === "found") this.found(event.finding);
    if (event.type === "said") this.said(event.text);
    if (event.type === "done") this.done(event.answer, event.turn, null);
    if (event.type === "failed") this.failed(event.says);
  }

  progress({ share, says }) {
    this.bar.hidden = false;
    this.bar.value = share;
    if (says) put(this.status, el("span", { class: "pulse", "aria-hidden": "true" }), says); // not announced: there are many
  }

  found(finding) {
    this.findings.push(finding);
    this.cards.append(card(finding, this.tools()));
  }

  said(text) {
    this.text += text;
    this.drawing ||= requestAnimationFrame(() => {
      this.drawing = 0;
      this.write();
    });
  }

  write() {
    put(
      this.words,
      markdown(this.text, (id) => this.cite(id)),
    );
  }

  /** Show the whole answer, as it is kept. */
  done(answer, turn, given) {
    this.stop();
    this.text = answer.text;
    this.sources = answer.sources;
    if (this.findings.length !== answer.findings.length) {
      put(this.cards);
      this.findings = [];
      answer.findings.forEach((finding) => this.found(finding));
    }
    this.write();
    this.node.classList.toggle("guarded", Boolean(answer.guarded));
    if (TOOLS[answer.tool])
      put(
        this.status,
        TOOLS[answer.tool],
        answer.chosen_by !== "router" && el("span", { class: "dim" }, ` · chosen by ${answer.chosen_by}`),
      );
    else this.status.remove();
    put(this.end, ...this.footer(turn, given));
  }

  footer(turn, given) {
    const cited = this.sources.length;
    const [thumbs, more] = feedback({ thread: this.thread, turn, given, taxonomy: taxonomyIn(this.findings) });
    const copied = el(
      "button",
      { type: "button", class: "icon-button small-icon", "aria-label": "Copy the answer", title: "Copy the answer" },
      icon("copy"),
    );
    copied.addEventListener("click", () =>
      navigator.clipboard.writeText(this.text).then(
        () => announce("Copied."),
        () => announce("The browser does not allow copying."),
      ),
    );
    const button =
      cited > 0 &&
      el(
        "button",
        { type: "button", class: "sources-button", on: { click: () => openSources(this.sources) } },
        icon("book"),
        cited === 1 ? "1 source" : `${cited} sources`,
      );
    return [el("div", { class: "end-row" }, button, el("span", { class: "grow" }), copied, thumbs), more];
  }

  failed(says) {
    this.stop();
    this.status.remove();
    const again =
      this.retry && el("button", { type: "button", class: "plain", on: { click: this.retry } }, "Try again");
    put(this.end, el("div", { class: "failed", role: "alert" }, el("p", {}, says), again));
  }

  stop() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    this.bar.hidden = true;
    this.node.classList.remove("busy");
  }

  tools() {
    return {
      thread: this.thread,
      cite: (id) => this.cite(id),
      open: (each) => openPassage(each, this.known()),
      fail: (failure) => announce(failure.message),
    };
  }

  known() {
    const found = this.findings.flatMap((each) => [
      ...(each.passages ?? []),
      ...(each.reasoning?.evidence ?? []),
      ...(each.reasoning?.examples ?? []),
    ]);
    return this.sources.length ? this.sources : [...new Map(found.map((each) => [each.id, each])).values()];
  }

  /** A button for a citation; null for what is none. */
  cite(id) {
    const kind = id.slice(0, id.indexOf(":"));
    const name = id.slice(kind.length + 1);
    if (kind === "cue") {
      return el(
        "button",
        {
          type: "button",
          class: "cite cite-cue",
          "aria-label": `Show cue ${name}`,
          on: { click: () => flash(this.node, CSS.escape(name)) },
        },
        name,
      );
    }
    const known = this.evidence(name);
    const title = known?.title || name;
    const open = () => openPassage(known ?? { id: name }, this.known());
    return el(
      "button",
      { type: "button", class: "cite", "aria-label": `Open source: ${title}`, title, on: { click: open } },
      short(title),
    );
  }

  evidence(id) {
    const parts = this.findings.flatMap((each) => [each, each.first, each.second]).filter(Boolean);
    const found = parts.flatMap((each) => [
      ...(each.passages ?? []),
      ...(each.reasoning?.evidence ?? []),
      ...(each.reasoning?.examples ?? []),
    ]);
    return [...this.sources, ...found].find((each) => each.id === id);
  }
}

function short(id) {
  return id.length > 28 ? `${id.slice(0, 27)}…` : id;
}

function taxonomyIn(findings) {
  const first = findings[0] ?? {};
  return first.taxonomy ?? first.reasoning?.taxonomy ?? first.second?.reasoning.taxonomy ?? null;
}
