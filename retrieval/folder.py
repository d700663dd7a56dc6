"""A knowledge base on disk: one folder that can be copied to another machine. Parquet, JSON, NumPy, FAISS; no pickle.

Takes the parts of a knowledge base; writes them beside those that are there and switches over by one file, `kb.json`,
so that a crash at any moment leaves the old base or the new one. Knows nothing of searching.
"""

import json
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from thymos.adapters.whole_file import refusal, whole_file
from thymos.prompts.errors import InputError
from thymos.retrieval.sentences import SentenceVectors
from thymos.retrieval.table import SCHEMA
from thymos.retrieval.vectors import METRIC, VectorIndex, Vectors, read_index, write_index
from thymos.retrieval.words import WordIndex

MANIFEST = "kb.json"
VERSION = 1
_LOCK = "kb.lock"
_SENTENCES, _OFFSETS = "sentences.npy", "offsets.npy"
_PASSAGES, _VECTORS, _INDEX, _WORDS = "passages.parquet", "vectors.npy", "index.faiss", "words"


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a knowledge base is made of.

    Attributes:
        table: passages.
        vectors: of each passage, (passages, dim).
        sentences: vectors of the sentences of each passage.
        index: over the vectors; None for one that is quick to build.
        words: over the texts; likewise.
        documents: name -> what is known of each document.
        embedder: name of the embedder.
        fingerprint: of the embedder.
    """

    table: pa.Table
    vectors: Vectors
    sentences: SentenceVectors
    index: VectorIndex | None
    words: WordIndex | None
    documents: Mapping[str, Mapping[str, Any]]
    embedder: str
    fingerprint: str


def lock(folder: Path) -> FileLock:
    """Return the lock that whoever changes the folder must hold."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(folder, error) from error
    return FileLock(folder / _LOCK)


def is_knowledge_base(folder: Path) -> bool:
    """Say whether a folder holds a knowledge base."""
    return (folder / MANIFEST).is_file()


def write_parts(folder: Path, parts: Parts) -> None:
    """Write a knowledge base; hold the folder's lock.

    Raises:
        OutputError: the disk is full or refuses; what was there stays.
    """
    generation = f"g-{uuid.uuid4().hex[:12]}"
    stage = folder / generation
    try:
        stage.mkdir(parents=True)
        pq.write_table(parts.table, stage / _PASSAGES, compression="zstd")
        np.save(stage / _VECTORS, parts.vectors, allow_pickle=False)
        np.save(stage / _SENTENCES, parts.sentences.vectors, allow_pickle=False)
        np.save(stage / _OFFSETS, parts.sentences.offsets, allow_pickle=False)
        if parts.index is not None:
            write_index(parts.index, stage / _INDEX)
        if parts.words is not None:
            parts.words.save(stage / _WORDS)
    except OSError as error:
        shutil.rmtree(stage, ignore_errors=True)
        raise refusal(folder, error) from error
    manifest = {
        "version": VERSION,
        "metric": METRIC,
        "dimension": int(parts.vectors.shape[1]),
        "embedder": parts.embedder,
        "fingerprint": parts.fingerprint,
        "passages": parts.table.num_rows,
        "index": parts.index.kind if parts.index is not None else None,
        "words": parts.words is not None,
        "generation": generation,
        "files": {str(path.relative_to(stage)): path.stat().st_size for path in sorted(stage.rglob("*.*"))},
        "documents": dict(parts.documents),
    }
    with whole_file(folder / MANIFEST) as file:
        file.write((json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())
    for old in folder.glob("g-*"):
        if old.name != generation:
            shutil.rmtree(old, ignore_errors=True)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what `kb.json` says, checked.

    Raises:
        InputError: there is no knowledge base, or it is damaged or of a later version.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version, metric = manifest["version"], manifest["metric"]
        stage = folder / manifest["generation"]
        sizes = {name: (stage / name).stat().st_size for name in manifest["files"]}
    except FileNotFoundError as error:
        missing = Path(error.filename or path).name
        raise InputError(
            f"knowledge base must be a folder with {MANIFEST} and its files, got {folder} without {missing}; "
            "`thymos kb add` makes one"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{MANIFEST} must be whole, got {error!r} in {folder}; copy the folder again, or make it anew"
        ) from error
    if version != VERSION:
        raise InputError(f"knowledge base must be of version {VERSION}, got {version} in {folder}; update Thymos")
    if metric != METRIC:
        raise InputError(f"metric of a knowledge base must be {METRIC}, got {metric!r} in {folder}; make it anew")
    if wrong := [name for name, size in manifest["files"].items() if sizes[name] != size]:
        raise InputError(
            f"files of a knowledge base must be whole, got {wrong[0]} of {sizes[wrong[0]]:,} bytes in {folder}; "
            "copy the folder again, or make it anew"
        )
    return manifest


def read_parts(folder: Path) -> Parts:
    """Read a knowledge base.

    Raises:
        InputError: there is none, or it is damaged.
    """
    manifest = read_manifest(folder)
    stage = folder / manifest["generation"]
    try:
        table = pq.read_table(stage / _PASSAGES, schema=SCHEMA)
        vectors: Vectors = np.load(stage / _VECTORS, mmap_mode="r", allow_pickle=False)
        told = np.load(stage / _SENTENCES, mmap_mode="r", allow_pickle=False)
        sentences = SentenceVectors(told, np.load(stage / _OFFSETS, allow_pickle=False))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"knowledge base must be readable, got {folder}: {error}; make it anew") from error
    if {len(vectors), len(sentences.offsets) - 1} != {table.num_rows}:
        raise InputError(f"every passage must have a vector, got {len(vectors)} of {table.num_rows} in {folder}")
    return Parts(
        table=table,
        vectors=vectors,
        sentences=sentences,
        index=read_index(stage / _INDEX, manifest["index"]) if manifest["index"] else None,
        words=WordIndex.load(stage / _WORDS, table.num_rows) if manifest["words"] else None,
        documents=manifest["documents"],
        embedder=manifest["embedder"],
        fingerprint=manifest["fingerprint"],
    )
