"""`thymos kb weigh`: whether labelled examples help a labeler, and how much they count.

Takes a corpus with gold labels; prints the ablation and stores the weight in the base. The work is done in
`thymos.agent.weighing`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from thymos.agent.cli.kb_bar import embedding_bar
from thymos.agent.cli.label_flags import ModelFlags
from thymos.prompts.errors import InputError


def weigh(
    dev: Path,
    /,
    *,
    taxonomy: str = "goemotions",
    format: str = "auto",  # noqa: A002  (its name is what the help shows)
    text_column: str | None = None,
    label_column: str | None = None,
    rows: Annotated[int, Parameter(validator=Number(gte=20))] = 2000,
    kb: Annotated[Path | None, Parameter(name="--kb", show_default=False)] = None,
    model: ModelFlags = ModelFlags(),  # noqa: B008  (frozen)
) -> None:
    """Weigh labelled examples against a model, on rows with gold labels that are not among them.

    Prints what the model reaches with nothing, with passages shown to it, with the votes of the base's labelled
    examples, and with both, each fitted on one half of the rows and scored on the other. Where votes lower the
    loss, their weight is stored in the base, and `thymos label --kb` uses it.

    Args:
        dev: Corpus with gold labels.
        taxonomy: Label set of the examples and of the rows.
        format: Format of the corpus, as in `thymos label`.
        text_column: Column with the utterance.
        label_column: Column with the gold labels.
        rows: Rows to take at most, by chance (seed 0).
        kb: Folder of the knowledge base.
        model: see the group Model.
    """
    import random

    from rich.console import Console
    from rich.table import Table

    from thymos.adapters.corpus import BadRow
    from thymos.adapters.readers import Columns, open_corpus
    from thymos.agent.cli.label import usual_turns
    from thymos.agent.examples import forget_examples, save_examples
    from thymos.agent.labeler import Labeler
    from thymos.agent.weighing import ARMS
    from thymos.agent.weighing import weigh as weigh_rows
    from thymos.prompts.catalogue import load_taxonomy
    from thymos.retrieval.builtin import default_folder, open_base
    from thymos.retrieval.folder import lock

    turns = usual_turns(model.model, model.adapter, load_taxonomy(taxonomy).name)
    columns = Columns(text=text_column, label=label_column)
    corpus = open_corpus(str(dev), format=format, columns=columns, context_turns=turns)
    samples = [row for row in corpus if not isinstance(row, BadRow) and row.gold and row.text]
    if not samples:
        raise InputError(f"corpus must have rows with text and gold labels, got none in {dev.name}; name its --format")
    if len(samples) > rows:
        samples = random.Random(0).sample(samples, rows)
    folder = kb or default_folder()
    base = open_base(kb)
    given = {name: value for name, value in asdict(model).items() if value is not None}
    labeler = Labeler.from_pretrained(taxonomy=taxonomy, **given)
    with embedding_bar("rows") as on_progress:
        found = weigh_rows(labeler, base, samples, on_progress)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("evidence", "macro F1", "loss (nats)", "ECE"):
        table.add_column(column, justify="left" if column == "evidence" else "right")
    for arm in found.arms:
        table.add_row(arm.name, f"{arm.macro_f1:.4f}", f"{arm.loss:.4f}", f"{arm.ece:.4f}")
    console = Console(markup=False, highlight=False)
    console.print(table)
    left = f", {found.known:,} left out that an example says" if found.known else ""
    console.print(f"\n{found.rows:,} rows{left}; fitted on one half and scored on the other, in turn")
    if len(found.arms) < len(ARMS):
        console.print("No passage of this base is near to a row, so none was shown.")
    if found.examples is None:
        with lock(folder):
            forget_examples(folder, labeler.taxonomy)
        console.print(f"The votes of the examples do not help for {taxonomy}: nothing is stored.")
        return
    with lock(folder):
        path = save_examples(folder, base, found.examples)
    console.print(
        f"The votes count {found.weight:g} beside the model, by loss; `thymos label --kb {folder}` uses {path.name}."
    )
