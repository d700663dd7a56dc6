// The list of labelling jobs. Asks the server once a second while one runs, and not at all while none does.

import { json } from "./api.js";
import { el, put } from "./dom.js";
import { JobView, RUNNING } from "./job.js";

const EVERY = 1000; // ms
const LATER = 3000; // ms after a question that was not answered

export class Jobs {
  constructor() {
    this.waiting = null;
    this.resting = true;
    this.running = false;
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
    let every = EVERY;
    try {
      const jobs = await json("GET", "/v1/jobs");
      this.draw(jobs);
      this.running = jobs.some((job) => RUNNING.has(job.state));
    } catch (failure) {
      this.none.hidden = false;
      this.none.textContent = failure.message;
      this.running = true; // for all that is known: a job goes on, whether a question about it was lost or not
      every = LATER;
    }
    clearTimeout(this.waiting); // somebody else may have asked meanwhile
    if (!this.resting && this.running) this.waiting = setTimeout(() => this.follow(), every);
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
