"""Other forms of a finished output, for trainers and annotation tools: written beside it from its rows.

| form | file | what |
|---|---|---|
| sharegpt | OUT.sharegpt.jsonl | `conversations` of `from` (human, gpt) and `value` |
| chatml | OUT.chatml.jsonl | `messages` of `role` (user, assistant) and `content` |
| csv | OUT.csv | one row per turn, as `thymos label` and `thymos finetune` read conversations |
| label-studio | OUT.label-studio.json | tasks with the label as a prediction to be checked |
| hf | OUT.hf/ | folder of `datasets`: Parquet by split, and a card filled in by the run |

A conversation goes whole into each; every row keeps its id, by which the output tells where it comes from.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from thymos.adapters.whole_file import whole_file, whole_folder
from thymos.agent.runs.destination import Destination
from thymos.agent.synth.card import card
from thymos.agent.synth.output import read_counts, read_counts_of, read_rows, write_parquet
from thymos.agent.synth.records import Record
from thymos.agent.synth.shards import line
from thymos.agent.synth.split import DEV, TRAIN
from thymos.prompts.errors import InputError, RunError

FORMS = ("sharegpt", "chatml", "hf", "csv", "label-studio")
_SUFFIXES = {
    "sharegpt": ".sharegpt.jsonl",
    "chatml": ".chatml.jsonl",
    "hf": ".hf",
    "csv": ".csv",
    "label-studio": ".label-studio.json",
}
_PROVENANCE = "provenance.json"
CSV_COLUMNS = ("id", "dialogue", "turn", "speaker", "text", "label", "split", "scenario")

Rows = Callable[[], Iterator[Record]]


def check_forms(names: tuple[str, ...]) -> None:
    """Refuse an unknown form.

    Raises:
        InputError: a name is none of `FORMS`.
    """
    for name in names:
        if name not in FORMS:
            raise InputError(f"form must be one of {', '.join(FORMS)}, got {name!r}; correct --as")


def path_as(form: str, place: Destination) -> Path:
    """Return where a form of an output is written."""
    return place.out.with_suffix(_SUFFIXES[form])


def write_as(form: str, place: Destination, *, overwrite: bool = False) -> Path:
    """Write a finished output in another form; return where.

    Args:
        form: of `FORMS`.
        place: of the output.
        overwrite: replace what stands there, whatever it is; else only the same form of the same output.

    Raises:
        RunError: something else stands there.
        OutputError: the disk is full or refuses.
    """

    def rows() -> Iterator[Record]:
        return read_rows(place)

    path = path_as(form, place)
    if form == "hf":
        if path.exists() and not overwrite and read_counts_of(path / _PROVENANCE) != read_counts(place):
            raise _foreign(path)
        return _hf(path, place, rows)
    writers = {"sharegpt": _sharegpt, "chatml": _chatml, "csv": _csv, "label-studio": _label_studio}
    text = io.BytesIO()
    writers[form](text, rows())
    if path.exists() and not overwrite and path.read_bytes() != text.getvalue():
        raise _foreign(path)
    with whole_file(path) as handle:
        handle.write(text.getbuffer())
    return path


def _foreign(path: Path) -> RunError:
    return RunError(
        f"further form must not replace another file, got {path.name}, which is there already; move it away, choose "
        "another name with -o or pass --overwrite"
    )


def _sharegpt(handle: BinaryIO, rows: Iterator[Record]) -> None:
    for row in rows:
        said = [{"from": _role(n, "human", "gpt"), "value": each["text"]} for n, each in enumerate(row["turns"])]
        handle.write(line(_head(row) | {"conversations": said}).encode() + b"\n")


def _chatml(handle: BinaryIO, rows: Iterator[Record]) -> None:
    for row in rows:
        said = [{"role": _role(n, "user", "assistant"), "content": each["text"]} for n, each in enumerate(row["turns"])]
        handle.write(line(_head(row) | {"messages": said}).encode() + b"\n")


def _csv(handle: BinaryIO, rows: Iterator[Record]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        for number, each in enumerate(row["turns"], start=1):
            alone = len(row["turns"]) == 1
            name = row["id"] if alone else f"{row['id']}-{number}"
            cells = (name, row["id"], number, each["speaker"], each["text"], each["label"] or "")
            writer.writerow((*cells, row["split"], row["plan"]["scenario"]))
        handle.write(text.getvalue().encode("utf-8"))
        text.seek(0)
        text.truncate()
    handle.write(text.getvalue().encode("utf-8"))


def _label_studio(handle: BinaryIO, rows: Iterator[Record]) -> None:
    handle.write(b"[")
    for number, row in enumerate(rows):
        said = [{"author": each["speaker"], "text": each["text"]} for each in row["turns"]]
        chosen = {
            "from_name": "emotion",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": row["labels"]},
        }
        task = {
            "data": {"id": row["id"], "text": row["text"], "dialogue": said, "split": row["split"]},
            "predictions": [{"model_version": row["provenance"]["writer"], "result": [chosen]}],
        }
        handle.write((b",\n" if number else b"\n") + line(task).encode())
    handle.write(b"\n]\n")


def _hf(path: Path, place: Destination, rows: Rows) -> Path:
    told = read_counts(place)
    with whole_folder(path, replace=True) as stage:
        (stage / "data").mkdir()
        there = []
        for split in (TRAIN, DEV):
            if any(row["split"] == split for row in rows()):
                there.append(split)
                with whole_file(stage / "data" / f"{split}-00000-of-00001.parquet") as handle:
                    write_parquet(handle, (row for row in rows() if row["split"] == split))
        (stage / "README.md").write_text(card(told, there, rows()), encoding="utf-8")
        (stage / _PROVENANCE).write_text(json.dumps(told, indent=1), encoding="utf-8")
    return path


def _head(row: Record) -> Record:
    return {"id": row["id"], "labels": row["labels"], "split": row["split"]}


def _role(number: int, first: str, second: str) -> str:
    return second if number % 2 else first
