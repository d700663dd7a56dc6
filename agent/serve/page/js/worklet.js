// Runs in the browser's audio thread: hands on each block of the microphone as it comes, the first channel only.

class Tap extends AudioWorkletProcessor {
  process([input]) {
    if (input.length) this.port.postMessage(input[0].slice());
    return true;
  }
}

registerProcessor("tap", Tap);
