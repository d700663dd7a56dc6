"""`read_file`: a document of any kind into passages. Chooses the reader by the suffix.

Takes a path; gives a `Document`. Knows nothing of knowledge bases.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from thymos.prompts.errors import InputError
from thymos.retrieval.documents.ids import Ids
from thymos.retrieval.documents.markdown import read_document
from thymos.retrieval.documents.ontology import read_ontology
from thymos.retrieval.documents.pieces import pieces
from thymos.retrieval.documents.tables import TableColumns, read_table
from thymos.retrieval.passage import Passage

TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
ONTOLOGIES = (".owl", ".obo")
TEXTS = (".txt", ".text", "")
MARKDOWN = (".md", ".markdown")
LARGEST = 200_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read.

    Attributes:
        name: what it is called in a knowledge base.
        sha256: of the file, and of which columns were read.
        licence: of its words.
        passages: in the order of the document.
    """

    name: str
    sha256: str
    licence: str
    passages: tuple[Passage, ...]


def read_file(
    path: Path,
    *,
    name: str | None = None,
    licence: str = "",
    columns: TableColumns = TableColumns(),  # noqa: B008
) -> Document:
    """Read a document.

    Args:
        path: Markdown, plain text, table or ontology.
        name: of the document; the file's name unless given.
        licence: of its words; unknown unless given.
        columns: of a table.

    Raises:
        InputError: the file can't be read, is too large, or holds nothing to cite.
    """
    name = name or path.name
    digest = _digest(path)
    suffix = next((each for each in reversed(path.suffixes) if each != ".gz"), "").lower()
    if suffix in ONTOLOGIES:
        found = read_ontology(path, name=name, licence=licence)
    elif suffix in TABLES:
        found = read_table(path, name=name, columns=columns, licence=licence)
    elif suffix in MARKDOWN:
        found = read_document(_text(path), name=name, licence=licence)
    elif suffix in TEXTS:
        found = [
            Passage(id=Ids(name)(str(number)), text=piece, document=name, licence=licence)
            for number, piece in enumerate(pieces(_text(path)), start=1)
        ]
    else:
        known = ", ".join((*MARKDOWN, ".txt", *TABLES, *ONTOLOGIES))
        raise InputError(f"document must end in one of {known}, got {path.name}; convert it")
    if not found:
        raise InputError(f"document must say something, got none in {path.name}; check the file")
    told = hashlib.sha256(f"{digest} {columns}".encode()).hexdigest()
    return Document(name, told, licence, tuple(found))


def _digest(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"document must be a file, got {path}; check the path")
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"document must be at most {LARGEST:,} bytes, got {path.stat().st_size:,} in {path.name}; split it"
            )
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"document must be readable, got {path} ({error.strerror}); check it") from error


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"document must be UTF-8 text, got {path.name} ({error}); convert it") from error
    if "\0" in text:
        raise InputError(f"document must be text, got a binary file in {path.name}; convert it to text")
    return text
