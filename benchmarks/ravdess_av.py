"""RAVDESS with voice and face: a corpus from its sound and from OpenFace's measurements of its videos, and two figures.

`write` makes a folder with `labels.csv` and one small table of action units a clip, from the shared tables (the videos
are not in them): what the recipe `voice-face` reads. `drop` labels the folds of a cross-validation again with one
modality left out, and once without having met its speakers, and prints unweighted accuracy, to be held against recipes
that were trained without it.

    python benchmarks/ravdess_av.py write --shared shared -o ravdess_av
    thymos crossval voice-face --by fold5 -o runs/av --data ravdess_av
    python benchmarks/ravdess_av.py drop runs/av --corpus ravdess_av/labels.csv
    python benchmarks/ravdess_av.py drop runs/voice5 --corpus .../ravdess/labels.csv --format ravdess
"""

import argparse
import csv
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler


def write(shared: Path, folder: Path) -> None:
    """Write the corpus."""
    tables = shared / "data/multimodal/ravdess_av"
    sound = (shared / "data/speech/ravdess/ravdess.zip").resolve()
    (folder / "faces").mkdir(parents=True, exist_ok=True)
    with (shared / "data/speech/ravdess/labels.csv").open(newline="") as file:
        copies = {row["file"] for row in csv.DictReader(file) if row["duplicate_of"]}
    with (tables / "face_au_openface_mean.csv").open(newline="") as file:
        units = {row.pop("file"): row for row in csv.DictReader(file)}
    with (tables / "labels.csv").open(newline="") as file, (folder / "labels.csv").open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["id", "text", "speaker", "speech", "face", "emotion", "fold5"])
        for row in csv.DictReader(file):
            if row["audio_file"] in copies:
                continue
            name = row["file"]
            (folder / "faces" / f"{name}.csv").write_text(
                ",".join(units[name]) + "\n" + ",".join(units[name].values()) + "\n"
            )
            speech = f"{sound}/{row['audio_file']}"
            table.writerow(
                [name, row["text"], row["speaker"], speech, f"faces/{name}.csv", row["emotion"], row["fold5"]]
            )


def unweighted(said: Sequence[str], gold: Sequence[str]) -> float:
    """Return the mean recall of the labels."""
    told, right = np.array(gold), np.array(said) == np.array(gold)
    return float(np.mean([right[told == label].mean() for label in np.unique(told)]))


def drop(runs: Path, corpus: Path, layout: str, column: str = "fold5") -> None:
    """Print unweighted accuracy with everything and with each modality left out: of the folds, their mean, pooled."""
    read = open_corpus(str(corpus), format=layout)
    rows = [row for row in read if isinstance(row, Sample) and not row.metadata.get("duplicate_of")]
    ways: dict[str, dict[str, Any]] = {"each alone": {}, "all": {}}
    if all(row.face for row in rows):
        ways |= {"without speech": {"speech": None}, "without face": {"face": None}}
    ways |= {"without text": {"text": ""}}  # None would be transcribed
    found: dict[str, list[tuple[list[str], list[str]]]] = {way: [] for way in ways}
    for folder in sorted(runs.glob(f"{column}-*")):
        held_out = [row for row in rows if str(row.metadata[column]) == folder.name.removeprefix(f"{column}-")]
        labeler = Labeler.from_pretrained(taxonomy="ravdess", adapter=str(folder / "adapter"))
        gold = [row.gold[0] if row.gold else "" for row in held_out]
        for way, gone in ways.items():
            labeler.meet([] if way == "each alone" else held_out)
            given = [replace(row, **gone) for row in held_out]
            found[way].append(([each.labels[0] for each in labeler.label(given)], gold))
    for way, folds in found.items():
        each = [unweighted(said, gold) for said, gold in folds]
        said, gold = (list(chain.from_iterable(part)) for part in zip(*folds, strict=True))
        told = f"mean {np.mean(each):.4f}, pooled {unweighted(said, gold):.4f}"
        print(f"{way:15} unweighted accuracy: {', '.join(f'{value:.3f}' for value in each)}; {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("write")
    made.add_argument("--shared", type=Path, required=True)
    made.add_argument("-o", "--output", type=Path, required=True)
    dropped = commands.add_parser("drop")
    dropped.add_argument("runs", type=Path)
    dropped.add_argument("--corpus", type=Path, required=True)
    dropped.add_argument("--format", default="auto", help="of the corpus, as in `thymos label`")
    told = parser.parse_args()
    if told.command == "write":
        write(told.shared, told.output)
    else:
        drop(told.runs, told.corpus, told.format)


if __name__ == "__main__":
    main()
