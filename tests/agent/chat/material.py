"""Attachments of the scripted conversations: real clips and pictures where the corpora are there, else made ones."""

import csv
import io
import wave
import zipfile
from pathlib import Path

import numpy as np

RATE = 16_000  # Hz
# Clips of one actor of RAVDESS that the adapter's folds held out at one time or another; picked by name, unheard.
CLIPS = {"voice-angry.wav": "05", "voice-calm.wav": "02", "voice-sad.wav": "04"}
FACES = {"face-happy.png": "happiness", "face-angry.png": "anger"}


def make(folder: Path, shared: Path | None) -> dict[str, Path]:
    """Write every attachment into a folder; name -> path."""
    found = {name: folder / name for name in (*CLIPS, *FACES)}
    if shared is not None:
        _clips(folder, shared / "speech" / "ravdess")
        _faces(folder, shared / "face" / "fer2013_ferplus")
    else:
        for number, name in enumerate(CLIPS):
            _wave(folder / name, _tone(120.0 + 60 * number, 2.0))
        for name in FACES:
            _picture(folder / name)
    found["interview.wav"] = folder / "interview.wav"
    pieces = [_samples(folder / name) for name in CLIPS]
    _wave(folder / "interview.wav", np.concatenate([*pieces, *pieces, *pieces])[: 30 * RATE])
    texts = {
        "wrist.csv": "time,eda_uS\n" + "".join(f"{n / 64:.4f},{2 + 0.001 * n:.4f}\n" for n in range(64 * 90)),
        "corpus.csv": "id,text\n1,I love this place\n2,They lost my luggage and nobody cared\n3,You here? Wow\n4,ok\n",
        "dialogue.txt": "Mia: I got the tickets!\nJon: no way, you are the best\nMia: on exam day\nJon: oh no\n",
    }
    for name, text in texts.items():
        found[name] = folder / name
        found[name].write_text(text, encoding="utf-8")
    found["broken.wav"] = folder / "broken.wav"
    found["broken.wav"].write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(range(256)))
    return found


def _clips(folder: Path, corpus: Path) -> None:
    import av

    archive = next(corpus.glob("*.zip"))
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
        for name, emotion in CLIPS.items():
            clip = next(each for each in sorted(names) if f"03-01-{emotion}-02-01-01-0" in each)
            with av.open(io.BytesIO(zipped.read(clip)), mode="r") as container:
                resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
                frames = [
                    out.to_ndarray()[0] for frame in container.decode(audio=0) for out in resampler.resample(frame)
                ]
            _wave(folder / name, np.concatenate(frames))


def _faces(folder: Path, corpus: Path) -> None:
    from PIL import Image

    with (corpus / "labels.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    with zipfile.ZipFile(corpus / "test.zip") as zipped:
        inside = {Path(name).name: name for name in zipped.namelist()}
        for name, emotion in FACES.items():
            sure = max(rows, key=lambda row: int(row[f"votes_{emotion}"] or 0))
            image = Image.open(io.BytesIO(zipped.read(inside[sure["file"]])))
            image.convert("RGB").resize((240, 240)).save(folder / name)


def _picture(path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)).save(path)


def _tone(pitch: float, seconds: float) -> np.ndarray:
    time = np.arange(int(RATE * seconds)) / RATE
    partials = np.stack([np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 8)])
    return np.asarray(0.3 * partials.sum(axis=0), dtype=np.float32)


def _wave(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def _samples(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
