"""What physiology tells of people that nobody has heard of before: each of Stress-Predict's left out in turn.

Windows of 60 s, rest against stress and four conditions; no acceleration, no time, no place in the protocol. `absolute`
features are of the window alone. `relative` and `ranks` compare it with the whole recording of the same person, the
held-out one's too, without labels; `past` with the five minutes before it, `around` with those after it as well.
The encoder's four answers are taken with all conditions as likely, its two with rest as likely as stress. Features that
drift with time are an indirect clock, so there are lines without them; the first window of a recording has no past and
shows it. No fold chooses a setting, but sets, settings and mixes were worked out by looking at figures of these same
people: the best line flatters itself.

    python benchmarks/physiology_baselines.py --data stress_predict --encoder
"""

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from thymos.adapters.physiology.baseline import baseline_from, usual_windows
from thymos.adapters.physiology.features import DRIFTING, FEATURES, vector, window_features
from thymos.adapters.physiology.read import read_file
from thymos.adapters.readers import open_corpus
from thymos.finetune.encoders.held_out import Model, averaged, kernel, linear, remembered, told, trees
from thymos.finetune.encoders.physiology_context import against_others, ranks
from thymos.finetune.encoders.physiology_data import CONDITIONS

SEED = 0
TASKS = ("rest/stress", "four")
ALL = ("logistic", "kernel", "boosting", "forest")


def feature_sets(data: Path) -> tuple[dict[str, Any], Any, Any]:
    """Sets of features by name, each (windows, features); conditions and people."""
    rows: list[Any] = list(open_corpus(data / "segments.csv", format="stress-predict"))
    people = np.array([row.speaker for row in rows])
    gold = np.array([CONDITIONS.index(row.metadata["condition"]) for row in rows])
    at = np.array([row.physiology.start for row in rows])
    absolute, relative, rank, past, around = np.full((5, len(rows), len(FEATURES)), np.nan, np.float32)
    for person in np.unique(people):
        recording, own = read_file(data / f"{person}.npz"), people == person
        asked = np.stack([vector(window_features(recording.part(start, start + 60.0))) for start in at[own]])
        starts, others = usual_windows(recording)
        usual = baseline_from(others)
        assert usual is not None
        absolute[own], relative[own], rank[own] = asked, usual.relative(asked), ranks(asked, others)
        both = relative[own], at[own], usual.relative(others), starts
        past[own], around[own] = against_others(*both), against_others(*both, after=True)
    steady = [place for place, name in enumerate(FEATURES) if name not in DRIFTING]
    measured = np.isfinite(absolute).any(0)  # this wristband has no breath, muscle or brain
    steady = [place for place in steady if measured[place]]
    return (
        {
            "absolute": absolute[:, measured],
            "relative": relative[:, measured],
            "relative, no drift": relative[:, steady],
            "ranks+past": np.hstack([rank[:, measured], past[:, measured]]),
            "ranks+past, no drift": np.hstack([rank[:, steady], past[:, steady]]),
            "relative+around": np.hstack([relative[:, measured], around[:, measured]]),
        },
        gold,
        people,
    )


def made(name: str, values: Any, gold: Any) -> Model:
    if name == "logistic":
        return linear(values, gold, 0.1)
    if name == "kernel":
        return kernel(values, gold)
    return trees(values, gold, boosted=name == "boosting", seed=SEED)


def encoder_answers(data: Path, people: Any) -> dict[str, Any]:
    """Probabilities of four conditions from an encoder and head fitted anew for each person."""
    from thymos.finetune.encoders.physiology import leave_one_subject_out
    from thymos.finetune.encoders.physiology_data import read_windows
    from thymos.finetune.encoders.physiology_fit import PRIOR

    windows = read_windows(data)
    assert (windows.subjects == people).all()
    found = leave_one_subject_out(windows, seed=SEED)
    return {f"{name} {task}": p / (PRIOR if task == "four" else 1) for name, p in found.items() for task in TASKS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", action="store_true", help="fit the encoder anew for each person, too (minutes)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    start = time.perf_counter()

    def say(name: str, model: Model, gold: Any) -> None:
        print(f"{told(name, model, gold, people)}  ({time.perf_counter() - start:.0f} s)", flush=True)

    sets, conditions, people = feature_sets(options.data)
    answers = encoder_answers(options.data, people) if options.encoder else {}
    for task, gold in zip(TASKS, (np.minimum(conditions, 1), conditions), strict=True):
        networks: dict[str, Model] = {}
        for name in ("relative", "alone") if answers else ():
            p = answers[f"{name} {task}"]
            each = p / p.sum(1, keepdims=True) if task == "four" else np.stack([p[:, 0], 1 - p[:, 0]], axis=1)
            networks[name] = lambda train, asked, each=each: each[asked]
            say(f"{task}: encoder and head, {name}", networks[name], gold)
        models: dict[tuple[str, str], Model] = {}
        for name, values in sets.items():
            for kind in ALL if name in ("absolute", "relative") else ALL[:3]:
                models[name, kind] = remembered(made(kind, values, gold))
                say(f"{task}: {name}, {kind}", models[name, kind], gold)
            own = {kind: model for (which, kind), model in models.items() if which == name}
            say(f"{task}: {name}, mean of these", averaged(own), gold)
        for mix in (("ranks+past",), ("ranks+past", "relative+around")):
            some = {" ".join(key): model for key, model in models.items() if key[0] in mix}
            if answers:
                some |= {"encoder": networks["relative"], "encoder again": networks["relative"]}
                say(f"{task}: mean of {' and '.join(mix)}, encoder twice", averaged(some), gold)
            else:
                say(f"{task}: mean of {' and '.join(mix)}", averaged(some), gold)


if __name__ == "__main__":
    main()
