// The list of conversations, newest first, and what can be done with one: rename, export, delete. The menu also exports
// the feedback on all of them.

import { download, json } from "./api.js";
import { confirmed, line } from "./dialogs.js";
import { announce, byId, el, put } from "./dom.js";
import { icon } from "./icons.js";

const DAY = 86_400_000; // ms
const state = { list: [], open: null, changed: () => {} };

/** Tell what to do when the open conversation was renamed (thread) or deleted (null). */
export function onThreadChange(act) {
  state.changed = act;
}

/** Ask the server for the list and draw it; `open` is the id of the conversation that is shown. Gives the list. */
export async function listThreads(open = state.open) {
  state.open = open;
  state.list = await json("GET", "/api/threads");
  drawThreads();
  return state.list;
}

/** Mark another conversation as the one that is shown. */
export function markThread(open) {
  state.open = open;
  drawThreads();
}

function drawThreads() {
  const groups = Map.groupBy ? Map.groupBy(state.list, age) : grouped(state.list);
  const parts = [...groups].flatMap(([name, threads]) => [el("h2", {}, name), el("ul", {}, threads.map(entry))]);
  put(
    byId("threads"),
    ...(parts.length
      ? parts
      : [el("p", { class: "dim small" }, "Nothing yet. Conversations stay on this machine until you delete them.")]),
  );
}

function grouped(list) {
  const groups = new Map();
  for (const each of list) groups.set(age(each), [...(groups.get(age(each)) ?? []), each]);
  return groups;
}

function age(thread) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const then = Date.parse(thread.updated);
  if (then >= midnight) return "Today";
  if (then >= midnight - DAY) return "Yesterday";
  return then >= midnight - 7 * DAY ? "This week" : "Earlier";
}

function entry(thread) {
  const title = thread.title || "New conversation";
  return el(
    "li",
    { class: thread.id === state.open ? "current" : null },
    el("a", { href: `#/t/${thread.id}`, "aria-current": thread.id === state.open ? "page" : null, title }, title),
    el(
      "button",
      {
        type: "button",
        class: "icon-button small-icon",
        "aria-label": `What to do with ${title}`,
        "aria-haspopup": "menu",
        on: { click: (event) => openMenu(thread, event.currentTarget) },
      },
      icon("more"),
    ),
  );
}

/** Show the menu of a conversation beside the button that asks for it. */
export function openMenu(thread, button) {
  const act = (work) => () => {
    menu.hidePopover();
    work().catch((failure) => announce(failure.message));
  };
  const item = (name, work, kind = "") =>
    el(
      "button",
      { type: "button", role: "menuitem", tabindex: -1, class: `menu-item ${kind}`, on: { click: act(work) } },
      name,
    );
  const items = [
    item("Rename…", () => rename(thread)),
    item("Export as Markdown", () => save(thread, "markdown", "md")),
    item("Export as JSON", () => save(thread, "json", "json")),
    item("All feedback as training data", () => download("/api/feedback", "thymos-feedback.jsonl")),
    item("Delete…", () => remove(thread), "menu-danger"),
  ];
  const menu = el(
    "div",
    {
      class: "menu",
      role: "menu",
      popover: "auto",
      "aria-label": "Conversation",
      on: { keydown: (event) => step(event, items, menu, button) },
    },
    items,
  );
  menu.addEventListener("toggle", (event) => event.newState === "closed" && menu.remove());
  document.body.append(menu);
  menu.showPopover();
  const at = button.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
  items[0].focus();
}

function step(event, items, menu, button) {
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  }
  if (event.key === "Tab" || event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    menu.hidePopover();
    button.focus();
  }
}

async function rename(thread) {
  const title = await line("Rename the conversation", "Title", thread.title);
  if (!title) return;
  const changed = await json("PATCH", `/api/threads/${thread.id}`, { title });
  await listThreads();
  if (thread.id === state.open) state.changed(changed);
}

async function save(thread, form, ending) {
  const name =
    (thread.title || "conversation")
      .replace(/[^\p{L}\p{N} _-]+/gu, "")
      .trim()
      .slice(0, 60) || "conversation";
  await download(`/api/threads/${thread.id}/export?as=${form}`, `${name}.${ending}`);
}

async function remove(thread) {
  const sure = await confirmed(
    "Delete this conversation?",
    `“${thread.title || "New conversation"}” goes with its files and your feedback on it. This cannot be undone.`,
    "Delete",
  );
  if (!sure) return;
  await json("DELETE", `/api/threads/${thread.id}`);
  announce("Deleted.");
  const shown = thread.id === state.open;
  await listThreads(shown ? null : state.open);
  if (shown) state.changed(null);
}
