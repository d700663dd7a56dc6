"""`thymos kb add` and `remove`: how documents get into the knowledge base and out of it.

Takes paths; changes the folder of a base. The work is done in `thymos.retrieval`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from thymos.agent.cli.kb_bar import embedding_bar, opened
from thymos.agent.cli.pace import counted
from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thymos.retrieval.documents.read import Document
    from thymos.retrieval.documents.tables import TableColumns
    from thymos.retrieval.knowledge_base import KnowledgeBase

Base = Annotated[Path | None, Parameter(name="--kb", show_default=False)]
TABLES = Group("Tables", help="For CSV, JSONL, JSON and Parquet.")
CORPORA = Group("Corpora", help="For labelled corpora, whose rows become exemplars.")


def add(
    files: Annotated[tuple[Path, ...], Parameter(negative="")],
    /,
    *,
    name: str | None = None,
    licence: str | None = None,
    text_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    title_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    id_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    emotions_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    exemplars: Annotated[bool, Parameter(negative="", show_default=False, group=CORPORA)] = False,
    taxonomy: Annotated[str | None, Parameter(group=CORPORA)] = None,
    format: Annotated[str | None, Parameter(group=CORPORA)] = None,  # noqa: A002  (its name is what the help shows)
    kb: Base = None,
    embedder: str | None = None,
) -> None:
    """Add documents; one that is there already is replaced.

    Args:
        files: Markdown, text, tables (CSV, JSONL, JSON, Parquet), ontologies (OWL, OBO) or labelled corpora.
        name: What the document is called; the file's name unless given.
        licence: Of the words, kept with each passage; that of the document replaced, or unknown, unless given.
        text_column: Column with what a passage says.
        title_column: Column with its title.
        id_column: Column with its id.
        emotions_column: Column with the emotions it is about; of a corpus, with its gold labels.
        exemplars: Take the file for a labelled corpus.
        taxonomy: Label set of its gold labels; `goemotions` unless given.
        format: Format of the corpus, as in `thymos label`; goes by the file's name unless given.
        kb: Folder of the knowledge base.
        embedder: Sentence-transformers model of a new base: a folder or a hub id; `minilm` unless given.
    """
    from rich.console import Console

    from thymos.retrieval.builtin import default_folder
    from thymos.retrieval.documents.read import read_file
    from thymos.retrieval.documents.tables import TableColumns
    from thymos.retrieval.folder import is_knowledge_base, lock, read_manifest
    from thymos.retrieval.knowledge_base import LARGE

    if name is not None and len(files) > 1:
        raise InputError(f"name must be for one file, got {len(files)} files; add them one by one")
    if not exemplars and (told := taxonomy or format):
        raise InputError(f"taxonomy and format must be of a labelled corpus, got {told!r}; say --exemplars as well")
    if exemplars and title_column:
        raise InputError(f"title column must be of a table, got {title_column!r}; exemplars have none: leave it out")
    columns = TableColumns(text=text_column, title=title_column, id=id_column, emotions=emotions_column)
    folder = kb or default_folder()
    known = read_manifest(folder)["documents"] if is_knowledge_base(folder) else {}
    _check_names([name or path.name for path in files], shipped=kb is None)
    documents = []
    for path in files:  # all are read before one is added
        called = name or path.name
        said = licence or str(known.get(called, {}).get("licence", "unknown"))
        if exemplars:
            documents.append(_corpus(path, called, said, taxonomy or "goemotions", format or "auto", columns))
        else:
            documents.append(read_file(path, name=called, licence=said, columns=columns))
    console = Console(stderr=True, markup=False, highlight=False)
    if kb is None:
        opened(None)  # made first, with what ships in it
    with lock(folder):
        base = _base(folder, embedder)
        for document in documents:
            had = base.documents.get(document.name, {})
            if (had.get("sha256"), had.get("licence")) == (document.sha256, document.licence):
                console.print(f"{document.name}: unchanged")
                continue
            replaced = _embed(base, document)
            also = f", {replaced:,} replaced" if replaced else ""
            also += ", searched by passages alone, since they are many" if len(document.passages) >= LARGE else ""
            console.print(f"{document.name}: {counted(len(document.passages), 'passage')}{also}")
        base.save(folder)
    console.print(f"{counted(len(base), 'passage')} in {folder}, searched by {base.index_kind}")


def _check_names(names: "Sequence[str]", *, shipped: bool) -> None:
    """Refuse documents of one name, of which the last would replace the others, and the one that comes along."""
    from thymos.retrieval.builtin import DOCUMENT

    for name in names:
        if names.count(name) > 1:
            raise InputError(f"documents must have names of their own, got {name!r} twice; add one of them with --name")
        if shipped and name == DOCUMENT:
            raise InputError(f"document must not be called {name!r}, as what comes with Thymos is; give it a --name")


def remove(document: str, /, *, kb: Base = None) -> None:
    """Take a document out of the knowledge base.

    Args:
        document: Its name, as `thymos kb list` shows it.
        kb: Folder of the knowledge base.
    """
    from rich.console import Console

    from thymos.retrieval.builtin import DOCUMENT, default_folder
    from thymos.retrieval.folder import lock
    from thymos.retrieval.knowledge_base import KnowledgeBase

    if kb is None:
        if document == DOCUMENT:
            raise InputError(
                f"document must be one of yours, got {document!r}, which comes with Thymos and would come again; make "
                "a base without it: thymos kb add FILE --kb FOLDER"
            )
        opened(None)
    folder = kb or default_folder()
    with lock(folder):
        base = KnowledgeBase.open(folder)
        if document not in {*base.documents, *base.counts("document")}:
            raise InputError(f"document must be one of the base, got {document!r}; `thymos kb list` shows them")
        gone = base.remove(documents=[document])
        base.save(folder)
    Console().print(f"took out {counted(gone, 'passage')}", markup=False, highlight=False)


def _base(folder: Path, embedder: str | None) -> "KnowledgeBase":
    """Open a base, or begin one; another embedder than the one that made it is refused."""
    from thymos.retrieval.embedder import MINILM
    from thymos.retrieval.folder import is_knowledge_base
    from thymos.retrieval.knowledge_base import KnowledgeBase

    if not is_knowledge_base(folder):
        return KnowledgeBase(name=embedder or MINILM)
    base = KnowledgeBase.open(folder)
    if embedder not in (None, base.embedder_name):
        raise InputError(
            f"embedder must be the one that made the base ({base.embedder_name}), got {embedder!r}; name another "
            "folder with --kb for a new base"
        )
    return base


def _embed(base: "KnowledgeBase", document: "Document") -> int:
    """Add a document under a progress bar; return how many passages it replaced."""
    told = {"sha256": document.sha256, "licence": document.licence, "passages": len(document.passages)}
    with embedding_bar(document.name) as on_progress:
        return base.add(document.passages, documents={document.name: told}, on_progress=on_progress)


def _corpus(
    path: Path, name: str, licence: str, taxonomy: str, corpus_format: str, columns: "TableColumns"
) -> "Document":
    """Read a labelled corpus."""
    import hashlib
    import json

    from thymos.adapters.readers import Columns, open_corpus
    from thymos.prompts.catalogue import load_taxonomy
    from thymos.retrieval.documents.exemplars import read_exemplars
    from thymos.retrieval.documents.read import Document

    told = Columns(text=columns.text, id=columns.id, label=columns.emotions)
    corpus = open_corpus(str(path), format=corpus_format, columns=told, context_turns=0)
    labels = load_taxonomy(taxonomy)
    found = tuple(read_exemplars(corpus, labels, name=name, licence=licence))
    if not found:
        raise InputError(f"corpus must have rows with text and gold labels, got none in {path.name}; name its --format")
    identity = json.dumps([dict(corpus.identity()), labels.name], sort_keys=True)
    return Document(name, hashlib.sha256(identity.encode()).hexdigest(), licence, found)
