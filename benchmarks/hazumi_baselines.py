"""Sentiment that outsiders see in an exchange of Hazumi1911, from words, voice, face and body: people left out in turn.

Words: TF-IDF of one to three characters of the reply (`words`) and of the system's utterance too (`words of both`).
Voice: IS09 functionals; face: action units; body: features of the wristband over the exchange and at least 30 s. `own
scale` standardises by the person's own rows, without labels, the held-out one's and later ones too. Weights of
`stacked` come from inner folds of training people; which parts are mixed, and the strengths, were worked out by looking
at figures of these same people: the best line flatters itself.

    python benchmarks/hazumi_baselines.py --data hazumi1911
"""

import argparse
import csv
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from thymos.adapters.physiology.features import vector, window_features
from thymos.adapters.physiology.read import read_file
from thymos.adapters.readers.hazumi import CONTEXT, LABELS, read_hazumi_features
from thymos.finetune.encoders.held_out import Model, averaged, characters, linear, own_scale, remembered, stacked, told

STRENGTH = 1e-3  # C of the linear models of measured features; 1 for words


def features(data: Path, rows: list[dict[str, str]]) -> dict[str, Any]:
    """Voice, face and body, each (rows, features), NaN where not measured."""
    tables: dict[str, list[Any]] = {"voice": [], "face": [], "body": []}
    for person in dict.fromkeys(row["subject"] for row in rows):
        own, recording = [row for row in rows if row["subject"] == person], read_file(data / f"{person}.npz")
        places, found = [int(row["exchange"]) for row in own], read_hazumi_features(data, person)
        tables["voice"].append(found["is09"][1][places])
        tables["face"].append(found["au"][1][places])
        for row in own:
            first, end = float(row["t_start_s"]), float(row["t_end_s"])
            part = recording.part(max(0.0, min(first, end - CONTEXT)), end)
            tables["body"].append(vector(window_features(part))[None])
    return {name: np.vstack(parts).astype(np.float64) for name, parts in tables.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    with (options.data / "exchanges.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    people = np.array([row["subject"] for row in rows])
    gold = np.array([int(row["TS_ternary"]) for row in rows])
    values = features(options.data, rows)
    reply, asked = ([row[key] for row in rows] for key in ("user_utterance", "system_utterance"))
    models: dict[str, Model] = {
        "words": remembered(characters([reply], gold, 1.0)),
        "words of both": remembered(characters([reply, asked], gold, 1.0)),
        **{name: remembered(linear(each, gold, STRENGTH)) for name, each in values.items()},
    }
    for name, each in values.items():
        known = each[:, np.isfinite(each).any(0)]
        scaled = own_scale(np.where(np.isfinite(known), known, np.nanmedian(known, axis=0)), people)
        models[f"{name} (own scale)"] = remembered(linear(scaled, gold, STRENGTH))

    def say(name: str, model: Model) -> None:
        print(f"{told(name, model, gold, people)}  ({time.perf_counter() - start:.0f} s)", flush=True)

    for name, model in models.items():
        say(name, model)
    scaled_names = [name for name in models if name.endswith("(own scale)")]
    for parts in (
        ["words", scaled_names[0]],
        ["words", *values],
        ["words", *scaled_names],
        ["words", "words of both", *scaled_names],
    ):
        some = {name: models[name] for name in parts}
        say(f"mean of {', '.join(parts).replace(' (own scale)', '*')}", averaged(some))
        say(f"stacked {', '.join(parts).replace(' (own scale)', '*')}", stacked(some, gold, people, len(LABELS)))
    print("* on the person's own scale")


if __name__ == "__main__":
    main()
