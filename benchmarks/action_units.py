"""Emotion of RAVDESS clips from action units that OpenFace measured: actors left out in the published five folds.

Means over the frames of a clip under a support vector machine, on each actor's own scale (no label is read, but all of
the held-out actor's clips are) and without. Published with own scale: 0.697 accuracy.

    python benchmarks/action_units.py --data ravdess_av
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from thymos.adapters.feature_table import TableEncoder, read_feature_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    with (options.data / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    ids = [Path(row["audio_file"]).stem for row in rows]
    gold, fold = (np.array([row[key] for row in rows]) for key in ("emotion", "fold5"))
    table = read_feature_table(options.data / "face_au_openface_mean.csv", rename=lambda name: "03" + name[2:])
    for scale, groups in (
        ("own scale", {name: row["speaker"] for name, row in zip(ids, rows, strict=True)}),
        ("one scale", None),
    ):
        encoder = TableEncoder("action-units", "face", table, groups=groups)
        values = np.stack([encoder.encode(encoder.read(name))[0] for name in ids])
        answers = np.empty_like(gold)
        accuracies = []
        for each in np.unique(fold):
            out = fold == each
            scaler = StandardScaler().fit(values[~out])
            model = SVC(C=10.0, gamma=0.01).fit(scaler.transform(values[~out]), gold[~out])
            answers[out] = model.predict(scaler.transform(values[out]))
            accuracies.append((answers[out] == gold[out]).mean())
        print(
            f"{scale}: accuracy {(answers == gold).mean():.4f} (mean of folds {np.mean(accuracies):.4f}), "
            f"macro-F1 {f1_score(gold, answers, average='macro'):.4f}, {len(gold)} clips"
        )


if __name__ == "__main__":
    main()
