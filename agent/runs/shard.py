"""A shard: what became of one chunk of input rows, good and bad together, as one Arrow table.

Takes the chunk and a labeler; gives the table, and reads it back. Knows nothing of where it is stored. Good
and bad rows share a table so that there is no moment at which one is saved and the other is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.agent.prediction import BatchLabeler, Prediction
from thymos.agent.runs.kept import Selection
from thymos.agent.runs.text import readable
from thymos.prompts.errors import RowError, RunError

DECIMALS = 6  # of every number written: finer than the model knows, and a third of the bytes

EXCERPT = 80  # characters

SCHEMA = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("id", pa.string()),
        # a good row has these ...
        pa.field("labels", pa.list_(pa.string())),
        pa.field("probabilities", pa.list_(pa.float64())),  # in taxonomy order
        pa.field("entropy", pa.float64()),
        pa.field("margin", pa.float64()),
        pa.field("abstained", pa.bool_()),
        pa.field("label_set", pa.list_(pa.string())),  # null where no coverage is wished
        pa.field("kept", pa.string()),  # JSON object, see `kept.py`
        # ... and a bad row these
        pa.field("reason", pa.string()),
        pa.field("excerpt", pa.string()),
    ]
)


def label_chunk(chunk: Sequence[Sample | BadRow], first_row: int, labeler: BatchLabeler, kept: Selection) -> Any:
    """Label one chunk.

    Args:
        chunk: consecutive rows of a corpus.
        first_row: 1-based number of its first row.
        labeler: gives the predictions, in one batch.
        kept: the input columns to carry along.

    Returns:
        A table of `SCHEMA`, one row per row of the chunk, in order.

    Raises:
        RunError: the labeler did not give one answer per row, each under the row's own id.
    """
    samples = [row for row in chunk if isinstance(row, Sample)]
    answers = labeler.label_batch(samples) if samples else []
    strays = [p.id for s, p in zip(samples, answers, strict=False) if isinstance(p, Prediction) and p.id != s.id]
    if len(answers) != len(samples) or strays:
        raise RunError(
            f"labeler must give one answer per row in order, got {len(answers)} for {len(samples)} rows"
            f"{f' and a stray id {strays[0]!r}' if strays else ''}; mend {type(labeler).__name__}.label_batch"
        )
    waiting = iter(answers)
    rows = [
        _set_aside(row) if isinstance(row, BadRow) else _row(number, row, next(waiting), labeler, kept)
        for number, row in enumerate(chunk, first_row)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def good_rows(shard: Any) -> Any:
    """Return the rows that were labelled."""
    return shard.filter(pc.is_null(shard["reason"]))


def bad_rows(shard: Any) -> Iterator[dict[str, Any]]:
    """Yield what is known of each row that was not, as it stands in the errors file."""
    columns = shard.filter(pc.is_valid(shard["reason"])).select(["row", "id", "reason", "excerpt"])
    yield from columns.to_pylist()


def count_bad(shard: Any) -> int:
    """Return the number of rows that could not be labelled."""
    return int(shard.num_rows - shard["reason"].null_count)


def _row(
    number: int, sample: Sample, answer: Prediction | RowError, labeler: BatchLabeler, kept: Selection
) -> dict[str, Any]:
    """Return one row of the table for a sample and what the labeler said."""
    if isinstance(answer, RowError):
        return _set_aside(BadRow(number, str(answer), sample.id, sample.text))
    return {
        "row": number,
        "id": readable(sample.id),
        "labels": list(answer.labels),
        "probabilities": [round(answer.probabilities[name], DECIMALS) for name in labeler.taxonomy.names],
        "entropy": round(answer.entropy, DECIMALS),
        "margin": round(answer.margin, DECIMALS),
        "abstained": answer.abstained,
        "label_set": None if answer.label_set is None else list(answer.label_set),
        "kept": kept.encode(sample.metadata),
    }


def _set_aside(row: BadRow) -> dict[str, Any]:
    """Return one row of the table for a row that could not be labelled."""
    values = {name: readable(value) if isinstance(value, str) else value for name, value in asdict(row).items()}
    if values["excerpt"] is not None:
        values["excerpt"] = values["excerpt"][:EXCERPT]
    return values
