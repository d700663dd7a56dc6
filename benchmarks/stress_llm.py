"""Rest or stress, or which stressor, by the LLM, of people of Stress-Predict that neither it nor its encoder met.

For each fold an encoder is fitted on the other people but those of the next fold, the recipe
`stress` is tuned on the same people with it, calibrated on the next fold's, and labels the fold's. Beside it, on the
same folds, the encoder's own head: what a plain classifier makes of the same frames. Macro F1 of all held-out windows
together.

    python benchmarks/stress_llm.py --data ../shared/data -o runs/stress5
    python benchmarks/stress_llm.py --data ../shared/data -o runs/stressor5 --labels stressor
"""

import argparse
from pathlib import Path

import numpy as np
from _common import machine_line

from thymos.adapters.readers import open_corpus
from thymos.adapters.readers.columns import Columns
from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler
from thymos.finetune.encoders.physiology import write_encoder
from thymos.finetune.encoders.physiology_data import read_windows
from thymos.finetune.encoders.physiology_fit import FitPlan, fit, probabilities
from thymos.finetune.publish import publish
from thymos.finetune.recipe import load_recipe
from thymos.finetune.tune import tune
from thymos.prompts.catalogue import load_taxonomy

CORPUS = Path("physio/stress_predict")
COLUMNS = {"stress": "stress", "stressor": "condition"}  # label set -> column of the corpus
HEAD = "plain head on the same frames"


def tuned(people: dict[str, list[str]], encoder: Path, data: Path, folder: Path, wishes: dict[str, object]) -> Path:
    """Tune the recipe on some people; return the adapter."""
    changes = wishes | {
        "streams.0.encoder": f"physiology:{encoder}",
        "corpora.0.train_where": [f"subject={','.join(people['train'])}"],
        "corpora.0.dev_where": [f"subject={','.join(people['dev'])}"],
    }
    recipe = load_recipe("stress", changes)
    return publish(tune(recipe, data, folder), recipe, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with physio/stress_predict")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--labels", choices=COLUMNS, default="stress", help="two conditions, or all four")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        help="KEY=VALUE of the recipe, but for encoder, labels and people",
    )
    options = parser.parse_args()
    if options.folds < 3:
        parser.error("--folds must be three or more: one is held out, one is dev, the others are learnt from")
    from sklearn.metrics import f1_score

    from thymos.agent.cli.finetune import change

    wishes: dict[str, object] = dict(map(change, options.changes))
    wishes |= {"corpora.0.taxonomy": options.labels, "corpora.0.label_column": COLUMNS[options.labels]}
    labels = load_taxonomy(options.labels).names
    columns = Columns(label=COLUMNS[options.labels])
    print(machine_line())
    windows = read_windows(options.data / CORPUS)
    rows = list(open_corpus(options.data / CORPUS / "segments.csv", format="stress-predict", columns=columns))
    samples = [row for row in rows if isinstance(row, Sample)]
    people = sorted({row.speaker or "" for row in samples})
    gold: list[int] = []
    said: dict[str, list[int]] = {HEAD: [], "LLM": [], "LLM --aim balance": []}
    for fold in range(options.folds):
        parts: dict[str, list[str]] = {"train": [], "dev": [], "out": []}
        for place, person in enumerate(people):
            parts[{0: "out", 1: "dev"}.get((place - fold) % options.folds, "train")].append(person)
        folder = options.output / f"fold-{fold}"
        encoder = folder / "encoder"
        encoder.mkdir(parents=True, exist_ok=True)
        trainee = fit(windows.of(np.isin(windows.subjects, parts["train"])), FitPlan(), seed=0)
        write_encoder(trainee, encoder)
        out = windows.of(np.isin(windows.subjects, parts["out"]))
        shares = probabilities(trainee, out)  # of `CONDITIONS`, in the order of the four labels
        told_by_head = shares[:, 0] < 0.5 if len(labels) == 2 else shares.argmax(1)
        gold += np.minimum(out.conditions, len(labels) - 1).tolist()
        said[HEAD] += told_by_head.astype(int).tolist()
        adapter = tuned(parts, encoder, options.data, folder / "run", wishes)
        asked = [row for person in parts["out"] for row in samples if row.speaker == person]
        for name, aim in (("LLM", "likeliest"), ("LLM --aim balance", "balance")):
            labeler = Labeler.from_pretrained(taxonomy=options.labels, adapter=str(adapter), aim=aim)  # type: ignore[arg-type]
            labeler.meet(asked)  # where recordings are compared with what their speaker is like on the whole
            answers = labeler.label(asked)
            said[name] += [labels.index(answer.labels[0]) for answer in answers]
        assert [labels.index((row.gold or ("",))[0]) for row in asked] == gold[-len(asked) :]
        told = {name: f1_score(gold, each, average="macro") for name, each in said.items()}
        print(f"{fold + 1} folds: " + ", ".join(f"{name} {value:.3f}" for name, value in told.items()), flush=True)


if __name__ == "__main__":
    main()
