// What an emotion looks like: a hue for each label, words for a place in the plane, percentages.
// A label has the hue of its family; one of a label set of the user's own gets the hue of its place in the plane.

const FAMILIES = {
  25: "anger angry rage furious hate outrage",
  38: "annoyance annoyed frustration frustrated disapproval contempt",
  60: "excitement excited anticipating",
  78: "joy joyful happy happiness amusement amused positive",
  100: "pride proud admiration impressed hopeful optimism anticipation",
  135: "disgust disgusted envy jealous",
  152: "gratitude grateful approval trust trusting faithful content",
  175: "relief calm prepared confident",
  203: "curiosity realization confusion confused surprise surprised amazement",
  246: "disappointment disappointed disapproving nostalgic sentimental",
  260: "sadness sad lonely devastated negative",
  280: "grief remorse guilty ashamed",
  305: "fear fearful nervousness anxious afraid terrified worried apprehensive apprehension stress",
  345: "embarrassment embarrassed desire",
  5: "love loving caring affection",
};
const HUES = new Map(Object.entries(FAMILIES).flatMap(([hue, names]) => names.split(" ").map((name) => [name, +hue])));
const PLAIN = new Set(["neutral", "no emotion", "none", "other"]);
// Degrees of the plane (0 is pleasant, 90 excited) -> hue, once round.
const ROUND = [
  [0, 150],
  [45, 78],
  [90, 45],
  [135, 20],
  [180, -55],
  [225, -103],
  [270, -140],
  [315, -175],
  [360, -210],
];

/** Hue (degrees), chroma and lightness of a label, as custom properties for an element of class `emo`. */
export function tint(label, place = null) {
  const name = String(label).toLowerCase();
  if (PLAIN.has(name)) return { "--h": 230, "--c": 0.025 };
  if (HUES.has(name)) return colour(HUES.get(name), 0.135);
  if (place && (place.valence || place.arousal)) return colour(hueAt(place), 0.12);
  return colour(
    [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7),
    0.09,
  );
}

function colour(hue, chroma) {
  const yellow = hue > 45 && hue < 125; // a dark yellow is brown: it is as light as 3 to 1 on white allows
  return { "--h": hue, "--c": chroma, ...(yellow ? { "--l": 0.67 } : {}) };
}

function hueAt({ valence, arousal }) {
  const angle = ((Math.atan2(arousal, valence) * 180) / Math.PI + 360) % 360;
  const next = ROUND.findIndex(([degrees]) => degrees > angle);
  const [[from, a], [to, b]] = [ROUND[next - 1], ROUND[next]];
  return Math.round(a + ((b - a) * (angle - from)) / (to - from) + 360) % 360;
}

/** `46 %`, and never 0 or 100 where it is not. */
export function percent(share) {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share < 1 && share > 0.995) return ">99 %";
  return `${Math.round(100 * share)} %`;
}

/** `+12` or `−12` points. */
export function points(change) {
  const whole = Math.round(100 * change);
  return whole === 0 ? "0" : `${whole > 0 ? "+" : "−"}${Math.abs(whole)}`;
}

/** Labels and probabilities, the likeliest first. */
export function ranked(probabilities) {
  return Object.entries(probabilities ?? {}).sort((a, b) => b[1] - a[1]);
}

/** A place of the plane in words: `pleasant and excited (valence +0.62, arousal +0.30)`. */
export function inWords({ valence, arousal }) {
  const one = (value, low, high) => (Math.abs(value) < 0.15 ? null : value > 0 ? high : low);
  const words = [one(valence, "unpleasant", "pleasant"), one(arousal, "calm", "excited")].filter(Boolean);
  return `${words.join(" and ") || "near the middle"} (valence ${signed(valence)}, arousal ${signed(arousal)})`;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** Seconds as `1:05`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Bytes as a person would say them. */
export function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${Math.round(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
