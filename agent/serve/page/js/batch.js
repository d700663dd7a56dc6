// The batch tab: choose a file, see its first rows, choose column and label set, and start a job.

import { upload } from "./api.js";
import { el, put } from "./dom.js";
import { bytes } from "./emotions.js";
import { icon } from "./icons.js";
import { Jobs } from "./jobs.js";
import { firstRows } from "./rows.js";
import { table } from "./table.js";
import { taxonomyChoice } from "./taxonomies.js";

export class Batch {
  constructor(about) {
    this.about = about;
    this.file = null;
    this.jobs = new Jobs();
    this.pick = el("input", {
      type: "file",
      class: "sr",
      id: "corpus",
      accept: ".csv,.tsv,.jsonl,.ndjson,text/csv",
      on: { change: () => this.choose(this.pick.files[0]) },
    });
    this.zone = el(
      "label",
      {
        class: "zone",
        for: "corpus",
        on: { dragover: (event) => event.preventDefault(), drop: (event) => this.drop(event) },
      },
      icon("table"),
      el("span", { class: "zone-title" }, "Choose or drop a CSV or JSONL file"),
      el(
        "span",
        { class: "dim small" },
        "One row a text. It goes to this server only, and a job goes on after a restart.",
      ),
    );
    this.setup = el("div", { class: "setup", "aria-live": "polite" });
    this.node = el(
      "div",
      { class: "batch-inner" },
      el("h2", { class: "batch-title" }, "Label a file"),
      el(
        "p",
        { class: "lead" },
        "Every row gets a probability for each label. Rows that cannot be read are set aside with a reason.",
      ),
      el("div", { class: "zone-box" }, this.pick, this.zone),
      this.setup,
      this.jobs.node,
    );
  }

  /** Begin to follow the jobs. */
  enter() {
    this.jobs.follow();
  }

  /** Stop following them. */
  leave() {
    this.jobs.rest();
  }

  drop(event) {
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer.files.length) this.choose(event.dataTransfer.files[0]);
  }

  async choose(file) {
    if (!file) return;
    this.file = file;
    try {
      const most = this.about.limits.corpus_bytes;
      if (file.size > most)
        throw new Error(
          `The file must be at most ${bytes(most)}, got ${bytes(file.size)}; label it with \`thymos label\`, which has no limit.`,
        );
      this.prepare(await firstRows(file));
    } catch (failure) {
      put(this.setup, el("p", { class: "warn", role: "alert" }, failure.message));
    }
  }

  prepare({ columns, rows, text }) {
    const column = el(
      "select",
      { id: "text-column" },
      columns.map((name) => el("option", { value: name, selected: name === text }, name)),
    );
    const taxonomy = taxonomyChoice({ id: "job-taxonomy" }, this.about.taxonomy);
    const bar = el("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
    const problem = el("p", { class: "warn", role: "alert" });
    const start = el("button", { type: "submit", class: "strong" }, "Start labelling");
    const submit = async (event) => {
      event.preventDefault();
      start.disabled = true;
      bar.hidden = false;
      problem.textContent = "";
      await this.start({ text_column: column.value, taxonomy: taxonomy.value }, bar).catch((failure) => {
        problem.textContent = failure.message;
        start.disabled = false;
        bar.hidden = true;
      });
    };
    put(
      this.setup,
      el(
        "form",
        { class: "card", on: { submit } },
        el("h3", { class: "card-title" }, this.file.name, el("span", { class: "dim" }, ` ${bytes(this.file.size)}`)),
        el(
          "div",
          { class: "fields" },
          el("label", { for: "text-column" }, "Column with the words", column),
          el("label", { for: "job-taxonomy" }, "Label set", taxonomy),
        ),
        table("First rows of the file", columns, rows),
        el(
          "div",
          { class: "end-row" },
          start,
          el("button", { type: "button", class: "quiet", on: { click: () => this.reset() } }, "Another file"),
          bar,
        ),
        problem,
      ),
    );
  }

  async start(choices, bar) {
    const form = new FormData();
    for (const [name, value] of Object.entries(choices)) form.append(name, value);
    form.append("file", this.file, this.file.name); // last, so that a server that reads as it comes has the choices first
    await upload("/v1/jobs", form, (share) => {
      bar.value = share;
    });
    this.reset();
    await this.jobs.follow();
  }

  reset() {
    this.file = null;
    this.pick.value = "";
    put(this.setup);
  }
}
