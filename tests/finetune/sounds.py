"""What the tests of adapters that listen share: buzzes whose pitch tells their label, and a recipe that hears them."""

import csv
import wave
from pathlib import Path
from typing import Any

import numpy as np

from tests.finetune.recipes import recipe
from thymos.finetune.recipe import Recipe

RATE = 16_000  # Hz
PITCH = {"sadness": 130.0, "joy": 420.0}  # Hz


def buzz(label: str, seed: int, pitch: float | None = None) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Half a second of a voice-like buzz: ten harmonics of a pitch that means the label, give or take a tenth."""
    chance = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    pitch = (pitch or PITCH[label]) * chance.uniform(0.9, 1.1)
    tones = [np.sin(2 * np.pi * pitch * number * time) / number for number in range(1, 11)]
    made: np.ndarray[Any, np.dtype[np.float32]] = (
        0.2 * (np.sum(tones, axis=0) + chance.normal(scale=0.05, size=len(time)))
    ).astype(np.float32)
    return made


def write_sounds(folder: Path, name: str, rows: int, seed: int) -> None:
    with (folder / f"{name}.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "text", "speech", "emotion", "fold"])
        for number in range(rows):
            label = list(PITCH)[number % 2]
            write_sound(folder / f"{name}{number}.wav", buzz(label, seed + number))
            table.writerow([number, "so it is", f"{name}{number}.wav", label, number // 2 % 2])


def write_speakers(folder: Path, name: str, speakers: dict[str, float], rows: int, seed: int) -> None:
    """Write recordings of speakers by their own usual pitch, Hz: glad ones are above it, sad ones below."""
    with (folder / f"{name}.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "text", "speech", "speaker", "emotion"])
        for who, (speaker, usual) in enumerate(speakers.items()):
            for number in range(rows):
                label, sound = list(PITCH)[number % 2], f"{name}-{speaker}{number}.wav"
                pitch = usual * (1.35 if label == "joy" else 0.75)
                write_sound(folder / sound, buzz(label, seed + 1000 * who + number, pitch))
                table.writerow([f"{speaker}{number}", "so it is", sound, speaker, label])


def write_sound(path: Path, samples: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((samples * 32767).astype("<i2").tobytes())


def listening(model: Path, **changes: Any) -> Recipe:
    corpus = {
        "name": "buzzes",
        "train": "train.csv",
        "dev": "dev.csv",
        "taxonomy": "ekman",
        "label_column": "emotion",
        "licence": "CC0-1.0",
        "source": "made in the test",
    }
    told: dict[str, Any] = {
        "prompt": "multimodal",
        "corpora": [corpus],
        "streams": [{"encoder": "whisper", "tokens": 2, "width": 16}],
        "vary": {"share": 0.0},
        "train": {"epochs": 12, "projector_rate": 1e-2, "align": 0.5, "drop_modalities": 0.1},
    }
    return recipe(model, **(told | changes))
