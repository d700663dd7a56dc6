// A small Markdown, as nodes: paragraphs, headings, lists, quotes, code, bold, italic, and citations. Takes text and
// what to do with a citation; gives a fragment. HTML, links and images stay the text that they are: an answer may quote
// what anybody wrote.

import { el } from "./dom.js";

// Every part is bounded: a line of unmatched marks would otherwise take time that grows with its square.
const INLINE =
  /(`[^`\n]{1,600}`)|\*\*(?=\S)(.{1,600}?)(?<=\S)\*\*|(?<![\w*])\*(?=[^\s*])([^*\n]{1,600}?)(?<=\S)\*(?!\w)|(?<!\w)_(?=\S)([^_\n]{1,600}?)(?<=\S)_(?!\w)|\[((?:kb|ex|cue):[^\]\s]{1,200})\]/g;
const DEEPEST = 4; // emphasis in emphasis

/** Render; `cite(id)` gives a node for `kb:ID`, `ex:ID` or `cue:N`, or null to leave the text as it is. */
export function markdown(text, cite = () => null) {
  const into = document.createDocumentFragment();
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  let at = 0;
  while (at < lines.length) at = block(lines, at, into, cite);
  return into;
}

function block(lines, at, into, cite) {
  const line = lines[at];
  if (!line.trim()) return at + 1;
  if (line.startsWith("```")) return fence(lines, at, into);
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) {
    into.append(el(heading[1].length < 3 ? "h3" : "h4", {}, inline(heading[2], cite)));
    return at + 1;
  }
  for (const [tag, mark] of [
    ["ul", /^\s*[-*+]\s+/],
    ["ol", /^\s*\d{1,3}[.)]\s+/],
  ]) {
    if (mark.test(line)) return list(lines, at, into, cite, tag, mark);
  }
  if (line.startsWith(">")) return quote(lines, at, into, cite);
  return paragraph(lines, at, into, cite);
}

function fence(lines, at, into) {
  let end = at + 1;
  while (end < lines.length && !lines[end].startsWith("```")) end += 1;
  into.append(el("pre", { tabindex: 0 }, el("code", { text: lines.slice(at + 1, end).join("\n") })));
  return end + 1;
}

function list(lines, at, into, cite, tag, mark) {
  const items = [];
  let end = at;
  for (; end < lines.length && lines[end].trim(); end += 1) {
    if (mark.test(lines[end])) items.push(lines[end].replace(mark, ""));
    else if (/^\s{2,}\S/.test(lines[end])) items[items.length - 1] += `\n${lines[end].trim()}`;
    else break;
  }
  const first = tag === "ol" ? parseInt(lines[at].trim(), 10) : 1;
  into.append(
    el(
      tag,
      { start: first === 1 ? null : first },
      items.map((item) => el("li", {}, inline(item, cite))),
    ),
  );
  return end;
}

function quote(lines, at, into, cite) {
  let end = at;
  while (end < lines.length && lines[end].startsWith(">")) end += 1;
  const said = lines
    .slice(at, end)
    .map((line) => line.replace(/^>\s?/, ""))
    .join("\n");
  into.append(
    el(
      "blockquote",
      {},
      said.split(/\n{2,}/).map((part) => el("p", {}, inline(part, cite))),
    ),
  );
  return end;
}

function paragraph(lines, at, into, cite) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !/^(```|#{1,6}\s|>|\s*[-*+]\s+|\s*\d{1,3}[.)]\s+)/.test(lines[end]))
    end += 1;
  into.append(el("p", {}, inline(lines.slice(at, end).join("\n"), cite)));
  return end;
}

/** Nodes of one run of text. */
export function inline(text, cite = () => null, depth = 0) {
  if (depth > DEEPEST) return [text];
  const nodes = [];
  let place = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, star, low, cited] = match;
    const node = cited
      ? cite(cited)
      : code
        ? el("code", { text: code.slice(1, -1) })
        : emphasis(strong, star ?? low, cite, depth);
    if (node === null) continue;
    nodes.push(...breaks(text.slice(place, match.index)), node);
    place = match.index + whole.length;
  }
  return [...nodes, ...breaks(text.slice(place))];
}

function emphasis(strong, weak, cite, depth) {
  return el(strong ? "strong" : "em", {}, inline(strong ?? weak, cite, depth + 1));
}

function breaks(text) {
  return text
    .split("\n")
    .flatMap((line, at) => (at ? [el("br"), line] : [line]))
    .filter((part) => part !== "");
}
