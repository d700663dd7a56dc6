"""`thymos kb`: what the knowledge base holds and what it finds. `kb_change.py` has the commands that change it.

Takes words; gives tables, passages and files. The work is done in `thymos.retrieval`.
"""

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from thymos.agent.cli.kb_bar import opened
from thymos.agent.cli.pace import counted
from thymos.agent.cli.show import printable
from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from rich.text import Text

    from thymos.retrieval.passage import Passage

Words = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]
Base = Annotated[Path | None, Parameter(name="--kb", show_default=False)]

command = App(
    name="kb",
    help_epilogue="""
The base lies in `$THYMOS_KB`, or in `thymos/kb` under your data folder, and begins with the passages that ship. It is
one folder that can be copied; `--kb` names another one.

Examples:

```
thymos kb search "why do people smile when they are embarrassed?"
thymos kb search "raised pitch" --modality speech --emotion anger
thymos kb add notes.md glossary.csv --licence CC-BY-4.0
thymos kb add MFOEM.owl --licence CC-BY-3.0
thymos kb add train.tsv.gz --exemplars --taxonomy goemotions --format goemotions
thymos kb weigh dev.tsv --taxonomy goemotions --format goemotions
thymos kb show confusion-surprise-fear
thymos kb export passages.jsonl
```
""",
)


command.command("thymos.agent.cli.kb_change:add", name="add", help="Add documents; one that is there is replaced.")
command.command("thymos.agent.cli.kb_change:remove", name="remove", help="Take a document out.")


command.command("thymos.agent.cli.kb_weigh:weigh", name="weigh", help="Weigh labelled examples against a model.")


@command.command
def search(
    query: str,
    /,
    *,
    k: Annotated[int, Parameter(alias="-k", validator=Number(gte=1))] = 5,
    emotion: Words = (),
    modality: Words = (),
    kind: Words = (),
    document: Words = (),
    least: Annotated[float, Parameter(validator=Number(gte=-1, lte=1))] = 0.2,
    kb: Base = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Find passages by meaning and by words.

    Args:
        query: A question or words.
        k: Passages at most.
        emotion: Only about this emotion; may be repeated.
        modality: Only for text, speech, face or physiology; may be repeated.
        kind: Only of this kind, as `thymos kb list` names them; may be repeated.
        document: Only from this document; may be repeated.
        least: Cosine to the query below which nothing is shown.
        kb: Folder of the knowledge base.
        as_json: Print JSON lines.
    """
    from rich.console import Console
    from rich.text import Text

    from thymos.agent.language import doubt
    from thymos.retrieval.passage import MODALITIES
    from thymos.retrieval.search import Filter, Options

    if not query.strip():
        raise InputError("query must say what is looked for, got nothing; write a question or some words")
    base = opened(kb)
    for what, given, known in (
        ("modality", modality, MODALITIES),
        ("kind", kind, base.counts("kind")),
        ("document", document, base.counts("document")),
    ):
        if unknown := [each for each in given if each not in known]:
            raise InputError(f"{what} must be one of {', '.join(known)}, got {unknown[0]!r}; name one of these")
    filter_ = Filter(emotions=emotion, modalities=modality, kinds=kind, documents=document)
    hits = base.search(query, Options(k=k, least=least), filter_)
    console = Console()
    if doubted := doubt([query], base.embedder_name):
        Console(stderr=True, markup=False, highlight=False).print(f"{doubted}; ask in English", soft_wrap=True)
    if as_json:
        for hit in hits:
            told = {"similarity": round(hit.similarity, 4)} | _as_json(hit.passage)
            console.print(json.dumps(told, ensure_ascii=False), markup=False, highlight=False, soft_wrap=True)
        return
    if not len(base):
        console.print("The base holds no passage; `thymos kb add` takes documents.")
    elif not hits:
        console.print("Nothing is near enough; ask in other words, lower --least, or filter less.")
    for hit in hits:
        head = Text.assemble(
            (printable(f"[kb:{hit.passage.id}]"), "bold cyan"), f"  {printable(hit.passage.title or '')}  "
        )
        head.append(f"{hit.similarity:.2f}", style="dim")
        console.print(head)
        console.print(_said(hit.passage.text), "\n")


@command.command(name="list")
def list_(*, kb: Base = None) -> None:
    """List the documents of the knowledge base, and the kinds of passages.

    Args:
        kb: Folder of the knowledge base.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    base = opened(kb)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("document", "passages", "licence"):
        table.add_column(column, justify="right" if column == "passages" else "left")
    for name, number in base.counts("document").items():
        licence = str(base.documents.get(name, {}).get("licence", ""))
        table.add_row(*(Text(printable(cell)) for cell in (name or "(none)", f"{number:,}", licence)))
    console = Console()
    console.print(table)
    said = ", ".join(f"{kind} {number:,}" for kind, number in base.counts("kind").items())
    console.print(f"\nkinds: {printable(said)}", markup=False, highlight=False)


@command.command
def show(identifier: str, /, *, kb: Base = None) -> None:
    """Show one passage with its sources.

    Args:
        identifier: Its id, as citations name it.
        kb: Folder of the knowledge base.
    """
    from rich.console import Console
    from rich.text import Text

    base = opened(kb)
    found = base.get([identifier.removeprefix("[").removesuffix("]").removeprefix("kb:")])
    if not found:
        hits = base.search(identifier.replace("-", " "))
        near = f"perhaps {hits[0].passage.id}? " if hits else ""
        raise InputError(f"id must be that of a passage, got {identifier!r}; {near}`thymos kb search` finds ids")
    (passage,) = found
    console = Console()
    console.print(Text(printable(passage.title or passage.id), style="bold"))
    console.print(_said(passage.text), "\n")
    told = {"id": passage.id, "kind": passage.kind, "emotions": ", ".join(passage.emotions)}
    told |= {"modalities": ", ".join(passage.modalities), "document": passage.document, "licence": passage.licence}
    for name, value in told.items():
        if value:
            console.print(Text.assemble((f"{name:11}", "dim"), printable(value)))
    for source in passage.sources:
        console.print(Text.assemble((f"{'source':11}", "dim"), printable(source)))


def _said(text: str) -> "Text":
    """Return the lines of a passage, of which nothing steers the terminal."""
    from rich.text import Text

    return Text("\n".join(printable(line) for line in text.split("\n")))


@command.command
def export(output: Path, /, *, document: Words = (), kb: Base = None) -> None:
    """Write the passages to a file: `.jsonl` or `.parquet`.

    Args:
        output: File to write.
        document: Only from this document; may be repeated.
        kb: Folder of the knowledge base.
    """
    from rich.console import Console

    from thymos.adapters.whole_file import whole_file
    from thymos.retrieval.search import Filter
    from thymos.retrieval.table import as_table

    kind = _export_kind(output)
    passages = opened(kb).passages(Filter(documents=document))
    with whole_file(output) as file:
        if kind == "parquet":
            import pyarrow.parquet as pq

            pq.write_table(as_table(passages), file)
        else:
            for passage in passages:
                file.write((json.dumps(_as_json(passage), ensure_ascii=False) + "\n").encode())
    Console().print(f"wrote {counted(len(passages), 'passage')} to {output}", markup=False, highlight=False)


def _as_json(passage: "Passage") -> dict[str, object]:
    """Return a passage as JSON values, what is empty left out."""
    values = {each.name: getattr(passage, each.name) for each in fields(passage)}
    return {name: dict(value) if name == "extra" else value for name, value in values.items() if value}


def _export_kind(output: Path) -> Literal["jsonl", "parquet"]:
    suffix = output.suffix.removeprefix(".")
    if suffix == "jsonl":
        return "jsonl"
    if suffix == "parquet":
        return "parquet"
    raise InputError(f"output must end in .jsonl or .parquet, got {output.name}; rename it")
