"""Tool `label_file`: every row of a corpus, through the same resumable runs as `thymos label`.

Takes a call with a file; gives a `LabelledFile` whose result lies in the thread.
"""

import queue
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.calls import Call
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Event, Found, Progress
from thymos.agent.chat.findings import LabelledFile, Moment
from thymos.prompts.errors import InputError, RunError

MOST_ROWS = 20_000  # in a chat; more is work for `thymos label` or a job
_PREVIEW = 8
_CHUNK = 64  # rows between two words on the progress, and until a stop is heard


def label_file(call: Call, desk: Desk) -> Iterator[Event]:
    """Label the file of a call.

    Raises:
        InputError: it can't be read, or has too many rows for a chat.
        RunError: the result can't be written.
    """
    from thymos.adapters.readers.columns import Columns
    from thymos.adapters.readers.opening import open_corpus

    attached = call.attachment
    if attached is None:
        raise InputError("label_file needs a file, got none; attach a CSV, JSON lines or Parquet file")
    taxonomy = call.taxonomy or desk.taxonomy
    with tempfile.TemporaryDirectory(prefix="thymos-") as folder:
        source = Path(folder) / attached.name
        source.symlink_to(desk.place(attached).resolve())
        # A path in a row of somebody's file would be one of this machine.
        corpus = open_corpus(source, columns=Columns(speech="", face="", physiology=""))
        if sum(1 for _ in islice(corpus, MOST_ROWS + 1)) > MOST_ROWS:
            raise InputError(
                f"a file in a chat must have at most {MOST_ROWS:,} rows, got more; use `thymos label` or a job"
            )
        out = Path(folder) / f"{Path(attached.name).stem}-labelled.csv"
        report = yield from _followed(corpus, desk.engines.for_runs(taxonomy), out)
        rows = _rows(out)
        kept = desk.keep(out.name, out)
    yield Found(finding=_finding(attached, kept, taxonomy, rows, report))


def _followed(corpus: Any, labeler: Any, out: Path) -> Any:
    """Run in a thread of its own and tell how far it is; return its report."""
    from thymos.agent.runs.run import run

    told: queue.Queue[Any] = queue.Queue()
    stopped = threading.Event()

    def tell(progress: Any) -> None:
        if stopped.is_set():
            raise RunError("the labelling was stopped before its end; ask again for it")
        told.put(progress)

    def work() -> None:
        try:
            told.put(run(corpus, labeler, out, keep_columns=_text_column(corpus), chunk_rows=_CHUNK, on_progress=tell))
        except BaseException as error:  # noqa: BLE001  (raised again where it is waited for)
            told.put(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        while True:
            each = told.get()
            if isinstance(each, BaseException):
                raise each
            if hasattr(each, "provenance"):
                return each
            share = min(1.0, each.rows / each.total) if each.total else 0.0
            yield Progress(share=share, says=f"{each.rows:,} rows")
    finally:  # whoever asked may have left: the folder goes when the worker has ended
        stopped.set()
        worker.join()


def _text_column(corpus: Any) -> tuple[str, ...]:
    """Return the column that holds the words, if the rows have one by that name."""
    first = next((row for row in corpus if hasattr(row, "metadata")), None)
    if first is None:
        return ()
    return tuple(name for name, value in first.metadata.items() if value == first.text)[:1]


def _rows(out: Path) -> list[dict[str, str]]:
    import csv

    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _finding(
    source: Attachment, kept: Attachment, taxonomy: str, rows: list[dict[str, str]], report: Any
) -> LabelledFile:
    import json

    firsts = Counter((json.loads(row["labels"]) or ["(left to a person)"])[0] for row in rows)
    own = {"id", "labels", "probabilities", "entropy", "margin", "abstained", "label_set"}
    preview = tuple(
        Moment(
            text=next((row[name] for name in row if name not in own), row["id"])[:200],
            labels=tuple(json.loads(row["labels"])),
            probabilities={name: round(float(p), 4) for name, p in json.loads(row["probabilities"]).items()},
        )
        for row in rows[:_PREVIEW]
    )
    return LabelledFile(
        source=source.name,
        result=kept,
        taxonomy=taxonomy,
        rows=report.provenance.rows,
        bad_rows=report.provenance.bad_rows,
        counts=dict(firsts.most_common()),
        preview=preview,
    )
