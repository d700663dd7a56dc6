// One labelling job: how far it is, its first results, downloads, and cancelling.

import { chip } from "./analysis.js";
import { download, json, request } from "./api.js";
import { confirmed } from "./dialogs.js";
import { announce, el, put } from "./dom.js";
import { table } from "./table.js";

const SHOWN = 10; // rows of a result
const WORDS = { queued: "waiting", running: "labelling", done: "done", failed: "failed", cancelled: "cancelled" };
// What labelling adds to a row; the other columns were kept from the file.
const OURS = new Set(["id", "labels", "probabilities", "entropy", "margin", "abstained", "label_set"]);

/** States in which a job still changes by itself. */
export const RUNNING = new Set(["queued", "running"]);

export class JobView {
  /** @param changed what to do when the job was cancelled or removed. */
  constructor(job, changed) {
    this.changed = changed;
    this.state = null;
    this.path = `/v1/jobs/${encodeURIComponent(job.id)}`;
    this.title = job.name;
    this.stem = job.name.replace(/\.\w+$/, "");
    this.badge = el("span", { class: "badge" });
    this.bar = el("progress", { max: 1, "aria-label": "Rows labelled" });
    this.facts = el("p", { class: "dim small" });
    this.buttons = el("div", { class: "end-row" });
    this.result = el("div", { class: "result" });
    const head = el("div", { class: "job-head" }, el("h3", {}, job.name), this.badge);
    this.node = el("li", { class: "card job" }, head, this.bar, this.facts, this.buttons, this.result);
  }

  /** Show how far it is. */
  update(job) {
    this.bar.hidden = !RUNNING.has(job.state);
    if (job.rows) this.bar.value = job.done / job.rows;
    else this.bar.removeAttribute("value");
    put(this.facts, facts(job));
    if (job.state === this.state) return;
    const watched = this.state !== null;
    if (watched) announce(`${this.title}: ${WORDS[job.state]}`);
    this.state = job.state;
    this.badge.textContent = WORDS[job.state];
    this.badge.className = `badge state-${job.state}`;
    put(this.buttons, this.actions(job));
    if (job.state === "done") put(this.result, this.rows(job, watched));
  }

  actions(job) {
    if (RUNNING.has(job.state)) return [this.button("Cancel", () => this.cancel())];
    const away = this.button("Remove", () => this.remove(), "quiet");
    if (job.state !== "done") return [away];
    const save = (form, name, kind) =>
      this.button(name, () => download(`${this.path}/result?as=${form}`, `${this.stem}-labelled.${form}`), kind);
    const errors = () => download(`${this.path}/result?as=errors`, `${this.stem}-errors.jsonl`);
    return [
      el("span", { class: "dim small" }, "Download"),
      save("csv", "csv", "strong"),
      save("jsonl", "jsonl", "plain"),
      save("parquet", "parquet", "plain"),
      job.bad_rows > 0 && this.button("rows set aside", errors),
      el("span", { class: "grow" }),
      away,
    ];
  }

  button(name, act, kind = "plain") {
    const click = () => act().catch((failure) => this.fail(failure));
    return el("button", { type: "button", class: kind, on: { click } }, name);
  }

  async cancel() {
    const says = "The rows that are labelled so far are dropped.";
    if (await confirmed("Cancel this job?", says, "Cancel the job")) await this.end();
  }

  async remove() {
    if (await confirmed("Remove this job?", "Its result is deleted from the server.", "Remove")) await this.end();
  }

  async end() {
    await json("DELETE", this.path);
    await this.changed();
  }

  rows(job, open) {
    const box = el("div", {});
    const fold = el("details", { class: "fold" }, el("summary", {}, "First rows of the result"), box);
    const show = () => this.preview(job, box).catch((failure) => put(box, warning(failure)));
    fold.addEventListener("toggle", show, { once: true }); // not fetched before somebody looks
    fold.open = open;
    return fold;
  }

  async preview(job, box) {
    const rows = await firstLines(`${this.path}/result?as=jsonl`);
    const kept = Object.keys(rows[0] ?? {}).filter((column) => !OURS.has(column));
    const chips = (row) => (row.labels ?? []).map((label) => chip(label, job.taxonomy, row.probabilities?.[label]));
    const drawn = rows.map((row) => ({ ...row, labels: chips(row) }));
    const draw = (column, value) => (column === "labels" ? value : null);
    put(box, table("First rows of the result", [...kept, "labels"], drawn, draw));
  }

  fail(failure) {
    put(this.result, warning(failure));
  }
}

function warning(failure) {
  return el("p", { class: "warn", role: "alert" }, failure.message);
}

function facts(job) {
  const rows = job.rows === null ? `${number(job.done)} rows` : `${number(job.done)} of ${number(job.rows)} rows`;
  const bad = job.bad_rows ? ` · ${number(job.bad_rows)} set aside` : "";
  const when = ` · ${new Date(job.created).toLocaleString()}`;
  return [rows + bad + when, job.error && el("span", { class: "warn" }, ` ${job.error}`)];
}

function number(count) {
  return count.toLocaleString("en");
}

/** The first rows of JSON lines, without waiting for the rest. */
async function firstLines(path) {
  const reader = (await request(path)).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += value ?? "";
    if (done || text.split("\n").length > SHOWN) break;
  }
  await reader.cancel();
  const lines = text.split("\n").slice(0, SHOWN);
  return lines.filter((line) => line.trim()).map((line) => JSON.parse(line));
}
