// A voice clip from the microphone: a dialog with a level and a clock, which gives a WAV file or null. Samples are taken
// as they are, with the browser's noise filters and gain off: both change what a voice sounds like.

import { dialog } from "./dialogs.js";
import { el } from "./dom.js";
import { clock } from "./emotions.js";
import { wavFile } from "./wav.js";

const HEARING = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
const SHORTEST = 0.3; // s

/** Record for at most `longest` seconds. */
export async function recordVoice(longest) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: HEARING });
  } catch (failure) {
    await dialog("The microphone cannot be used", [el("p", {}, why(failure, "microphone"))], {
      yes: "Close",
      no: null,
    });
    return null;
  }
  return listen(stream, longest);
}

/** Why a device was not given, as a sentence. */
export function why(failure, device) {
  if (!navigator.mediaDevices)
    return `Browsers give the ${device} only to pages from this machine (127.0.0.1, localhost) or over HTTPS.`;
  if (failure.name === "NotAllowedError")
    return `The browser was told not to give this page the ${device}; allow it in the address bar and try again.`;
  if (failure.name === "NotFoundError") return `No ${device} was found.`;
  return `The ${device} cannot be opened: ${failure.message}`;
}

async function listen(stream, longest) {
  const context = new AudioContext();
  const blocks = [];
  const level = el("meter", { min: 0, max: 1, value: 0, "aria-label": "Level" });
  const time = el("span", { class: "clock", role: "timer" }, clock(0));
  let counted = 0; // samples
  await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
  const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
  tap.port.onmessage = ({ data }) => {
    if (counted / context.sampleRate >= longest) return;
    blocks.push(data);
    counted += data.length;
    if (blocks.length % 8) return; // about 20 times a second is enough to see
    level.value = Math.min(1, 3 * Math.sqrt(data.reduce((sum, each) => sum + each * each, 0) / data.length));
    time.textContent = clock(counted / context.sampleRate);
  };
  context.createMediaStreamSource(stream).connect(tap);
  await context.resume();
  const keep = await dialog(
    "Recording",
    [
      el("p", { class: "recording-now" }, el("span", { class: "pulse red", "aria-hidden": "true" }), time, level),
      el("p", { class: "dim small" }, `Up to ${clock(longest)}. It goes to this server only.`),
    ],
    { yes: "Stop and attach" },
  );
  stream.getTracks().forEach((track) => track.stop());
  const rate = context.sampleRate;
  await context.close();
  if (!keep || counted < SHORTEST * rate) return null;
  return wavFile(blocks, rate, `voice-${stamp()}.wav`);
}

/** The time of day for a file's name. */
export function stamp() {
  return new Date().toTimeString().slice(0, 8).replaceAll(":", "");
}
