// Starts the page: asks the server what it is, draws the parts, and shows what the address names: `#/` a new
// conversation, `#/t/ID` one that is kept, `#/batch` the batch tab.

import { access, json } from "./api.js";
import { Batch } from "./batch.js";
import { Chat } from "./chat.js";
import { keyAsked, notice, noticeSeen } from "./dialogs.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { closeSources } from "./sources.js";
import { loadTaxonomies } from "./taxonomies.js";
import { themes } from "./theme.js";
import { listThreads } from "./threads.js";

async function start() {
  access.onKey = keyAsked;
  furnish();
  const [about] = await Promise.all([json("GET", "/api/about"), loadTaxonomies()]);
  const parts = {
    chat: new Chat(about, (address) => {
      location.hash = address;
    }),
    batch: new Batch(about),
  };
  byId("batch").append(parts.batch.node);
  byId("about").textContent = `Thymos ${about.version} · ${about.model}`;
  byId("about").title = [about.model, about.adapter].filter(Boolean).join(", adapter ");
  addEventListener("hashchange", () => route(parts));
  byId("new").addEventListener("click", () => begin(parts));
  route(parts);
  listThreads().catch(complain);
  performance.mark("thymos-ready");
  document.documentElement.dataset.ready = "";
  if (!noticeSeen()) await notice(about);
  if (!byId("chat").hidden && matchMedia("(min-width: 800px)").matches) byId("message").focus();
}

function begin(parts) {
  if (location.hash !== "#/") history.pushState(null, "", "#/");
  route(parts); // at once: a change of the address is told later, when something may have been typed already
  byId("message").focus();
}

function route({ chat, batch }) {
  const [, part = "", id = ""] = location.hash.split("/");
  const inBatch = part === "batch";
  byId("chat").hidden = inBatch;
  byId("batch").hidden = !inBatch;
  byId("skip").hidden = inBatch;
  mark("tab-batch", inBatch);
  mark("tab-chat", !inBatch);
  closeSources();
  side(false);
  byId("thread-menu").hidden = inBatch || !chat.thread;
  if (inBatch) {
    byId("title").textContent = "Batch";
    byId("tab-chat").href = chat.thread ? `#/t/${chat.thread.id}` : "#/";
    batch.enter();
    return;
  }
  batch.leave();
  if (part === "t" && chat.thread?.id === id) chat.title(chat.thread);
  else if (part === "t") chat.open(id);
  else chat.fresh();
}

function mark(id, here) {
  if (here) byId(id).setAttribute("aria-current", "page");
  else byId(id).removeAttribute("aria-current");
}

function furnish() {
  for (const [id, name] of [
    ["side-open", "list"],
    ["side-close", "close"],
    ["thread-menu", "more"],
  ])
    byId(id).append(icon(name));
  byId("new").prepend(icon("plus"));
  themes();
  byId("side-open").addEventListener("click", () => side(true));
  byId("side-close").addEventListener("click", () => side(false, true));
  byId("app").addEventListener("click", (event) => event.target === byId("app") && side(false));
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address after # names what is shown
    byId("message")?.focus();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]") && !closeSources()) side(false, true);
  });
}

/** Open or close the list of conversations, where it lies over a narrow page. */
function side(open, focus = false) {
  const was = byId("app").classList.contains("with-side");
  byId("app").classList.toggle("with-side", open);
  byId("side-open").setAttribute("aria-expanded", String(open));
  byId("main").toggleAttribute("inert", open);
  if (open) byId("side-close").focus();
  else if (was && focus) byId("side-open").focus();
}

function complain(failure) {
  byId("log").prepend(
    el(
      "div",
      { class: "failed", role: "alert" },
      el("p", {}, failure.message),
      el("button", { type: "button", class: "plain", on: { click: () => location.reload() } }, "Reload"),
    ),
  );
}

start().catch(complain);
