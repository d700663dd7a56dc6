// The conversation that is shown: opens one, sends messages, follows the events of an answer. An answer that is still
// coming goes on while another conversation is looked at, and is there on coming back.

import { events, json } from "./api.js";
import { Composer } from "./composer.js";
import { notice } from "./dialogs.js";
import { announce, byId, el, put } from "./dom.js";
import { listThreads, markThread, onThreadChange, openMenu } from "./threads.js";
import { AnswerView, asked } from "./turn.js";
import { welcome } from "./welcome.js";

const ABOVE = 16; // pixels between the top and the question that is being answered

export class Chat {
  /** @param about what the server says of itself; @param go changes the address. */
  constructor(about, go) {
    this.about = about;
    this.go = go;
    this.thread = null;
    this.making = null; // promise of a thread that is being made
    this.opened = 0; // counts what was opened, so that a slow answer of an earlier one is dropped
    this.live = new Map(); // thread id -> {nodes, stop} of an answer that is still coming
    this.log = byId("log");
    this.composer = new Composer(about, {
      thread: () => this.ensure(),
      place: () => this.opened,
      send: (message) => this.send(message),
      stop: () => this.live.get(this.thread?.id)?.stop(),
    });
    this.composer.taxonomy.addEventListener("change", () => this.thread === null && this.empty());
    byId("foot").append(this.composer.node, this.smallPrint());
    byId("thread-menu").addEventListener("click", (event) => openMenu(this.thread, event.currentTarget));
    onThreadChange((thread) => (thread ? this.title(thread) : this.go("#/")));
  }

  smallPrint() {
    const more = el(
      "button",
      { type: "button", class: "link", on: { click: () => notice(this.about) } },
      "Intended use",
    );
    return el(
      "p",
      { class: "small-print" },
      "What is expressed is not what is felt. Do not decide about a person by it. ",
      more,
    );
  }

  /** Show an empty conversation; it is made on the server with its first message or file. */
  fresh() {
    this.opened += 1;
    this.thread = null;
    this.making = null;
    this.title(null);
    markThread(null);
    this.composer.clear();
    this.composer.setBusy(false);
    this.composer.taxonomy.value = this.about.taxonomy;
    this.empty();
  }

  empty() {
    put(
      this.log,
      welcome(this.composer.taxonomy.value, (text) => this.composer.write(text)),
    );
    byId("scroll").scrollTop = 0;
  }

  /** Show a conversation that the server has. */
  async open(id) {
    if (this.thread?.id === id) return;
    const mine = (this.opened += 1);
    this.making = null; // one that is being made for a message gets it, and is not what is shown
    put(this.log, el("p", { class: "dim loading" }, "Opening…"));
    let found;
    try {
      found = await json("GET", `/api/threads/${encodeURIComponent(id)}`);
    } catch (failure) {
      if (mine === this.opened) this.missing(failure);
      return;
    }
    if (mine !== this.opened) return;
    this.thread = found.thread;
    this.title(found.thread);
    markThread(id);
    this.composer.clear();
    this.composer.taxonomy.value = found.thread.taxonomy;
    this.show(found.turns);
  }

  missing(failure) {
    this.thread = null;
    this.composer.setBusy(false);
    this.title(null);
    put(
      this.log,
      el(
        "div",
        { class: "failed", role: "alert" },
        el("p", {}, failure.message),
        el("a", { href: "#/" }, "Begin a new conversation"),
      ),
    );
  }

  show(turns) {
    const live = this.live.get(this.thread.id);
    const kept = live && turns.length && turns[turns.length - 1].answer === null ? turns.slice(0, -1) : turns;
    put(this.log, ...kept.flatMap((turn) => this.turn(turn)), ...(live?.nodes ?? []));
    if (!turns.length && !live) this.empty();
    this.composer.setBusy(Boolean(live));
    this.settle();
  }

  turn(turn) {
    const answer = new AnswerView(this.thread.id, () => this.again(turn.message, answer.node));
    if (turn.answer) answer.done(turn.answer, turn.number, turn.feedback);
    else answer.failed("There is no answer to this: it was stopped, or the server ended before there was one.");
    return [asked(turn.message, this.thread.id), answer.node];
  }

  again(message, node) {
    if (this.live.has(this.thread.id)) return;
    node.previousElementSibling?.remove();
    node.remove();
    this.send({ ...message, taxonomy: message.taxonomy ?? this.thread.taxonomy });
  }

  /** The id of the thread, which is made if there is none yet. */
  async ensure() {
    if (this.thread) return this.thread.id;
    this.making ??= json("POST", "/api/threads", { taxonomy: this.composer.taxonomy.value });
    const making = this.making;
    try {
      const thread = await making;
      if (this.making === making) this.adopt(thread);
      return thread.id;
    } catch (failure) {
      if (this.making === making) this.making = null;
      throw failure;
    }
  }

  adopt(thread) {
    if (this.thread) return;
    this.thread = thread;
    this.title(thread);
    this.go(`#/t/${thread.id}`);
    listThreads(thread.id).catch(() => {});
  }

  async send({ text, attachments, taxonomy }) {
    const mine = this.opened;
    let thread;
    try {
      thread = await this.ensure();
    } catch (failure) {
      if (mine !== this.opened) return;
      this.composer.write(text);
      return this.composer.complain(failure.message);
    }
    const asks = this.thread?.id === thread && taxonomy === this.thread.taxonomy ? null : taxonomy;
    const message = { text, attachments, taxonomy: asks };
    const shown = this.thread?.id === thread; // else another conversation was opened while this one was made
    if (shown) this.log.querySelector(".welcome")?.remove();
    const answer = new AnswerView(thread, () => this.again(message, answer.node));
    const control = new AbortController();
    const nodes = [asked(message, thread), answer.node];
    this.live.set(thread, { nodes, stop: () => control.abort() });
    if (shown) {
      this.log.append(...nodes);
      this.composer.setBusy(true);
      this.settle();
    }
    answer.begin();
    await this.follow(
      thread,
      { text, attachments: attachments.map((each) => each.id), taxonomy: asks },
      answer,
      control.signal,
    );
    this.live.delete(thread);
    if (this.thread?.id === thread) this.composer.setBusy(false);
    await this.refresh(thread);
  }

  async follow(thread, body, answer, signal) {
    let last = null;
    const take = (event) => {
      if (!last) this.refresh(thread); // the thread has its title once the server has the message
      last = event;
      answer.take(event);
    };
    try {
      await events(`/api/threads/${thread}/messages`, body, take, signal);
      if (last?.type === "done") announce(`Thymos says: ${answer.words.textContent}`);
      else if (last?.type !== "failed") answer.failed("The answer broke off. Is `thymos serve` still running?");
    } catch (failure) {
      answer.failed(failure.name === "AbortError" ? "Stopped." : failure.message);
    }
  }

  async refresh(id) {
    const list = await listThreads(this.thread?.id ?? null).catch(() => []);
    const thread = list.find((each) => each.id === id);
    if (thread && this.thread?.id === id) this.title(thread);
  }

  title(thread) {
    if (thread && this.thread?.id === thread.id) this.thread = thread;
    const words = thread?.title || "New conversation";
    byId("title").textContent = words;
    document.title = thread?.title ? `${words} · Thymos` : "Thymos";
    byId("thread-menu").hidden = !thread;
  }

  /** Bring the last question to the top, with room below it: an answer then grows downwards while it is read. */
  settle() {
    const [question, answer] = [...this.log.children].slice(-2);
    if (!answer?.classList.contains("answer")) return;
    this.log.querySelector(".latest")?.classList.remove("latest");
    const box = byId("scroll");
    answer.classList.add("latest");
    answer.style.setProperty("--room", `${box.clientHeight - question.offsetHeight - 5 * ABOVE}px`);
    box.scrollTop += question.getBoundingClientRect().top - box.getBoundingClientRect().top - ABOVE;
  }
}
