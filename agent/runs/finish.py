"""The last step of a run: shards become the output file, its errors file and its provenance.

Takes the run folder with every shard in it. Each file appears whole; the output comes last, so that where it
stands, everything that belongs to it stands too. Killed in between, the next session does it all again from
the same shards.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from thymos.adapters.whole_file import whole_file
from thymos.agent.runs.destination import Destination
from thymos.agent.runs.folder import OUTPUT, SIDECAR, RunFolder
from thymos.agent.runs.kept import Selection
from thymos.agent.runs.provenance import Provenance, sha256
from thymos.agent.runs.shard import bad_rows, good_rows
from thymos.agent.runs.survey import Survey, survey
from thymos.agent.runs.writers import writer_for
from thymos.prompts.errors import RunError


def finish(
    place: Destination,
    folder: RunFolder,
    count: int,
    labels: tuple[str, ...],
    selection: Selection,
    on_shard: Callable[[], None],
) -> Provenance:
    """Write the output of a run whose rows are all labelled.

    Args:
        place: where to.
        folder: holds shards 0 to `count - 1`.
        count: number of shards.
        labels: names in taxonomy order.
        selection: the columns that were carried along.
        on_shard: called whenever another shard has been written.

    Raises:
        RunError: a shard cannot be read.
        OutputError: the disk is full or refuses.
    """
    walk = partial(_shards, folder, count)
    found = survey(walk, selection)
    provenance = Provenance(
        fingerprint=folder.fingerprint.digest,
        identity=dict(folder.fingerprint.parts),
        rows=found.rows,
        bad_rows=found.bad,
        duplicates=found.duplicates,
        duplicate=found.duplicate,
    )
    assembled = folder.path / OUTPUT
    with whole_file(place.out, via=assembled) as handle:
        writer = writer_for(place.format, handle, labels, found.kept, provenance)
        for shard in walk():
            writer.write(good_rows(shard))
            on_shard()
        writer.close()
        handle.flush()
        _put_beside(place, folder, walk(), found, provenance)
    return provenance


def _put_beside(
    place: Destination, folder: RunFolder, shards: Iterator[Any], found: Survey, provenance: Provenance
) -> None:
    """Write what stands beside the output, and remove what an earlier run left there."""
    sidecar = folder.path / SIDECAR
    if found.bad:
        with whole_file(place.errors, via=sidecar) as handle:
            for shard in shards:
                for row in bad_rows(shard):
                    handle.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    else:
        place.errors.unlink(missing_ok=True)
    if place.format != ".parquet":
        with whole_file(place.meta, via=sidecar) as handle:
            handle.write(provenance.to_json(output=place.out.name, sha256=sha256(folder.path / OUTPUT)))


def _shards(folder: RunFolder, count: int) -> Iterator[Any]:
    """Yield the shards in order."""
    for number in range(count):
        shard = folder.load(number)
        if shard is None:
            raise RunError(
                f"shard must be readable, got a damaged or missing number {number} in {folder.path}; run the "
                "same command again, it labels those rows once more"
            )
        yield shard
