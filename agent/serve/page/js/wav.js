// Samples to a WAV file: 16 kHz, mono, 16 bits, which is what the voice encoder hears. Takes blocks of samples from -1
// to 1 at any rate; gives a `File`.

const RATE = 16_000; // Hz

/** Join blocks recorded at `rate` Hz and write them. */
export async function wavFile(blocks, rate, name) {
  const samples = await resampled(joined(blocks), rate);
  return new File([header(samples.length), pcm(samples)], name, { type: "audio/wav" });
}

function joined(blocks) {
  const all = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}

async function resampled(samples, rate) {
  if (rate === RATE || !samples.length) return samples;
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * RATE) / rate), RATE); // filters before it drops samples
  const buffer = context.createBuffer(1, samples.length, rate);
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

function pcm(samples) {
  const out = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, at) =>
    out.setInt16(2 * at, Math.max(-32768, Math.min(32767, Math.round(32767 * sample))), true),
  );
  return out.buffer;
}

function header(count) {
  const view = new DataView(new ArrayBuffer(44));
  const word = (at, text) => [...text].forEach((letter, each) => view.setUint8(at + each, letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + 2 * count, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // bytes of what follows
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // mono
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true); // bytes a second
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true); // bits
  word(36, "data");
  view.setUint32(40, 2 * count, true);
  return view.buffer;
}
