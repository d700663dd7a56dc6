// The server, as functions: JSON in and out, events of an answer, uploads with their progress, downloads.
// Takes and gives plain values; a refusal is a `Refusal` with the server's sentence. Draws nothing but asks for a key
// (through `onKey`) where the server wants one.

export const access = {
  key: readKey(),
  onKey: async () => null, // asks a person for a key; null gives up
};

export class Refusal extends Error {
  constructor(message, status, retryAfter = null) {
    super(retryAfter ? `${message} Try again in ${retryAfter} s.` : message);
    this.status = status;
  }
}

function readKey() {
  try {
    return sessionStorage.getItem("thymos-key");
  } catch {
    return null; // storage is forbidden: the key lives as long as the page
  }
}

function keepKey(key) {
  access.key = key;
  try {
    sessionStorage.setItem("thymos-key", key);
  } catch {
    return;
  }
}

function headers(more = {}) {
  return access.key ? { ...more, Authorization: `Bearer ${access.key}` } : more;
}

let asking = null; // several requests that meet a 401 at once ask once

async function askKey() {
  asking ??= access.onKey().finally(() => {
    asking = null;
  });
  const key = await asking;
  if (key) keepKey(key);
  return key;
}

/** Whether there is another key than the one that was refused: another request may have asked meanwhile. */
async function newKey(refused) {
  return access.key !== refused || Boolean(await askKey());
}

/** Fetch; asks for a key on 401 and tries again; raises `Refusal` where the answer is an error. */
export async function request(path, options = {}) {
  const { headers: more, ...rest } = options;
  const used = access.key;
  let response;
  try {
    response = await fetch(path, { ...rest, headers: headers(more), credentials: "same-origin", redirect: "error" });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Refusal("The server does not answer. Is `thymos serve` still running?", 0);
  }
  if (response.status === 401 && (await newKey(used))) return request(path, options);
  if (!response.ok) throw refusal(response.status, await response.text(), response.headers.get("Retry-After"));
  return response;
}

function refusal(status, body, retryAfter) {
  try {
    return new Refusal(JSON.parse(body).error.message, status, retryAfter);
  } catch {
    return new Refusal(`The server refused this (${status}).`, status, retryAfter);
  }
}

/** Request JSON; `body` is sent as JSON. Null where the answer is empty. */
export async function json(method, path, body) {
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await request(path, { method, ...sent });
  return response.status === 204 ? null : response.json();
}

/** Post and hand each event of the answer's stream to `each`. */
export async function events(path, body, each, signal) {
  const response = await request(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    signal,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    const blocks = (waiting + (value ?? "")).replaceAll("\r\n", "\n").split("\n\n");
    waiting = done ? "" : blocks.pop();
    for (const block of blocks) {
      const data = block
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart());
      if (data.length && data[0] !== "[DONE]") each(JSON.parse(data.join("\n")));
    }
    if (done) return;
  }
}

/** Upload a form; `progress` is told a share from 0 to 1. Fetch cannot say how far an upload is. */
export function upload(path, form, progress = () => {}) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const used = access.key;
    sending.open("POST", path);
    for (const [name, value] of Object.entries(headers())) sending.setRequestHeader(name, value);
    sending.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    sending.onerror = () => reject(new Refusal("The upload broke off. Is `thymos serve` still running?", 0));
    sending.onload = async () => {
      if (sending.status < 300) resolve(JSON.parse(sending.responseText));
      else if (sending.status === 401 && (await newKey(used))) resolve(upload(path, form, progress));
      else reject(refusal(sending.status, sending.responseText, sending.getResponseHeader("Retry-After")));
    };
    sending.send(form);
  });
}

/** An address that an image or a player can show: the path itself, or a blob where a key must be sent along. */
export async function showable(path) {
  if (!access.key) return path;
  return URL.createObjectURL(await (await request(path)).blob());
}

/** Save what a path gives under a name. */
export async function download(path, name) {
  const blob = await (await request(path)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // ms
}
