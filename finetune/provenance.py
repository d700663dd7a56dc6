"""What a labelled file says of the run that wrote it: model, adapter, prompt, fingerprint, as recorded.

Takes bytes or a path; gives a JSON object, empty where nothing is said. Knows nothing of rows, and of the
object's content only where to find the name of the taxonomy.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thymos.prompts.errors import InputError

PARQUET_KEY = b"thymos"  # of the JSON object in a Parquet file's schema metadata


def provenance_beside(path: Path) -> Mapping[str, Any]:
    """Read `OUT.meta.json` (for `out.csv`: `out.meta.json` or `out.csv.meta.json`) where there is one."""
    for beside in (path.with_suffix(".meta.json"), path.with_name(path.name + ".meta.json")):
        if beside.is_file():
            return provenance_of(beside.read_bytes(), beside)
    return {}


def provenance_of(data: bytes, path: Path) -> Mapping[str, Any]:
    """Decode provenance that was found in a file.

    Raises:
        InputError: it is no JSON object.
    """
    try:
        found = json.loads(data)
    except ValueError as error:
        raise InputError(f"provenance in {path} must be JSON, got {error}; delete or mend it") from error
    if not isinstance(found, dict):
        raise InputError(f"provenance in {path} must be a JSON object, got {type(found).__name__}; delete or mend it")
    return found


def taxonomy_name(provenance: Mapping[str, Any]) -> str | None:
    """Find the name of the taxonomy in what a run recorded, at whatever depth; None where it says nothing."""
    level: list[Mapping[str, Any]] = [provenance]
    while level:
        for found in level:
            taxonomy = found.get("taxonomy")
            name = taxonomy.get("name") if isinstance(taxonomy, Mapping) else taxonomy
            if isinstance(name, str):
                return name
        level = [value for found in level for value in found.values() if isinstance(value, Mapping)]
    return None
