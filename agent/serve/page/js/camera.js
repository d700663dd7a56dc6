// A photo from the webcam: a dialog with the picture as it moves, which gives a JPEG file or null.

import { dialog } from "./dialogs.js";
import { el } from "./dom.js";
import { stamp, why } from "./recorder.js";

const WIDTH = 1280; // pixels: a face encoder needs far fewer

/** Take a photo. */
export async function takePhoto() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: WIDTH }, facingMode: "user" } });
  } catch (failure) {
    await dialog("The camera cannot be used", [el("p", {}, why(failure, "camera"))], { yes: "Close", no: null });
    return null;
  }
  const video = el("video", {
    class: "viewfinder",
    autoplay: true,
    playsinline: true,
    "aria-label": "What the camera sees",
  });
  video.muted = true;
  video.srcObject = stream;
  let photo = null;
  const taken = dialog("Take a photo", [video, el("p", { class: "dim small" }, "It goes to this server only.")], {
    yes: "Take it",
    value: () => {
      photo = drawn(video);
      return true;
    },
  });
  const keep = await taken;
  stream.getTracks().forEach((track) => track.stop());
  if (!keep || !photo) return null;
  const blob = await new Promise((resolve) => photo.toBlob(resolve, "image/jpeg", 0.92));
  return new File([blob], `photo-${stamp()}.jpg`, { type: "image/jpeg" });
}

function drawn(video) {
  if (!video.videoWidth) return null;
  const canvas = el("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas;
}
