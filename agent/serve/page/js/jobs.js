// The list of labelling jobs: how far each is, its first results, downloads, and cancelling. Asks the server once a
// second while one runs, and not at all while none does.

import { chip } from "./analysis.js";
import { download, json, request } from "./api.js";
import { confirmed } from "./dialogs.js";
import { announce, el, put } from "./dom.js";
import { table } from "./table.js";

const EVERY = 1000; // ms
const SHOWN = 10; // rows of a result
const RUNNING = new Set(["queued", "running"]);
const OURS = new Set(["id", "labels", "probabilities", "entropy", "margin", "abstained", "label_set"]); // the rest was kept
const WORDS = { queued: "waiting", running: "labelling", done: "done", failed: "failed", cancelled: "cancelled" };

export class Jobs {
  constructor() {
    this.waiting = null;
    this.resting = true;
    this.views = new Map(); // id -> view
    this.names = new Map(); // id -> name of the file, where the server does not say it
    this.list = el("ul", { class: "jobs" });
    this.none = el("p", { class: "dim" }, "No jobs yet.");
    this.node = el("section", { class: "jobs-box", "aria-label": "Jobs" }, el("h2", {}, "Jobs"), this.none, this.list);
  }

  name(id, file) {
    this.names.set(id, file);
  }

  rest() {
    this.resting = true;
    clearTimeout(this.waiting);
  }

  async follow() {
    this.resting = false;
    clearTimeout(this.waiting);
    let jobs = [];
    try {
      jobs = listOf(await json("GET", "/v1/jobs"));
      this.draw(jobs);
    } catch (failure) {
      this.none.hidden = false;
      this.none.textContent = failure.message;
    }
    if (!this.resting && jobs.some((job) => RUNNING.has(job.state)))
      this.waiting = setTimeout(() => this.follow(), EVERY);
  }

  draw(jobs) {
    this.none.hidden = jobs.length > 0;
    const newest = [...jobs].sort((a, b) => String(b.created).localeCompare(String(a.created)));
    for (const job of newest) {
      if (!this.views.has(job.id)) this.views.set(job.id, new JobView(this, job));
      this.views.get(job.id).update(job);
    }
    const nodes = newest.map((job) => this.views.get(job.id).node);
    if (nodes.length !== this.list.children.length || nodes.some((node, at) => node !== this.list.children[at]))
      put(this.list, ...nodes);
  }
}

function listOf(answer) {
  return Array.isArray(answer) ? answer : (answer.data ?? answer.jobs ?? []);
}

class JobView {
  constructor(jobs, job) {
    this.jobs = jobs;
    this.state = null;
    this.badge = el("span", { class: "badge" });
    this.bar = el("progress", { max: 1, "aria-label": "Rows labelled" });
    this.facts = el("p", { class: "dim small" });
    this.buttons = el("div", { class: "end-row" });
    this.result = el("div", { class: "result" });
    const name = job.name ?? job.file ?? jobs.names.get(job.id) ?? `Job ${job.id.slice(0, 8)}`;
    this.title = name;
    this.node = el(
      "li",
      { class: "card job" },
      el("div", { class: "job-head" }, el("h3", {}, name), this.badge),
      this.bar,
      this.facts,
      this.buttons,
      this.result,
    );
  }

  update(job) {
    const running = RUNNING.has(job.state);
    this.bar.hidden = !running;
    if (job.rows) this.bar.value = job.done / job.rows;
    else this.bar.removeAttribute("value");
    put(this.facts, ...facts(job));
    if (job.state === this.state) return;
    if (this.state) announce(`${this.title}: ${WORDS[job.state]}`);
    this.state = job.state;
    this.badge.textContent = WORDS[job.state] ?? job.state;
    this.badge.className = `badge state-${job.state}`;
    put(this.buttons, ...this.actions(job, running));
    if (job.state === "done") this.preview(job);
  }

  actions(job, running) {
    const button = (name, act, kind = "plain") =>
      el(
        "button",
        { type: "button", class: kind, on: { click: () => act().catch((failure) => this.fail(failure)) } },
        name,
      );
    if (running)
      return [
        button("Cancel", () =>
          this.remove(job, "Cancel this job?", "The rows that are labelled so far are dropped.", "Cancel the job"),
        ),
      ];
    const save = (form) =>
      button(
        form,
        () => download(`${resultOf(job)}?as=${form}`, `${this.title.replace(/\.\w+$/, "")}-labelled.${form}`),
        form === "csv" ? "strong" : "plain",
      );
    const away = button(
      "Remove",
      () => this.remove(job, "Remove this job?", "Its result is deleted from the server.", "Remove"),
      "quiet",
    );
    return job.state === "done"
      ? [
          el("span", { class: "dim small" }, "Download"),
          save("csv"),
          save("jsonl"),
          save("parquet"),
          el("span", { class: "grow" }),
          away,
        ]
      : [away];
  }

  async remove(job, title, says, yes) {
    if (!(await confirmed(title, says, yes))) return;
    await json("DELETE", `/v1/jobs/${job.id}`);
    if (!RUNNING.has(job.state)) this.node.remove();
    await this.jobs.follow();
  }

  async preview(job) {
    try {
      const rows = await firstLines(`${resultOf(job)}?as=jsonl`);
      const kept = Object.keys(rows[0] ?? {}).filter((column) => !OURS.has(column));
      const drawn = rows.map((row) => ({
        ...row,
        labels: (row.labels ?? []).map((label) => chip(label, job.taxonomy, row.probabilities?.[label])),
      }));
      const cells = (column, value) => (column === "labels" ? value : null);
      put(
        this.result,
        el(
          "details",
          { class: "fold", open: true },
          el("summary", {}, "First rows of the result"),
          table("First rows of the result", [...kept, "labels"], drawn, cells),
        ),
      );
    } catch (failure) {
      this.fail(failure);
    }
  }

  fail(failure) {
    put(this.result, el("p", { class: "warn", role: "alert" }, failure.message));
  }
}

function resultOf(job) {
  return `/v1/jobs/${encodeURIComponent(job.id)}/result`;
}

function facts(job) {
  const rows = job.rows
    ? `${job.done.toLocaleString("en")} of ${job.rows.toLocaleString("en")} rows`
    : `${(job.done ?? 0).toLocaleString("en")} rows`;
  const bad = job.bad_rows ? ` · ${job.bad_rows.toLocaleString("en")} set aside` : "";
  const when = job.created
    ? ` · ${new Date(typeof job.created === "number" ? 1000 * job.created : job.created).toLocaleString()}`
    : "";
  return [rows + bad + when, job.error ? el("span", { class: "warn" }, ` ${job.error}`) : ""];
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
  return text
    .split("\n")
    .slice(0, SHOWN)
    .filter((line) => line.trim())
    .map((line) => JSON.parse(line));
}
