"""Write a plan to a file, so that it can be stopped at any moment and gone on with later.

Takes a plan, a `Maker` and a path; gives a `SynthReport`. While it works, finished rows stand in `OUT.run/`, one shard
per chunk of plan rows; a killed run loses the chunk in hand. Where rows found no text, further rows of the same label's
walk through the grid are tried, a bounded number of times. Knows nothing of models or terminals.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from signal import SIGINT
from typing import Any

from thymos.agent.runs.destination import Destination
from thymos.agent.runs.folder import RunFolder
from thymos.agent.runs.identity import Fingerprint
from thymos.agent.runs.lock import claim
from thymos.agent.runs.progress import Progress
from thymos.agent.runs.provenance import Provenance
from thymos.agent.runs.report import finished_earlier
from thymos.agent.runs.stop import RunStoppedError, Stopped, stoppable
from thymos.agent.synth.output import Extras, finish, read_counts
from thymos.agent.synth.plan import Plan, PlanRow
from thymos.agent.synth.records import candidate_of
from thymos.agent.synth.shards import kept_of, tally_of, to_table
from thymos.agent.synth.write import Maker, Tally
from thymos.prompts.errors import RunError

CHUNK_ROWS = 16
SPARE_WAVES = 2
_TOLD = {"asked", "kept", "counts", "agreement", "diversity"}  # of a run, beside its output


@dataclass(frozen=True, slots=True)
class SynthReport:
    """What a run left.

    Attributes:
        out: the output file.
        dropped: the file of dropped texts, or None when there are none.
        meta: the file with provenance and counts.
        provenance: fingerprint and counts.
        told: all that stands in `meta`.
        resumed: plan rows that an earlier session had done.
        already_done: True when the output was there and nothing had to be done.
    """

    out: Path
    dropped: Path | None
    meta: Path
    provenance: Provenance
    told: Mapping[str, Any]
    resumed: int = 0
    already_done: bool = False


def run(
    plan: Plan,
    maker: Maker,
    out: str | Path,
    *,
    extras: Extras | None = None,
    chunk_rows: int = CHUNK_ROWS,
    spare_waves: int = SPARE_WAVES,
    overwrite: bool = False,
    restart: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> SynthReport:
    """Write every row of a plan to a file.

    Args:
        plan: rows.
        maker: writes them.
        out: `.jsonl` or `.parquet`.
        extras: what is measured of the whole set, and how it is parted.
        chunk_rows: rows that are written and saved together; a kill loses at most these.
        spare_waves: times that rows without a text are replaced by further ones.
        overwrite: write anew even where an output stands, and replace it.
        restart: throw away an unfinished run of this output.
        on_progress: called after every chunk.

    Raises:
        RunError: the output can't be written, or belongs to another run; the writer gives no texts.
        ModelError: the writer can't be reached; what was written before stays.
        RunStoppedError: a signal asked the process to stop; what was written before stays.
    """
    place = checked(out)
    options = {"chunk_rows": chunk_rows, "spare_waves": spare_waves}
    extras = extras or Extras()
    state = _State(plan, spare_waves, on_progress)
    with claim(place), _stopping_politely(state):
        identity = maker.identity()
        fingerprint = Fingerprint.of(plan.identity(), identity, options | extras.identity())
        done = None if overwrite else finished_earlier(place, fingerprint)
        if done is not None:
            RunFolder(place.run_folder, fingerprint).discard_own()
            return _report(place, done.provenance, already_done=True)
        folder = RunFolder.open(place.run_folder, fingerprint, restart=restart)
        for number, chunk in enumerate(state.chunks(chunk_rows)):
            _do_chunk(folder, number, chunk, maker, state)
        provenance = finish(place, folder, state.shards, plan, state.tally, extras)
        folder.discard()
    return _report(place, provenance, resumed=state.resumed)


def checked(out: str | Path) -> Destination:
    """Accept an output path, or refuse while nothing has been done yet.

    Raises:
        RunError: it is none that can be written.
    """
    if Path(out).suffix.lower() not in (".jsonl", ".parquet"):
        raise RunError(
            f"output must end in .jsonl or .parquet, got {str(out)!r}; other forms are written beside it with --as"
        )
    return Destination.checked(out, source="")


def dropped_path(place: Destination) -> Path:
    """Return where the dropped texts of an output stand."""
    return place.out.with_suffix(".dropped.jsonl")


class _State:
    """How far a run is, and which rows come next."""

    def __init__(self, plan: Plan, spare_waves: int, tell: Callable[[Progress], None]) -> None:
        self.tally = Tally()
        self.shards = self.resumed = 0
        self._plan = plan
        self._waves = spare_waves
        self._tell = tell
        self._total = plan.rows
        self._kept: Counter[str] = Counter()

    def chunks(self, size: int) -> Iterator[list[PlanRow]]:
        """Yield the rows of the plan, and then of further waves for what is missing; never one chunk of two waves."""
        yield from _cut(iter(self._plan), size)
        begun = Counter(self._plan.wish.counts)
        for _ in range(self._waves):
            rows = list(self._further(begun))
            self._total += len(rows)
            yield from _cut(iter(rows), size)

    def saved(self, labels: Sequence[str], tally: Mapping[str, Any], *, resumed: bool) -> None:
        """Count a chunk that is saved."""
        self._kept.update(labels)
        self.tally.add(tally)
        self.shards += 1
        self.resumed += tally["rows"] if resumed else 0
        missed = self.tally.rows - self.tally.kept
        self._tell(Progress("label", self.tally.rows, missed, self.resumed, self._total))

    def _further(self, begun: Counter[str]) -> Iterator[PlanRow]:
        """Yield as many further rows as are missing, of labels for which anything was kept at all."""
        for label, wished in self._plan.wish.counts.items():
            lacks = wished - self._kept[label] if self._kept[label] else 0
            for _ in range(min(lacks, self._plan.size(label) - begun[label])):
                yield self._plan.row(label, begun[label])
                begun[label] += 1


def _do_chunk(folder: RunFolder, number: int, chunk: list[PlanRow], maker: Maker, state: _State) -> None:
    """Write a chunk and save its shard, unless an earlier session did."""
    shard = folder.load(number)
    resumed = shard is not None
    if shard is None:
        shard = to_table(maker.make(chunk))
        folder.save(number, shard)
    kept = list(kept_of(shard))
    if resumed:
        for each in kept:
            maker.recall(candidate_of(each))
    state.saved([each["labels"][0] for each in kept], tally_of(shard), resumed=resumed)


def _cut(rows: Iterator[PlanRow], size: int) -> Iterator[list[PlanRow]]:
    while chunk := list(islice(rows, size)):
        yield chunk


def _report(place: Destination, provenance: Provenance, *, resumed: int = 0, already_done: bool = False) -> SynthReport:
    dropped, told = dropped_path(place), read_counts(place)
    if not told.keys() >= _TOLD:
        raise RunError(
            f"counts of a finished output must stand beside it, got none in {place.meta.name}; pass --overwrite to "
            "write it anew"
        )
    return SynthReport(
        out=place.out,
        dropped=dropped if dropped.exists() else None,
        meta=place.meta,
        provenance=provenance,
        told=told,
        resumed=resumed,
        already_done=already_done,
    )


@contextmanager
def _stopping_politely(state: _State) -> Iterator[None]:
    """Turn a request to stop into a sentence that says how to go on."""
    try:
        with stoppable():
            yield
    except (Stopped, KeyboardInterrupt) as stop:
        number = stop.number if isinstance(stop, Stopped) else SIGINT
        raise RunStoppedError(
            f"stopped after {state.tally.rows:,} rows; run the same command again to go on", number
        ) from None
