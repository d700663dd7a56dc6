"""Seconds of speech encoded in a second, beside Whisper as it is commonly run on the same weights.

    python benchmarks/speech_speed.py [--rounds 5] [--clips 20]

Ours: samples to frames of all layers, on the clip's own length. Others: openai-whisper's encoder on its window of 30 s,
and CTranslate2's (faster-whisper's engine) in fp32 and int8, each with its own log-mel front end. Clips of RAVDESS
where they are found, else noise of 3.7 s, their mean length. All in turn; medians over rounds and ratios of medians.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import ROOT, machine_line, race

from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Sample
from thymos.adapters.speech.encoder import WhisperEncoder
from thymos.adapters.speech.prosody_encoder import ProsodyEncoder
from thymos.adapters.speech.sound import Sound, read_sound
from thymos.adapters.weights import locate


def clips(number: int) -> list[Sound]:
    table = Path(os.environ.get("THYMOS_SHARED", ROOT.parent / "shared")) / "data/speech/ravdess/labels.csv"
    if table.is_file():
        rows = [row for row in open_corpus(table, format="ravdess") if isinstance(row, Sample) and row.speech]
        chosen = rows[:: max(1, len(rows) // number)][:number]
        return [read_sound(row.speech) for row in chosen if row.speech]
    noise = np.random.default_rng(7).normal(0, 0.05, (number, 59_200)).astype(np.float32)
    return [Sound(samples, 16_000, 3.7) for samples in noise]


def openai(model: Any) -> Callable[[Sound], object]:
    from whisper.audio import log_mel_spectrogram, pad_or_trim

    def run(sound: Sound) -> object:
        with torch.inference_mode():
            return model.encoder(log_mel_spectrogram(pad_or_trim(sound.samples))[None])

    return run


def ctranslate2(kind: str) -> Callable[[Sound], object]:
    import faster_whisper

    model = faster_whisper.WhisperModel(
        str(locate("whisper-tiny.en").parent),
        compute_type=kind,
        cpu_threads=torch.get_num_threads(),
        local_files_only=True,
    )

    def run(sound: Sound) -> object:
        features = model.feature_extractor(sound.samples)[:, :3000]
        padded = np.pad(features, ((0, 0), (0, 3000 - features.shape[1])))
        return np.array(model.encode(padded))

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=20)
    options = parser.parse_args()
    print(machine_line())
    sounds = clips(options.clips)
    whisper = WhisperEncoder.from_pretrained(transcribe=False)
    contenders = {
        "thymos, Whisper frames": whisper.encode,
        "thymos, prosody frames": ProsodyEncoder().encode,
        "openai-whisper, 30 s window": openai(whisper.loaded.model),
    }
    for kind in ("float32", "int8"):
        try:
            contenders[f"CTranslate2 {kind}, 30 s window"] = ctranslate2(kind)
        except ImportError as missing:
            print(f"  without CTranslate2: {missing.name} is not installed")
    names = [str(number) for number in range(len(sounds))]

    def each(encode: Callable[[Sound], object]) -> Callable[[Sequence[str]], object]:
        return lambda texts: [encode(sounds[int(name)]) for name in texts]

    medians = race({name: (each(run), len(names)) for name, run in contenders.items()}, names, options.rounds)
    mean = float(np.mean([sound.duration for sound in sounds]))
    ours = next(iter(medians.values()))
    print(f"\n{'clips of ' + format(mean, '.2f') + ' s':36s}{'ms per s':>10s}{'x real time':>13s}{'ours is':>10s}")
    for name, speed in medians.items():
        print(f"{name:36s}{1000 / (speed * mean):10.1f}{speed * mean:13.0f}{ours / speed:9.1f}x")


if __name__ == "__main__":
    main()
