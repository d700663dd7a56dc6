"""Label a corpus to a file, so that it can be stopped at any moment and gone on with later.

Takes a corpus, a labeler and a path; gives a `RunReport`. Knows nothing of input formats, of models or of
terminals. While it works, finished rows stand in `OUT.run/`, one shard per chunk of input rows; a killed run
loses the chunk in hand and goes on with the first one that has no shard.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from signal import SIGINT

from thymos.adapters.corpus import BadRow, Corpus
from thymos.adapters.sample import Sample
from thymos.agent.prediction import BatchLabeler
from thymos.agent.runs.ahead import Ahead, Prepare, with_next
from thymos.agent.runs.destination import Destination
from thymos.agent.runs.finish import finish
from thymos.agent.runs.folder import RunFolder
from thymos.agent.runs.identity import Fingerprint
from thymos.agent.runs.kept import Selection
from thymos.agent.runs.lock import claim
from thymos.agent.runs.progress import Progress, Tally, expected_rows
from thymos.agent.runs.report import RunReport, finished_earlier, refuse_beside, refuse_foreign
from thymos.agent.runs.shard import count_bad, label_chunk
from thymos.agent.runs.stop import RunStoppedError, Stopped, stoppable
from thymos.prompts.errors import RunError

CHUNK_ROWS = 512  # input rows: about ten seconds of the default model on two cores


def run(
    corpus: Corpus,
    labeler: BatchLabeler,
    out: str | Path,
    *,
    keep_columns: tuple[str, ...] = (),
    limit: int | None = None,
    chunk_rows: int = CHUNK_ROWS,
    overwrite: bool = False,
    restart: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    prepare: Prepare | None = None,
) -> RunReport:
    """Label every row of a corpus and write the answers to a file.

    Args:
        corpus: rows, good and bad.
        labeler: gives a prediction or an error per row.
        out: `.parquet`, `.jsonl` or `.csv`; columns and types are those of `writers.py`. Numbers are rounded
            to 6 decimals, so probabilities may miss a sum of 1 by half a millionth per label.
        keep_columns: input columns to carry along, `("all",)` for all of them.
        limit: stop after this many input rows; None for all.
        chunk_rows: rows labelled in one batch and saved together; a kill loses at most these.
        overwrite: label anew even where an output stands, and replace it.
        restart: throw away an unfinished run of this output.
        on_progress: called after every chunk.
        prepare: encodes the recordings of the next chunk while one is labelled; see `ahead`.

    Raises:
        InputError: a kept column is not there.
        RunError: the output cannot be written, belongs to another run or is being written by one; an
            unfinished run began with something else; the input changed meanwhile; the disk is full.
        RunStoppedError: a signal asked the process to stop; what was labelled is saved.
    """
    place = Destination.checked(out, corpus.source)
    kept = Selection(keep_columns)
    options = {"keep_columns": keep_columns, "limit": limit, "chunk_rows": chunk_rows}
    _refuse_below_one(limit=limit, chunk_rows=chunk_rows)
    tally = Tally(expected_rows(corpus, limit), on_progress)
    with claim(place), _stopping_politely(tally), Ahead(prepare) as ahead:
        input_before = _stamp(corpus)
        fingerprint = Fingerprint.of(corpus.identity(), labeler.identity(), options)
        done = None if overwrite else finished_earlier(place, fingerprint)
        if done is not None:
            RunFolder(place.run_folder, fingerprint).discard_own()  # killed after its last file was in place
            return done
        if not overwrite and not place.out.exists():
            refuse_beside(place)
        folder = RunFolder.open(place.run_folder, fingerprint, restart=restart)
        chunks = _chunks(corpus, limit, chunk_rows)
        seen = with_next(chunks) if prepare else ((chunk, []) for chunk in chunks)
        for number, (chunk, following) in enumerate(seen):
            _do_chunk(folder, number, chunk, labeler, kept, tally, partial(ahead.begin, following))
        _refuse_change(corpus, input_before)
        provenance = finish(place, folder, tally.shards, labeler.taxonomy.names, kept, tally.written)
        folder.discard()
    return RunReport.of(place, provenance, resumed=tally.resumed)


def check_before(
    corpus: Corpus, out: str | Path, *, keep_columns: tuple[str, ...] = (), overwrite: bool = False
) -> None:
    """Refuse what `run` would refuse, as far as that can be known without a model.

    Raises:
        InputError: a kept column is not there.
        RunError: the output cannot be written, was not written by a run, or is being written.
    """
    place = Destination.checked(out, corpus.source)
    with claim(place):
        if place.out.exists() and not overwrite:
            refuse_foreign(place)
        elif not overwrite:
            refuse_beside(place)
    if keep_columns:
        Selection(keep_columns).check(islice(corpus, CHUNK_ROWS))


def _do_chunk(
    folder: RunFolder,
    number: int,
    chunk: list[Sample | BadRow],
    labeler: BatchLabeler,
    kept: Selection,
    tally: Tally,
    begin_next: Callable[[], None],
) -> None:
    """Label a chunk and save its shard, unless an earlier session did."""
    shard = folder.load(number)
    resumed = shard is not None
    if shard is None:
        if number == 0:
            kept.check(chunk)
        begin_next()
        shard = label_chunk(chunk, tally.rows + 1, labeler, kept)
        folder.save(number, shard)
    tally.saved(shard.num_rows, count_bad(shard), resumed=resumed)


def _chunks(corpus: Corpus, limit: int | None, size: int) -> Iterator[list[Sample | BadRow]]:
    """Cut the corpus at fixed row numbers, wherever a run was interrupted: equal batches, equal answers."""
    rows = islice(corpus, limit)
    while chunk := list(islice(rows, size)):
        yield chunk


@contextmanager
def _stopping_politely(tally: Tally) -> Iterator[None]:
    """Turn a request to stop into a sentence that says how to go on."""
    try:
        with stoppable():
            yield
    except (Stopped, KeyboardInterrupt) as stop:  # Arrow raises the latter for a Ctrl-C while it reads
        number = stop.number if isinstance(stop, Stopped) else SIGINT
        raise RunStoppedError(
            f"stopped after {tally.rows:,} rows; run the same command again to go on", number
        ) from None


def _stamp(corpus: Corpus) -> tuple[int, int] | None:
    """Return size and time of an input file, None when the input is no single file."""
    path = Path(corpus.source)
    if not path.is_file():
        return None
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _refuse_change(corpus: Corpus, before: tuple[int, int] | None) -> None:
    """Refuse to finish when the input may no longer be what was identified."""
    if _stamp(corpus) != before:
        raise RunError(
            f"input must stay as it is while it is labelled, got a change to {corpus.source}; run the same "
            "command again, which compares the contents"
        )


def _refuse_below_one(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise RunError(f"{name} must be at least 1, got {number}; leave it out for the default")
