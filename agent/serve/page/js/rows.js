// The first rows of a file that is about to be labelled, read in the browser so that a column can be chosen before
// anything is uploaded. Takes a `File` of CSV, TSV or JSON lines; gives columns and rows, or a sentence on why not.

const ENOUGH = 64 * 1024; // bytes that are read
const SHOWN = 5; // rows
const LIKELY = ["text", "utterance", "sentence", "comment", "message", "content", "body", "review", "tweet"];

/** `{columns, rows, text}`: rows are objects, `text` is the column that looks like the words. */
export async function firstRows(file) {
  const whole = file.size <= ENOUGH;
  const start = (await file.slice(0, ENOUGH).text()).replace(/^\uFEFF/, "");
  const rows = /\.(jsonl|ndjson)$/i.test(file.name) ? fromLines(start, whole) : fromTable(start, whole, file.name);
  if (!rows.length)
    throw new Error("The file has no row that could be read; it must be CSV with a header, or JSON lines.");
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { columns, rows: rows.slice(0, SHOWN), text: likely(columns, rows) };
}

function fromLines(start, whole) {
  const lines = start.split("\n");
  if (!whole) lines.pop(); // cut in the middle
  return lines
    .filter((line) => line.trim())
    .slice(0, SHOWN)
    .map((line, at) => {
      try {
        const row = JSON.parse(line);
        if (row && typeof row === "object" && !Array.isArray(row)) return row;
      } catch {
        // falls through to the sentence
      }
      throw new Error(`Line ${at + 1} must be a JSON object.`);
    });
}

function fromTable(start, whole, name) {
  const comma = /\.tsv$/i.test(name) ? "\t" : mostCommon(start.slice(0, start.search(/\r?\n|$/)));
  const [header, ...rows] = records(start, comma, whole);
  if (!header) return [];
  const full = rows.filter((row) => row.length > 1 || row[0] !== "");
  return full.slice(0, SHOWN).map((row) => Object.fromEntries(header.map((column, at) => [column, row[at] ?? ""])));
}

function mostCommon(line) {
  return [",", ";", "\t"].sort((a, b) => line.split(b).length - line.split(a).length)[0];
}

/** Records of CSV (RFC 4180): quotes may hold separators, line ends and doubled quotes. */
export function records(text, comma, whole = true) {
  const all = [];
  let record = [],
    field = "",
    quoted = false;
  const end = () => {
    record.push(field);
    field = "";
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') field += text[(at += 1)];
      else quoted = false;
    } else if (letter === '"' && field === "") quoted = true;
    else if (letter === comma) end();
    else if (letter === "\n") {
      end();
      all.push(record.map((each) => each.replace(/\r$/, "")));
      record = [];
    } else field += letter;
  }
  if (whole && (field || record.length)) {
    end();
    all.push(record);
  }
  return all;
}

function likely(columns, rows) {
  const named = LIKELY.map((name) => columns.find((column) => column.toLowerCase() === name)).find(Boolean);
  const length = (column) =>
    rows.reduce((sum, row) => sum + (typeof row[column] === "string" ? row[column].length : 0), 0);
  return named ?? [...columns].sort((a, b) => length(b) - length(a))[0];
}
