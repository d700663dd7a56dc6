"""`Provenance`: what an output file says of the run that made it.

Takes a fingerprint and counts; gives JSON, and finds it again in a file. In Parquet it stands in the schema
metadata under `thymos`, otherwise in `OUT.meta.json` together with the SHA-256 of the output it describes. No
time, machine or path is in it: equal runs give equal bytes.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from thymos.agent.runs.destination import SUFFIXES, Destination

KEY = b"thymos"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an output comes from.

    Attributes:
        fingerprint: SHA-256 of `identity`.
        identity: the parts of the fingerprint; model, adapter and prompt hash stand under `labeler`.
        rows: rows in the output.
        bad_rows: rows that stand in the errors file instead.
        duplicates: rows whose id an earlier row has.
        duplicate: one such id, or None.
    """

    fingerprint: str
    identity: dict[str, Any]
    rows: int
    bad_rows: int
    duplicates: int = 0
    duplicate: str | None = None

    def to_json(self, **more: object) -> bytes:
        """Return the JSON text, with whatever a sidecar adds."""
        return json.dumps({**asdict(self), **more}, indent=1).encode()


def read_provenance(place: Destination) -> Provenance | None:
    """Return what an output says of itself, or None where it says nothing or was changed since."""
    found = _of_parquet(place.out) if place.format == ".parquet" else _of_sidecar(place)
    names = Provenance.__dataclass_fields__
    try:
        return Provenance(**{name: found[name] for name in names})
    except KeyError:
        return None


def others_beside(place: Destination) -> Path | None:
    """Return a file beside an output that is not there yet which writing it would replace, and which is another's."""
    siblings = [place.out.with_suffix(suffix) for suffix in SUFFIXES if suffix != place.format]
    if place.errors.exists() and any(each.exists() for each in siblings):
        return place.errors
    if place.format == ".parquet" or not place.meta.exists():
        return None
    try:
        own = json.loads(place.meta.read_bytes())["output"] == place.out.name
    except (OSError, ValueError, KeyError, TypeError):
        own = False
    return None if own else place.meta


def _of_parquet(path: Path) -> dict[str, Any]:
    try:
        file = pq.read_metadata(path)
        found = json.loads((file.metadata or {}).get(KEY, b"{}"))
    except (pa.ArrowInvalid, OSError, ValueError):
        return {}
    # A copy that was filtered and written again carries the metadata of the original.
    return found if found.get("rows") == file.num_rows else {}


def _of_sidecar(place: Destination) -> dict[str, Any]:
    try:
        found = json.loads(place.meta.read_bytes())
        same = found["output"] == place.out.name and found["sha256"] == sha256(place.out)
    except (OSError, ValueError, KeyError):
        return {}
    return found if same else {}


def sha256(path: Path) -> str:
    """Return the hash of a file as 64 hex digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
