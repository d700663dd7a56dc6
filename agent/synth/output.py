"""The last step of a run: shards become the output, the dropped texts, and a file of provenance and counts.

Takes the run folder with every shard in it. Each file appears whole, the output last, so that where it stands, all that
belongs to it stands too.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from thymos.adapters.whole_file import whole_file
from thymos.agent.runs.destination import Destination
from thymos.agent.runs.folder import OUTPUT, SIDECAR, RunFolder
from thymos.agent.runs.provenance import KEY, Provenance, sha256
from thymos.agent.synth.diversity import MOST, below_floor, drawn, measure
from thymos.agent.synth.plan import Plan
from thymos.agent.synth.records import Record
from thymos.agent.synth.shards import dropped_of, kept_of, line
from thymos.agent.synth.split import DEV, TRAIN, dev_scenarios
from thymos.agent.synth.vectors import Vectors
from thymos.agent.synth.write import Tally
from thymos.prompts.errors import RunError
from thymos.retrieval.grams import texts_sha256

_GROUP = 5_000  # rows of a Parquet row group
_NESTED = ("plan", "provenance", "gates")  # JSON in Parquet


@dataclass(frozen=True)
class Extras:
    """What is measured of the whole set, and how it is parted.

    Attributes:
        dev: share of rows in the dev split, by scenario.
        vectors: for the Vendi score.
        real: texts of real data, to compare with.
        seed: of draws.
        told: about the run, for its card; no part of its identity.
    """

    dev: float = 0.1
    vectors: Vectors | None = None
    real: Sequence[str] = ()
    seed: int = 0
    told: Mapping[str, object] = field(default_factory=dict)

    def identity(self) -> dict[str, object]:
        """Return what changes the output."""
        return {"dev": self.dev, "real": texts_sha256(self.real) if self.real else None}


def finish(place: Destination, folder: RunFolder, count: int, plan: Plan, tally: Tally, extras: Extras) -> Provenance:
    """Write the output of a run whose rows are all done.

    Raises:
        RunError: a shard can't be read.
        OutputError: the disk is full or refuses.
    """
    scenarios: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    texts: list[str] = []
    for each in _kept(folder, count):
        scenarios[each["plan"]["scenario"]] += 1
        labels[each["labels"][0]] += 1
        texts.append(each["text"])
    dev = dev_scenarios(scenarios, extras.dev, extras.seed)
    dropped = sum(tally.dropped.values())
    provenance = Provenance(folder.fingerprint.digest, dict(folder.fingerprint.parts), len(texts), dropped)
    with whole_file(place.out, via=folder.path / OUTPUT) as handle:
        rows = ({**each, "split": DEV if each["plan"]["scenario"] in dev else TRAIN} for each in _kept(folder, count))
        _write(place.format, handle, rows, provenance)
        handle.flush()
        _put_dropped(place, folder, count, dropped)
        told = {
            "output": place.out.name,
            "sha256": sha256(folder.path / OUTPUT),
            "asked": dict(plan.wish.counts),
            "kept": {name: labels[name] for name in plan.wish.counts},
            "counts": tally.told(),
            "agreement": _agreement(tally),
            "diversity": _diversity(texts, extras),
            "dev_scenarios": sorted(dev),
            "about": dict(extras.told),
        }
        with whole_file(place.meta, via=folder.path / SIDECAR) as meta:
            meta.write(provenance.to_json(**told))
    return provenance


def read_counts(place: Destination) -> Mapping[str, Any]:
    """Return what stands beside an output, {} where nothing that can be read does."""
    return read_counts_of(place.meta)


def read_counts_of(path: Path) -> Mapping[str, Any]:
    """Return what a file of provenance and counts says, {} where it can't be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def read_rows(place: Destination) -> Iterator[Record]:
    """Yield the rows of an output, in either format."""
    if place.format == ".parquet":
        import pyarrow.parquet as pq

        for group in pq.ParquetFile(place.out).iter_batches(_GROUP):
            for row in group.to_pylist():
                yield row | {name: json.loads(row[name]) for name in _NESTED}
        return
    with place.out.open("rb") as handle:
        for each in handle:
            yield json.loads(each)


def _write(suffix: str, handle: BinaryIO, rows: Iterator[Record], provenance: Provenance) -> None:
    if suffix == ".parquet":
        write_parquet(handle, rows, {KEY: provenance.to_json()})
        return
    for row in rows:
        handle.write(line(row).encode() + b"\n")


def write_parquet(handle: BinaryIO, rows: Iterator[Record], metadata: Mapping[bytes, bytes] | None = None) -> None:
    """Write rows as Parquet; plan, provenance and verdicts stand as JSON.

    Args:
        handle: to write to; stays open.
        rows: with a split.
        metadata: of the schema.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.string()
    turn = pa.struct([pa.field(name, text) for name in ("speaker", "text", "label")])
    fields = [pa.field(name, text) for name in ("id", "kind", "text", "situation", "split", *_NESTED)]
    schema = pa.schema([*fields, pa.field("labels", pa.list_(text)), pa.field("turns", pa.list_(turn))])
    if metadata:
        schema = schema.with_metadata(dict(metadata))
    with pq.ParquetWriter(handle, schema, version="2.6", compression="zstd") as writer:
        group: list[Record] = []
        for row in rows:
            group.append(row | {name: line(row[name]) for name in _NESTED})
            if len(group) == _GROUP:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                group = []
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def _put_dropped(place: Destination, folder: RunFolder, count: int, dropped: int) -> None:
    path = place.out.with_suffix(".dropped.jsonl")
    if not dropped:
        path.unlink(missing_ok=True)
        return
    with whole_file(path, via=folder.path / SIDECAR) as handle:
        for shard in _shards(folder, count):
            for each in dropped_of(shard):
                handle.write(line(each).encode() + b"\n")


def _agreement(tally: Tally) -> dict[str, float | None]:
    """Return how often well-formed texts were read as asked, before any gate; in all and as a mean over labels."""
    total = sum(sum(counts.values()) for counts in tally.read.values())
    right = sum(counts[asked] for asked, counts in tally.read.items())
    return {"before_gates": round(right / total, 4) if total else None}


def _diversity(texts: Sequence[str], extras: Extras) -> dict[str, object]:
    """Measure what is kept, and as many real texts."""
    mine = drawn(texts, MOST, extras.seed)
    vectors = extras.vectors.many(mine) if extras.vectors and mine else None
    found: dict[str, object] = {"kept": measure(mine, vectors)}
    if extras.real and mine:
        real = drawn(extras.real, len(mine), extras.seed)
        found["real"] = measure(real, extras.vectors.many(real) if extras.vectors else None)
        if len(real) < len(mine):  # the figures grow or fall with the number of texts
            few = drawn(mine, len(real), extras.seed)
            found["as_many_kept"] = measure(few, extras.vectors.many(few) if extras.vectors else None)
        compared = "as_many_kept" if "as_many_kept" in found else "kept"
        found["below_floor"] = below_floor(measure_of(found, compared), measure_of(found, "real"))
    return found


def measure_of(found: Mapping[str, object], name: str) -> dict[str, object]:
    """Return one of the two sets of figures."""
    figures = found[name]
    assert isinstance(figures, dict)
    return figures


def _kept(folder: RunFolder, count: int) -> Iterator[Record]:
    for shard in _shards(folder, count):
        yield from kept_of(shard)


def _shards(folder: RunFolder, count: int) -> Iterator[Any]:
    for number in range(count):
        shard = folder.load(number)
        if shard is None:
            raise RunError(
                f"shard must be readable, got a damaged or missing number {number} in {folder.path}; run the same "
                "command again, it writes those rows once more"
            )
        yield shard
