"""`WhisperEncoder`: ten frames a second from every layer of Whisper's encoder, for a learned mix.

Takes recordings; gives frames of shape (frames, layers * dim). Whisper was trained on windows of 30 s; a shorter sound
is computed on its own length with a little silence behind it, which costs a tenth and changes the frames little.
Every recording is brought to one level first: how loud the recorder was set says nothing of who spoke. Knows nothing of
labels or of the LLM.
"""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.modality import Observed
from thymos.adapters.precision import native_precision
from thymos.adapters.sample import Speech
from thymos.adapters.speech.sound import MAX_SECONDS, RATE, Sound, read_sound
from thymos.adapters.speech.whisper_weights import DEFAULT_SPEECH, SpeechModel, load_whisper

WINDOW = 30  # s, what Whisper was trained on (Radford et al. 2022, section 2.2)
STATES = 50  # encoder states in a second
POOL = 5  # states in a frame: ten frames a second
TAIL = 0.5  # s of silence after a sound
LEVEL = -26.0  # dB of full scale of what sounds, the nominal level of recorded speech (ITU-T P.56)
MAX_GAIN = 40.0  # dB; more would make a voice of the hiss of a silent recording
VERSION = 1  # of what this file computes; part of the fingerprint


class WhisperEncoder:
    """Encoder of speech; see `thymos.adapters.modality.Encoder`.

    A frame holds the output of the convolutions and of each block side by side, the last one after the final norm.
    """

    modality = "speech"

    def __init__(self, loaded: SpeechModel, *, transcribe: bool = True, max_seconds: float = MAX_SECONDS) -> None:
        """Wrap a loaded Whisper.

        Args:
            loaded: the model, shared with the transcript.
            transcribe: whether `observe` gives the transcript (it costs more than all the rest).
            max_seconds: longest recording; the rest is left out, with a flag.
        """
        self.name = loaded.name
        self.loaded = loaded
        self.transcribe = transcribe
        self.max_seconds = max_seconds
        self.reads = f"sound of {max_seconds:g} s"  # the same signal as others that read so
        self.dim: int = loaded.model.dims.n_audio_state
        self.layers: int = 1 + loaded.model.dims.n_audio_layer
        settings = {
            "version": VERSION,
            "weights": loaded.sha256,
            "pool": POOL,
            "tail": TAIL,
            "level": LEVEL,
            "max": max_seconds,
        }
        self.fingerprint = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_pretrained(cls, name: str = DEFAULT_SPEECH, *, transcribe: bool = True) -> "WhisperEncoder":
        """Load weights by name or path.

        Raises:
            ModelError: they are not there or not usable.
        """
        return cls(load_whisper(name), transcribe=transcribe)

    def read(self, source: Speech) -> Sound:
        """Decode a recording.

        Raises:
            RowError: there is nothing usable in it; the sentence says why.
        """
        return read_sound(source, max_seconds=self.max_seconds)

    def encode(self, signal: Sound) -> NDArray[np.float32]:
        """Return frames of shape (frames, layers * dim), ten a second, the last one perhaps of less."""
        size = WINDOW * RATE
        samples = levelled(signal.samples)
        windows = [samples[at : at + size] for at in range(0, len(samples), size)]
        return np.concatenate([self._window(window) for window in windows])

    def observe(self, signal: Sound) -> Observed:
        """Measure pitch, loudness, tempo, pauses and voice; transcribe; pass on the flags of the recording."""
        from thymos.adapters.speech.prosody import measure
        from thymos.adapters.speech.transcribe import transcribe

        said = transcribe(self.loaded, signal) if self.transcribe else None
        cues = measure(signal, words=said.words if said else None)
        return Observed(cues, signal.flags, (said.text or None) if said else None)

    def _window(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encode up to 30 s."""
        import torch

        states = max(1, -(-len(samples) * STATES // RATE))  # those of the sound itself, rounded up
        with torch.inference_mode():
            layers = encoder_states(self.loaded.model, samples)[:, :states]  # (layers, states, dim)
            padded = torch.nn.functional.pad(layers, (0, 0, 0, -states % POOL))
            whole = padded.reshape(len(padded), -1, POOL, padded.shape[-1])
            counts = torch.full((whole.shape[1], 1), float(POOL))
            counts[-1] = POOL - (-states % POOL)
            frames = whole.sum(2) / counts  # (layers, frames, dim)
            flat: NDArray[np.float32] = frames.transpose(0, 1).flatten(1).numpy()
            return flat


def levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sound whose active parts (within 25 dB of the loudest 20 ms) have the mean power of `LEVEL`."""
    size = RATE // STATES
    padded = np.zeros(-(-len(samples) // size) * size, np.float32)
    padded[: len(samples)] = samples
    power = (padded.reshape(-1, size) ** 2).mean(1)
    active = power[power > power.max() * 10 ** (-25 / 10)]
    if not active.size:
        return samples
    gain = LEVEL - 10 * np.log10(max(float(active.mean()), 1e-12))
    return np.asarray(samples * np.float32(10 ** (min(gain, MAX_GAIN) / 20)))


def encoder_states(model: Any, samples: NDArray[np.float32], tail: float = TAIL) -> Any:
    """Return the states of every layer for up to 30 s of sound and the silence behind it.

    Args:
        model: `whisper.model.Whisper`.
        samples: shape (n,), 16 kHz.
        tail: s of silence behind it; the window is filled up with `WINDOW`.

    Returns:
        Tensor of shape (layers, states, dim), 50 states a second.
    """
    import torch
    from torch.nn.functional import gelu
    from whisper.audio import log_mel_spectrogram

    length = min(WINDOW * RATE, len(samples) + round(tail * RATE))
    length += -length % (RATE // STATES)  # whole states
    padded = np.zeros(length, np.float32)
    padded[: len(samples)] = samples
    encoder = model.encoder
    mel = log_mel_spectrogram(torch.from_numpy(padded), model.dims.n_mels)  # (mels, 100 a second)
    with native_precision():
        x = gelu(encoder.conv2(gelu(encoder.conv1(mel[None])))).transpose(1, 2).float()  # (1, states, dim)
        found = [x]
        x = x + encoder.positional_embedding[: x.shape[1]]
        for block in encoder.blocks:
            x = block(x)
            found.append(x)
    found[-1] = encoder.ln_post(x)
    return torch.cat(found)
