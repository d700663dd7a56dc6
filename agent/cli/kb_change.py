"""`thymos kb add` and `remove`: how documents get into the knowledge base and out of it.

Takes paths; changes the folder of a base. The work is done in `thymos.retrieval`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from thymos.retrieval.documents.read import Document
    from thymos.retrieval.knowledge_base import KnowledgeBase

Base = Annotated[Path | None, Parameter(name="--kb", show_default=False)]
TABLES = Group("Tables", help="For CSV, JSONL, JSON and Parquet.")
CORPORA = Group("Corpora", help="For labelled corpora, whose rows become exemplars.")


def add(
    files: Annotated[tuple[Path, ...], Parameter(negative="")],
    /,
    *,
    name: str | None = None,
    licence: str = "unknown",
    text_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    title_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    id_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    emotions_column: Annotated[str | None, Parameter(group=TABLES)] = None,
    exemplars: Annotated[bool, Parameter(negative="", show_default=False, group=CORPORA)] = False,
    taxonomy: Annotated[str, Parameter(group=CORPORA)] = "goemotions",
    format: Annotated[str, Parameter(group=CORPORA)] = "auto",  # noqa: A002  (its name is what the help shows)
    kb: Base = None,
    embedder: str = "minilm",
) -> None:
    """Add documents; one that is there already is replaced.

    Args:
        files: Markdown, text, tables (CSV, JSONL, JSON, Parquet), ontologies (OWL, OBO) or labelled corpora.
        name: What the document is called; the file's name unless given.
        licence: Of the words, kept with each passage.
        text_column: Column with what a passage says.
        title_column: Column with its title.
        id_column: Column with its id.
        emotions_column: Column with the emotions it is about.
        exemplars: Take the file for a labelled corpus.
        taxonomy: Label set of its gold labels.
        format: Format of the corpus, as in `thymos label`.
        kb: Folder of the knowledge base.
        embedder: Sentence-transformers model of a new base: `minilm`, a folder or a hub id.
    """
    from rich.console import Console

    from thymos.retrieval.builtin import default_folder, open_base
    from thymos.retrieval.documents.read import read_file
    from thymos.retrieval.documents.tables import TableColumns
    from thymos.retrieval.folder import is_knowledge_base, lock
    from thymos.retrieval.knowledge_base import KnowledgeBase

    if name is not None and len(files) > 1:
        raise InputError(f"name must be for one file, got {len(files)} files; add them one by one")
    columns = TableColumns(text=text_column, title=title_column, id=id_column, emotions=emotions_column)
    documents = [
        _corpus(path, name, licence, taxonomy, format)
        if exemplars
        else read_file(path, name=name, licence=licence, columns=columns)
        for path in files
    ]  # all are read before one is added
    console = Console(stderr=True, markup=False, highlight=False)
    if kb is None:
        open_base()  # made first, with what ships in it
    folder = kb or default_folder()
    with lock(folder):
        base = KnowledgeBase.open(folder) if is_knowledge_base(folder) else KnowledgeBase(name=embedder)
        for document in documents:
            if base.documents.get(document.name, {}).get("sha256") == document.sha256 and not exemplars:
                console.print(f"{document.name}: unchanged")
                continue
            replaced = _embed(base, document, console)
            said = f", {replaced:,} replaced" if replaced else ""
            console.print(f"{document.name}: {len(document.passages):,} passages{said}")
        base.save(folder)
    console.print(f"{len(base):,} passages in {folder}, searched by {base.index_kind}")


def remove(document: str, /, *, kb: Base = None) -> None:
    """Take a document out of the knowledge base.

    Args:
        document: Its name, as `thymos kb list` shows it.
        kb: Folder of the knowledge base.
    """
    from rich.console import Console

    from thymos.retrieval.builtin import default_folder, open_base
    from thymos.retrieval.folder import lock

    base = open_base(kb)
    if document not in {*base.documents, *(each.document for each in base.passages())}:
        raise InputError(f"document must be one of the base, got {document!r}; `thymos kb list` shows them")
    with lock(kb or default_folder()):
        gone = base.remove(documents=[document])
        base.save(kb or default_folder())
    Console().print(f"took out {gone:,} passages", markup=False, highlight=False)


def _embed(base: "KnowledgeBase", document: "Document", console: "Console") -> int:
    """Add a document under a progress bar; return how many passages it replaced."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    told = {"sha256": document.sha256, "licence": document.licence, "passages": len(document.passages)}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(document.name, total=len(document.passages))
        return base.add(
            document.passages,
            documents={document.name: told},
            on_progress=lambda done: bar.update(task, completed=done),
        )


def _corpus(path: Path, name: str | None, licence: str, taxonomy: str, corpus_format: str) -> "Document":
    """Read a labelled corpus."""
    from thymos.adapters.readers import open_corpus
    from thymos.prompts.catalogue import load_taxonomy
    from thymos.retrieval.documents.exemplars import read_exemplars
    from thymos.retrieval.documents.read import Document

    corpus = open_corpus(str(path), format=corpus_format, context_turns=0)
    called = name or path.name
    found = tuple(read_exemplars(corpus, load_taxonomy(taxonomy), name=called, licence=licence))
    if not found:
        raise InputError(f"corpus must have rows with text and gold labels, got none in {path.name}; name its --format")
    return Document(called, str(corpus.identity().get("sha256", "")), licence, found)
