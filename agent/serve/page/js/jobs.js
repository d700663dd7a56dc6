// The list of labelling jobs. Asks the server once a second while one runs, and not at all while none does.

import { json } from "./api.js";
import { el, put } from "./dom.js";
import { JobView, RUNNING } from "./job.js";

const EVERY = 1000; // ms

export class Jobs {
  constructor() {
    this.waiting = null;
    this.resting = true;
    this.views = new Map(); // id -> view
    this.list = el("ul", { class: "jobs" });
    this.none = el("p", { class: "dim" }, "No jobs yet.");
    this.node = el("section", { class: "jobs-box", "aria-label": "Jobs" }, el("h2", {}, "Jobs"), this.none, this.list);
  }

  /** Stop asking. */
  rest() {
    this.resting = true;
    clearTimeout(this.waiting);
  }

  /** Ask now, and again while a job runs. */
  async follow() {
    this.resting = false;
    clearTimeout(this.waiting);
    let jobs = [];
    try {
      jobs = await json("GET", "/v1/jobs");
      this.draw(jobs);
    } catch (failure) {
      this.none.hidden = false;
      this.none.textContent = failure.message;
    }
    const running = jobs.some((job) => RUNNING.has(job.state));
    if (!this.resting && running) this.waiting = setTimeout(() => this.follow(), EVERY);
  }

  draw(jobs) {
    this.none.hidden = jobs.length > 0;
    this.none.textContent = "No jobs yet.";
    const newest = [...jobs].sort((a, b) => b.created.localeCompare(a.created));
    const nodes = newest.map((job) => this.view(job).node);
    const shown = [...this.list.children];
    const same = nodes.length === shown.length && nodes.every((node, at) => node === shown[at]);
    if (!same) put(this.list, nodes); // else the focus would be lost every second
  }

  view(job) {
    if (!this.views.has(job.id)) this.views.set(job.id, new JobView(job, () => this.follow()));
    const view = this.views.get(job.id);
    view.update(job);
    return view;
  }
}
