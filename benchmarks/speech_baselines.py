"""How much emotion there is in a voice: classifiers on our frames, and on MFCC and prosody statistics.

    python benchmarks/speech_baselines.py [--shared ../shared] [--store frames.npz]

RAVDESS: five folds by actor (Luna-Jimenez et al. 2021), unweighted accuracy over eight emotions, mean of the folds. All
contenders are RBF support vector machines on means and standard deviations over a clip's frames; C and the layers are
chosen on an inner split by actor (the fold after the test fold, out of the four for training). Each is run as it is and
with every feature standardised over all clips of its speaker (no labels are used, but many clips of each speaker are).
TESS: trained on all of RAVDESS without calm, tested on two speakers never heard.
"""

import argparse
import csv
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import recall_score
from sklearn.svm import SVC

from thymos.adapters.sample import Speech
from thymos.adapters.speech.acoustics import Acoustics, analyse, spoken
from thymos.adapters.speech.encoder import WhisperEncoder
from thymos.adapters.speech.prosody_encoder import ProsodyEncoder

ROOT = Path(__file__).resolve().parents[1]
CHOICES = (1.0, 3.0, 10.0)  # of C
Matrix = NDArray[np.float32]


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def statistics(frames: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([frames.mean(0), frames.std(0)])


def classical(acoustics: Acoustics) -> NDArray[Any]:
    """MFCC and prosody statistics over what sounds, as in openSMILE's sets: means, spreads, percentiles, changes."""
    on = spoken(acoustics.level)
    on = on if on.any() else np.ones_like(on)
    f0 = acoustics.pitch.f0
    voiced = 12 * np.log2(f0[~np.isnan(f0)] / 100) if (~np.isnan(f0)).sum() > 5 else np.zeros(6)
    columns = np.column_stack(
        [
            *(acoustics.pitch.strength, acoustics.level, acoustics.tilt, acoustics.hammarberg, acoustics.centroid),
            *(acoustics.flatness, acoustics.flux, acoustics.cepstra),
        ]
    )
    changes, sounding = np.gradient(columns, axis=0)[on], columns[on]
    pitch = [voiced.mean(), voiced.std(), *np.quantile(voiced, [0.1, 0.5, 0.9]), np.isnan(f0).mean(), on.sum()]
    return np.concatenate(
        [pitch, statistics(sounding), changes.std(0), *np.quantile(sounding, [0.1, 0.9], axis=0)]
    ).astype(np.float32)


def features(shared: Path, store: Path | None) -> dict[str, Matrix]:
    """Return statistics of every clip by `<corpus> <kind>`, from the store if they are there."""
    if store is not None and store.is_file():
        return dict(np.load(store, allow_pickle=False))
    whisper, prosody = WhisperEncoder.from_pretrained(transcribe=False), ProsodyEncoder()
    found: dict[str, list[NDArray[Any]]] = {}
    for corpus in ("ravdess", "tess"):
        folder = shared / "data/speech" / corpus
        for row in table(folder):
            sound = whisper.read(Speech(path=folder / f"{corpus}.zip" / row["file"]))
            frames = whisper.encode(sound).reshape(-1, whisper.layers, whisper.dim)
            found.setdefault(f"{corpus} whisper", []).append(statistics(frames))  # (2 * layers, dim)
            found.setdefault(f"{corpus} prosody", []).append(statistics(prosody.encode(sound)))
            found.setdefault(f"{corpus} classical", []).append(classical(analyse(sound.samples)))
    arrays = {name: np.stack(rows).astype(np.float32) for name, rows in found.items()}
    if store is not None:
        np.savez(store, **arrays)  # type: ignore[arg-type]
    return arrays


def flat(values: Matrix) -> Matrix:
    return values.reshape(len(values), -1)


def of_speakers(values: Matrix, speakers: NDArray[Any]) -> Matrix:
    """Standardise each speaker's clips by themselves."""
    out = values.copy()
    for speaker in set(speakers):
        own = values[speakers == speaker]
        out[speakers == speaker] = (own - own.mean(0)) / (own.std(0) + 1e-6)
    return out


def kernel(values: Matrix, train: NDArray[Any], widths: list[int]) -> NDArray[Any]:
    """RBF over features standardised on the training rows; each block of features weighs the same."""
    scaled = (values - values[train].mean(0)) / (values[train].std(0) + 1e-6)
    starts = np.cumsum([0, *widths])
    scaled = np.concatenate([scaled[:, a:b] / np.sqrt((b - a) * len(widths)) for a, b in pairwise(starts)], axis=1)
    squares = (scaled**2).sum(1)
    return np.asarray(np.exp(-np.maximum(squares[:, None] + squares - 2 * scaled @ scaled.T, 0)))


def score(k: NDArray[Any], c: float, y: NDArray[Any], train: NDArray[Any], test: NDArray[Any]) -> float:
    model = SVC(C=c, kernel="precomputed", class_weight="balanced").fit(k[np.ix_(train, train)], y[train])
    return float(recall_score(y[test], model.predict(k[np.ix_(test, train)]), average="macro"))


def ravdess(options: list[tuple[Matrix, list[int]]], rows: list[dict[str, str]]) -> tuple[list[float], list[str]]:
    """Return unweighted accuracy of each fold, with options and C chosen on the inner split, and what was chosen."""
    y, folds = np.array([r["emotion"] for r in rows]), np.array([int(r["fold5"]) for r in rows])
    unique = np.array([not r["duplicate_of"] for r in rows])
    found, chosen = [], []
    for fold in range(5):
        train, test, inner = (folds != fold) & unique, folds == fold, folds == (fold + 1) % 5
        at = [np.flatnonzero(mask) for mask in (train, test, train & ~inner, train & inner)]
        kernels = [kernel(values, at[0], widths) for values, widths in options]
        best = max((score(k, c, y, at[2], at[3]), -n, c) for n, k in enumerate(kernels) for c in CHOICES)
        found.append(score(kernels[-int(best[1])], best[2], y, at[0], at[1]))
        chosen.append(f"{-int(best[1])}/{best[2]:g}")
    return found, chosen


def tess(both: Matrix, widths: list[int], rows: list[dict[str, str]], others: list[dict[str, str]]) -> float:
    """Return unweighted accuracy on TESS of a machine trained on RAVDESS; C = 3."""
    y = np.array([r["emotion"] for r in rows + others])
    train = np.array([n for n, r in enumerate(rows) if r["emotion"] != "calm" and not r["duplicate_of"]])
    return score(kernel(both, train, widths), 3.0, y, train, np.arange(len(rows), len(y)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("THYMOS_SHARED", ROOT.parent / "shared")))
    parser.add_argument("--store", type=Path)
    arguments = parser.parse_args()
    rows, others = (table(arguments.shared / "data/speech" / name) for name in ("ravdess", "tess"))
    parts = features(arguments.shared, arguments.store)
    speakers = np.array([r["speaker"] for r in rows + others])
    both = {kind: np.concatenate([parts[f"{name} {kind}"] for name in ("ravdess", "tess")]) for kind in
            ("whisper", "prosody", "classical")}  # fmt: skip
    layers = both["whisper"].reshape(len(speakers), 2, -1, both["whisper"].shape[-1])
    whisper = [flat(layers), flat(layers[:, :, 1:-1])]  # all, and without convolutions and last block
    contenders: dict[str, list[list[Matrix]]] = {
        "MFCC and prosody statistics": [[both["classical"]]],
        "prosody frames": [[flat(both["prosody"])]],
        "Whisper frames": [[each] for each in whisper],
        "Whisper and prosody frames": [[each, flat(both["prosody"])] for each in whisper],
    }
    print(f"{'UAR':34s}{'RAVDESS':>8s}  folds{'':32s}{'TESS':>6s}  chosen (layers/C)")
    for name, options in contenders.items():
        for how, change in (("", lambda x, _: x), (", by speaker", of_speakers)):
            ready = [(np.concatenate([change(x, speakers) for x in o], 1), [x.shape[1] for x in o]) for o in options]
            folds, chosen = ravdess([(values[: len(rows)], widths) for values, widths in ready], rows)
            away = tess(*ready[0], rows, others)
            each = " ".join(f"{value:.3f}" for value in folds)
            print(f"{name + how:34s}{np.mean(folds):8.3f}  {each:37s}{away:6.3f}  {' '.join(chosen)}", flush=True)


if __name__ == "__main__":
    main()
