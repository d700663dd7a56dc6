"""Hazumi1911 with words, voice, face and body: a corpus for the recipe `hazumi`, and what each modality is worth.

`write` makes a folder with `labels.csv`, one small table of openSMILE's functionals and one of OpenFace's action units
for each exchange, from the arrays that the corpus comes with (it has no sound and no video). Of action units it has
presence alone; intensities are written as 0, which standardising makes nothing of. The recording of the body is read
where it lies: the exchange, and what lies before it up to 30 s together. Fillers keep their sound and lose their marks.
A reply in which nothing was said is written as such: to be silent is not the same as to have no transcript. `fold5`
deals people, in the order of their names, to five folds. `drop` labels the folds of a cross-validation again with one
modality left out, and with one alone, and prints macro F1 over the replies that have words.

    python benchmarks/hazumi_four.py write --data hazumi1911 -o hazumi_four
    thymos crossval hazumi --by fold5 --aim balance -o runs/hazumi --data hazumi_four
    thymos eval runs/hazumi/held-out-balance.jsonl --taxonomy sentiment --gold hazumi_four/labels.csv \
        --label-column sentiment
    python benchmarks/hazumi_four.py drop runs/hazumi --corpus hazumi_four/labels.csv
"""

import argparse
import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from thymos.adapters.face.openface import COLUMNS
from thymos.adapters.readers import open_corpus
from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.hazumi import CONTEXT, LABELS, read_hazumi_features
from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler

_MARKS = re.compile(r"\([FD] ?([^)]*)\)")
_HEADER = ("id", "text", "speaker", "speech", "face", "physiology", "sentiment", "fold5")
_FOLDS = 5
_SILENCE = "(silence)"


def plain(reply: str) -> str:
    """Return a reply without the transcribers' marks."""
    return _MARKS.sub(r"\1", reply).replace("|", " ").strip() or _SILENCE


def write(data: Path, folder: Path) -> None:
    """Write the corpus."""
    data = data.resolve()
    for name in ("voices", "faces"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (data / "exchanges.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    people = sorted({row["subject"] for row in rows})
    features = {person: read_hazumi_features(data, person) for person in people}
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(_HEADER)
        for row in rows:
            person, place = row["subject"], int(row["exchange"])
            name = f"{person}-{place}"
            voices, values = features[person]["is09"]
            _table(folder / f"voices/{name}.csv", ["name", *voices], [name, *values[place]], ";")
            units, shown = features[person]["au"]
            present = dict(zip((_unit(unit) for unit in units), shown[place].tolist(), strict=True))
            _table(folder / f"faces/{name}.csv", COLUMNS, [present.get(unit, 0.0) for unit in COLUMNS], ",")
            start, end = float(row["t_start_s"]), float(row["t_end_s"])
            body = f"{data / person}.npz#t={max(0.0, min(start, end - CONTEXT)):.2f},{end:.2f}"
            label, fold = LABELS[int(row["TS_ternary"])], people.index(person) % _FOLDS
            table.writerow(
                [
                    name,
                    plain(row["user_utterance"]),
                    person,
                    f"voices/{name}.csv",
                    f"faces/{name}.csv",
                    body,
                    label,
                    fold,
                ]
            )
    print(f"wrote {len(rows)} exchanges of {len(people)} people")


def _unit(name: str) -> str:
    found = re.search(r"AU\d\d", name)
    if found is None or f"{found[0]}_c" not in COLUMNS:
        raise SystemExit(f"action unit must be one of OpenFace's, got {name!r}")
    return f"{found[0]}_c"


def _table(path: Path, header: Sequence[str], row: Sequence[Any], delimiter: str) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, row])


def drop(runs: Path, corpus: Path) -> None:
    """Label the folds without a modality."""
    from sklearn.metrics import f1_score

    read = open_corpus(corpus, columns=Columns(label="sentiment"))
    rows = [row for row in read if isinstance(row, Sample) and row.text and row.text != _SILENCE]
    gold = {row.id: LABELS.index((row.gold or ("",))[0]) for row in rows}
    kinds = ("text", "speech", "face", "physiology")
    found: dict[str, dict[str, int]] = {name: {} for name in ("all", *(f"without {kind}" for kind in kinds), *kinds)}
    for fold in range(_FOLDS):
        mine = [row for row in rows if row.metadata["fold5"] == str(fold)]
        labeler = Labeler.from_pretrained(
            taxonomy="sentiment", adapter=str(runs / f"fold5-{fold}" / "adapter"), aim="balance"
        )
        labeler.meet(mine)
        for name, told in found.items():
            left = [_without(row, name, kinds) for row in mine]
            for row, answer in zip(left, labeler.label_batch(left), strict=True):
                if not isinstance(answer, Exception):
                    told[row.id] = LABELS.index(answer.labels[0])
    for name, told in found.items():
        asked = list(told)
        f1 = f1_score([gold[each] for each in asked], [told[each] for each in asked], average="macro")
        print(f"{name:<20} macro F1 {f1:.3f}, {len(asked):,} rows")


def _without(row: Sample, name: str, kinds: Sequence[str]) -> Sample:
    away = [kind for kind in kinds if name == f"without {kind}" or (name in kinds and kind != name)]
    return replace(row, **dict.fromkeys(away))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    writing.add_argument("--data", type=Path, required=True)
    writing.add_argument("-o", dest="folder", type=Path, required=True)
    dropping = commands.add_parser("drop")
    dropping.add_argument("runs", type=Path)
    dropping.add_argument("--corpus", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "write":
        write(options.data, options.folder)
    else:
        drop(options.runs, options.corpus)


if __name__ == "__main__":
    main()
