"""`thymos show`: the first rows of a labelled file as a table that a person can read.

Takes what `thymos label` wrote (Parquet, CSV or JSON lines); gives a table. Text from a corpus is shown as it
is, less what would steer the terminal. Must not load a model.
"""

import unicodedata
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt
from rich.console import Console
from rich.table import Table
from rich.text import Text

from thymos.finetune.predictions import PredictedRow, open_predictions

_BAR = 10  # cells of a bar that stands for probability 1
_EIGHTHS = " ▏▎▍▌▋▊▉"  # of a cell


def show(
    labelled: Path,
    /,
    *,
    column: str | None = None,
    rows: Annotated[PositiveInt, Parameter(alias="-n")] = 24,
    top: PositiveInt = 3,
) -> None:
    """Print the first rows of a labelled file as a table.

    Beside each row's text stand its label, its most probable labels, and the margin between the first two.

        thymos show out/demo.parquet
        thymos show labelled.csv --column review --rows 100 --top 5

    Args:
        labelled: File that `thymos label` wrote: .parquet, .csv or .jsonl.
        column: Kept column to show; `text` where there is one, else the id.
        rows: How many rows to print.
        top: How many labels to print for each row, most probable first.
    """
    file = open_predictions(labelled)
    if column is None and "text" in file.columns:
        column = "text"
    found = list(islice(file.rows([column] if column else []), rows))
    Console().print(table(found, column, top))


def table(rows: Sequence[PredictedRow], column: str | None, top: int) -> Table:
    """Lay rows out: text, decision, probabilities as bars, margin.

    Args:
        rows: as read from a labelled file.
        column: kept column to show; the id when None.
        top: labels to show for each.
    """
    out = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    out.add_column(Text(printable(column or "id")), ratio=1)
    out.add_column("label", style="bold")
    out.add_column("most probable", no_wrap=True)
    out.add_column("margin", justify="right")
    for row in rows:
        ranked = sorted((row.probabilities or {}).items(), key=lambda item: -item[1])
        margin = f"{ranked[0][1] - ranked[1][1]:.2f}" if len(ranked) > 1 else ""
        out.add_row(
            Text(printable(_cell(row.kept[column]) if column else row.id)),
            Text("for a person", style="yellow") if row.abstained else Text(printable(", ".join(row.labels))),
            Text("\n").join(_line(printable(name), probability) for name, probability in ranked[:top]),
            margin,
        )
    return out


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def printable(text: str) -> str:
    """Return text without characters that steer a terminal or reorder what it shows, as `·` each."""
    return "".join("·" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)


def bar(probability: float, cells: int) -> str:
    """Return a bar that fills its cells at probability 1."""
    full, eighths = divmod(round(probability * cells * 8), 8)
    return ("█" * full + _EIGHTHS[eighths]).rstrip().ljust(cells)


def _line(name: str, probability: float) -> Text:
    return Text.assemble((bar(probability, _BAR), "cyan"), f" {probability:4.0%} {name}")
