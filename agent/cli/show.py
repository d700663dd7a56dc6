"""`thymos show`: the first rows of a labelled file as a table that a person can read.

Takes what `thymos label` wrote (Parquet, CSV or JSONL); gives a table. Text from a corpus is shown as it is,
less what would steer the terminal. Must not load a model.
"""

import csv
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.types import PositiveInt
from rich.console import Console
from rich.table import Table
from rich.text import Text

from thymos.prompts.errors import InputError

RESULT_COLUMNS = ("id", "labels", "probabilities", "entropy", "margin", "abstained")
_BAR = 10  # cells of a bar that stands for probability 1
_EIGHTHS = " ▏▎▍▌▋▊▉"


def show(
    labelled: Path,
    /,
    *,
    rows: Annotated[PositiveInt, Parameter(alias="-n")] = 24,
    top: PositiveInt = 3,
) -> None:
    """Print the first rows of a labelled file as a table.

    Shows the `text` column where `thymos label --keep-columns text` kept it, and the ids where not.

        thymos show out/demo.parquet
        thymos show labelled.csv --rows 100 --top 5

    Args:
        labelled: File that `thymos label` wrote: .parquet, .csv or .jsonl.
        rows: How many rows to print.
        top: How many labels to print for each row, most probable first.
    """
    Console().print(table(list(islice(read_labelled(labelled), rows)), top))


def read_labelled(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a labelled file, with `probabilities` as a dict whatever the format.

    Raises:
        InputError: the file is absent, of another format, or not one that `thymos label` wrote.
    """
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl}
    if path.suffix not in readers:
        raise InputError(
            f"labelled file must end in {', '.join(readers)}, got {path.name!r}; "
            "name an output of `thymos label`"
        )
    if not path.is_file():
        raise InputError(f"labelled file must exist, got {path}; make one with `thymos label`")
    try:
        for row in readers[path.suffix](path):
            if missing := [column for column in RESULT_COLUMNS if column not in row]:
                raise InputError(
                    f"labelled file must have the columns {', '.join(RESULT_COLUMNS)}, "
                    f"got {path} without {', '.join(missing)}; make one with `thymos label`"
                )
            yield row
    except (OSError, ValueError) as error:  # pyarrow's and json's errors are ValueErrors
        raise InputError(
            f"labelled file must be readable, got {path} ({error}); label the corpus again"
        ) from error


def table(rows: list[Mapping[str, Any]], top: int) -> Table:
    """Lay rows out: the kept text (or the id where none was kept), probabilities as bars, margin, decision.

    Args:
        rows: as `read_labelled` gives them.
        top: labels to show for each.
    """
    heading = "text" if any("text" in row for row in rows) else "id"
    out = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    out.add_column(heading, ratio=1)
    out.add_column("label", style="bold")
    out.add_column("most probable", no_wrap=True)
    out.add_column("margin", justify="right")
    for row in rows:
        ranked = sorted(row["probabilities"].items(), key=lambda item: -item[1])[:top]
        out.add_row(
            Text(printable(str(row.get(heading) or row["id"]))),
            Text("for a person", style="yellow") if row["abstained"] else Text(printable(_decision(row))),
            Text("\n").join(_bar(printable(name), probability) for name, probability in ranked),
            f"{row['margin']:.2f}",
        )
    return out


def printable(text: str) -> str:
    """Return text without characters that steer a terminal or reorder what it shows, as `·` each."""
    return "".join("·" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)


def _decision(row: Mapping[str, Any]) -> str:
    return ", ".join(row["labels"])


def _bar(name: str, probability: float) -> Text:
    full, eighths = divmod(round(probability * _BAR * 8), 8)
    bar = ("█" * full + _EIGHTHS[eighths]).rstrip().ljust(_BAR)
    return Text.assemble((bar, "cyan"), f" {probability:4.0%} {name}")


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=256):
            yield from batch.to_pylist()


def _csv(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield _from_cells(row)


def _from_cells(row: dict[str, Any]) -> Mapping[str, Any]:
    """Turn the text cells of a CSV row into values; cells that are absent stay absent."""
    decode: dict[str, Callable[[str], Any]] = {
        "labels": json.loads,
        "probabilities": json.loads,
        "entropy": float,
        "margin": float,
        "abstained": json.loads,
    }
    return row | {column: decode[column](row[column]) for column in decode if column in row}


def _jsonl(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
