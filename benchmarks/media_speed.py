"""Rows with recordings labelled in a second, with the next chunk's recordings encoded meanwhile and without.

    python benchmarks/media_speed.py     (portraits cut out of the photograph that comes with matplotlib)
    python benchmarks/media_speed.py face --corpus .../fer2013_ferplus/labels.csv --format fer2013 --rows 600
    python benchmarks/media_speed.py voice --corpus .../ravdess/labels.csv --format ravdess --rows 240

Runs of `thymos label` in turn, each with an empty cache of frames, and one more with a full cache, in which nothing
is encoded. Prints rows a second, medians over rounds, their ratio, and what share of the time goes for encoding: what a
run is longer than the one with the full cache. `thymos label` encodes ahead where the LLM is on a GPU; on a processor
both want the same cores.
"""

import argparse
import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from _common import machine_line
from face_speed import photograph

from thymos.adapters.llm.adapter import read_card
from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Face, Sample
from thymos.adapters.scoring.shared import SharedModel


class Rows:
    """A part of a corpus in memory."""

    source = "rows"

    def __init__(self, rows: list[Sample]) -> None:
        self.rows = rows

    def __iter__(self) -> Any:
        return iter(self.rows)

    def identity(self) -> dict[str, object]:
        """Name the rows."""
        return {"ids": [row.id for row in self.rows]}


def portraits(number: int) -> list[Sample]:
    """Return rows for who has no corpus: one photograph, each time cut a pixel further in."""
    pixels = photograph(640)
    cuts = (pixels[place // 40 :, place % 40 :] for place in range(number))
    return [Sample(id=str(place), face=Face(pixels=np.ascontiguousarray(cut))) for place, cut in enumerate(cuts)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapter", nargs="?", default="face")
    parser.add_argument("--corpus", type=Path, help="with recordings for the adapter; portraits unless given")
    parser.add_argument("--format", default="auto")
    parser.add_argument("--rows", type=int, default=240)
    parser.add_argument("--chunk", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    from thymos.adapters.llm.adapter import adapter_folder
    from thymos.agent.labeler import Labeler
    from thymos.agent.runs.run import run

    print(machine_line())
    card = read_card(adapter_folder(told.adapter))
    assert card is not None
    (taxonomy, *_) = card.confidence
    if told.corpus is None:
        rows = Rows(portraits(told.rows))
    else:
        every = open_corpus(told.corpus, format=told.format)
        rows = Rows(list(islice((row for row in every if isinstance(row, Sample)), told.rows)))
    shared = SharedModel.load(card.base)
    times: dict[str, list[float]] = {"one after the other": [], "encoded ahead": [], "nothing to encode": []}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(told.rounds + 1):  # the first warms up
            for name, kept in times.items():
                cache = Path(folder, f"{turn}-{name if name != 'nothing to encode' else 'encoded ahead'}")
                labeler = Labeler.from_pretrained(shared, taxonomy=taxonomy, adapter=told.adapter)
                labeler._writer._perception = _with_cache(labeler._writer.streams, cache)
                begin = time.perf_counter()
                run(
                    rows,
                    labeler,
                    Path(folder, f"{turn} {name}.parquet"),
                    chunk_rows=told.chunk,
                    prepare=labeler._writer.prepare if name == "encoded ahead" else None,
                )
                if turn:
                    kept.append(time.perf_counter() - begin)
    least = statistics.median(times["nothing to encode"])
    told_of = told.corpus.parent.name if told.corpus else "portraits"
    print(f"{len(rows.rows)} rows of {told_of}, adapter {told.adapter}, chunks of {told.chunk}")
    for name, kept in times.items():
        median = statistics.median(kept)
        print(f"{name:22s}{len(rows.rows) / median:8.1f} rows/s   encoding {1 - least / median:5.0%} of the time")
    ratio = statistics.median(times["one after the other"]) / statistics.median(times["encoded ahead"])
    print(f"encoded ahead is {ratio:.2f} times as fast")


def _with_cache(streams: Any, folder: Path) -> Any:
    from thymos.adapters.perception import Perception

    return Perception(streams, folder=folder)


if __name__ == "__main__":
    main()
