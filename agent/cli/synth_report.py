"""`thymos synth report`: one HTML page with pictures on what a synthesis wrote, kept and dropped.

Takes the arguments of the command line; reads, renders and writes, each by one function.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from thymos.prompts.errors import InputError

Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def synth_report(
    rows: Path,
    /,
    *,
    output: Annotated[Path, Parameter(alias="-o")],
    real: str | None = None,
    corpus_format: Annotated[str, Parameter(name="--format")] = "auto",
    text_column: str | None = None,
    title: str = "Synthetic texts",
    no_map: Flag = False,
    seed: NonNegativeInt = 0,
) -> None:
    """Write a page on what `thymos synth` wrote: counts, gates, labels read, map, variety, neighbours, examples.

        thymos synth report runs/joy -o report.html
        thymos synth report runs/joy -o report.html --real train.tsv --format goemotions

    Args:
        rows: Folder that `thymos synth` wrote, or its file of kept rows; `NAME.dropped.jsonl` is looked for
            beside it.
        output: The page. It needs no network and no other file.
        real: Corpus of real texts to compare with.
        corpus_format: Its format, as in `thymos label`.
        text_column: Its column with the text.
        title: First line of the page.
        no_map: Leave out what needs embeddings.
        seed: Of what is drawn: examples, texts that are compared.
    """
    from rich.console import Console

    from thymos.adapters.corpus import BadRow
    from thymos.adapters.readers import Columns, open_corpus
    from thymos.adapters.whole_file import whole_file
    from thymos.agent.cli.kb_bar import embedding_bar
    from thymos.agent.synth_report.page import page
    from thymos.agent.synth_report.rows import read_folder, read_totals
    from thymos.retrieval.embedder import SentenceEmbedder

    if not output.parent.is_dir():
        raise InputError(
            f"folder of the page must exist, got {str(output.parent)!r}; make it or choose another --output"
        )
    kept, dropped = read_folder(rows)
    texts: list[str] = []
    if real is not None:
        corpus = open_corpus(real, format=corpus_format, columns=Columns(text=text_column), context_turns=0)
        texts = [row.text for row in corpus if not isinstance(row, BadRow) and row.text and row.text.strip()]
    with embedding_bar("texts") as told:
        written = page(
            kept,
            dropped,
            title=title,
            totals=read_totals(rows, len(kept), len(dropped)),
            real=texts,
            embedder=None if no_map else SentenceEmbedder(),
            seed=seed,
            on_progress=told,
        )
    with whole_file(output) as file:
        file.write(written.encode())
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"wrote {output}")
