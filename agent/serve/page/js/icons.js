// Icons, drawn here in strokes of one width on a grid of 24, in the colour of the text. None of them says anything
// to a screen reader: the button that shows it has a name.

import { svg } from "./dom.js";

const PATHS = {
  plus: ["M12 5v14M5 12h14"],
  close: ["M6 6l12 12M18 6L6 18"],
  list: ["M4 7h16M4 12h16M4 17h10"],
  more: [
    "M5.5 12a.4.4 0 1 0 .8 0 .4.4 0 0 0-.8 0zM11.6 12a.4.4 0 1 0 .8 0 .4.4 0 0 0-.8 0zM17.7 12a.4.4 0 1 0 .8 0 .4.4 0 0 0-.8 0z",
  ],
  send: ["M12 19V6", "M6 11.5l6-6 6 6"],
  stop: ["M8 8h8v8H8z"],
  clip: [
    "M19 11.5l-7.3 7.3a4.6 4.6 0 0 1-6.5-6.5l7.7-7.7a3.1 3.1 0 0 1 4.400 4.4l-7.6 7.6a1.5 1.5 0 0 1-2.2-2.2l6.9-6.900",
  ],
  mic: [
    "M12 4a2.7 2.7 0 0 0-2.7 2.7v4.6a2.7 2.7 0 0 0 5.400 0V6.7A2.7 2.7 0 0 0 12 4z",
    "M6.5 11.5a5.5 5.5 0 0 0 11 0M12 17v3",
  ],
  camera: ["M4 8.5h3.5L9 6h6l1.5 2.5H20V18H4z", "M12 10.3a2.800 2.800 0 1 0 0 5.6 2.800 2.800 0 0 0 0-5.6z"],
  book: ["M5 5.5c2.6-.8 5-.6 7 .9 2-1.5 4.4-1.7 7-.9V18c-2.6-.8-5-.6-7 .9-2-1.5-4.4-1.7-7-.9z", "M12 6.5V19"],
  up: ["M8 11l3.5-6.5c1.400 0 2.3 1 2 2.4L13 10h4.6c1 0 1.7.9 1.400 1.9l-1.7 6c-.2.7-.8 1.1-1.5 1.1H8z", "M8 11H5v8h3"],
  down: [
    "M8 13l3.5 6.5c1.400 0 2.3-1 2-2.4L13 14h4.6c1 0 1.7-.9 1.4-1.9l-1.7-6C17.1 5.400 16.5 5 15.800 5H8z",
    "M8 13H5V5h3",
  ],
  copy: ["M9 9h10v10H9z", "M15 9V5H5v10h4"],
  download: ["M12 5v10M7.5 11l4.5 4.5 4.5-4.5", "M5 19h14"],
  file: ["M7 4h7l4 4v12H7z", "M14 4v4h4"],
  table: ["M4 6h16v12H4z", "M4 10.5h16M10 10.5V18"],
  sun: [
    "M12 8.2a3.800 3.800 0 1 0 0 7.6 3.800 3.800 0 0 0 0-7.6z",
    "M12 3v2M12 19v2M3 12h2M19 12h2M5.7 5.7l1.400 1.4M16.900 16.9l1.400 1.4M18.3 5.7l-1.400 1.4M7.1 16.9l-1.400 1.400",
  ],
  moon: ["M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z"],
  auto: ["M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z", "M12 4v16M12 8h4.5M12 12h6M12 16h4.5"],
  back: ["M14 6l-6 6 6 6"],
  voice: ["M5 10v4M9 7v10M13 4.5v15M17 8v8M20.5 10.5v3"],
  body: ["M3 12h4l2.5-6 4 12 2.5-6h5"],
};

/** An icon by name. */
export function icon(name) {
  const paths = PATHS[name].map((d) => svg("path", { d }));
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, paths);
}
