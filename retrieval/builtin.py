"""The knowledge that ships, and where a user's own base lies.

Takes the Markdown files of `knowledge/`; gives passages, and the default base with them in it, made on first use and
brought up to date when the installation brings other passages. Knows nothing of searching.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

from thymos.retrieval.documents.markdown import read_passage
from thymos.retrieval.folder import is_knowledge_base, lock
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.passage import KINDS, Passage

DOCUMENT = "thymos"  # the shipped passages, as a document of a base
LICENCE = "Apache-2.0"


@cache
def shipped_passages() -> tuple[Passage, ...]:
    """Return the passages that come with the installation, by kind and name."""
    root = files("thymos.retrieval") / "knowledge"
    found = []
    for kind in KINDS:
        for entry in sorted((root / kind).iterdir(), key=lambda each: each.name):
            if entry.name.endswith(".md"):
                text = entry.read_text(encoding="utf-8")
                found.append(read_passage(text, where=f"{kind}/{entry.name}", document=DOCUMENT, licence=LICENCE))
    return tuple(found)


def default_folder() -> Path:
    """Return where the default base lies: $THYMOS_KB, or `thymos/kb` under the user's data folder."""
    if own := os.environ.get("THYMOS_KB"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "thymos" / "kb"


def open_base(folder: Path | None = None, on_progress: Callable[[int, int], None] | None = None) -> KnowledgeBase:
    """Open a knowledge base; the default one is made, or brought up to date, first.

    Args:
        folder: of a base; None takes the default one.
        on_progress: as in `KnowledgeBase.add`, while the shipped passages are embedded.

    Raises:
        InputError: the folder holds no base, or it is damaged.
        ModelError: the embedder can't be loaded.
        OutputError: the default base can't be written.
    """
    if folder is not None:
        return KnowledgeBase.open(folder)
    folder = default_folder()
    digest = _digest()
    with lock(folder):
        base = KnowledgeBase.open(folder) if is_knowledge_base(folder) else KnowledgeBase()
        if base.documents.get(DOCUMENT, {}).get("sha256") != digest:
            told = {
                "sha256": digest,
                "licence": LICENCE,
                "from": "the installation",
                "passages": len(shipped_passages()),
            }
            base.add(shipped_passages(), documents={DOCUMENT: told}, on_progress=on_progress)
            base.save(folder)
    return base


def _digest() -> str:
    """Return the SHA-256 of the shipped passages."""
    told = "\0".join(f"{each.id}\0{each.searched}\0{each.emotions}\0{each.sources}" for each in shipped_passages())
    return hashlib.sha256(told.encode()).hexdigest()
