"""What an adapter has learnt from, and those that it goes on from.

Takes the name of an adapter; gives the corpora on its card and on the cards before it. Knows no weights.
"""

from dataclasses import dataclass

from thymos.adapters.llm.adapter import AdapterCard, adapter_folder, read_card
from thymos.prompts.errors import ModelError

_DEEPEST = 20  # adapters in a row: a card that names itself ends somewhere


@dataclass(frozen=True, slots=True)
class Learnt:
    """A corpus that an adapter has learnt from.

    Attributes:
        adapter: its name.
        corpus: name of the corpus in its recipe.
        label_sets: taxonomies that the corpus was asked in.
        source: of the corpus.
        licence: of the corpus.
    """

    adapter: str
    corpus: str
    label_sets: tuple[str, ...]
    source: str
    licence: str


def learnt(adapter: str | None) -> tuple[Learnt, ...]:
    """Return what an adapter has learnt from, newest first; nothing where there is none or it has no card.

    What came before is taken from its card. Where that does not tell, the cards before it are looked up, as far as they
    are here: an adapter made elsewhere may go on from a folder of another machine.

    Raises:
        ModelError: there is no such adapter, or its card is damaged.
    """
    card = None if adapter is None else read_card(adapter_folder(adapter))
    return () if card is None else _learnt(card, _DEEPEST)


def _learnt(card: AdapterCard, deepest: int) -> tuple[Learnt, ...]:
    own = tuple(
        Learnt(
            card.name,
            corpus["name"],
            (corpus["taxonomy"], *corpus.get("also_as", ())),
            corpus.get("source", "not told"),
            corpus.get("licence", "not told"),
        )
        for corpus in card.facts.get("corpora", ())
        if "taxonomy" in corpus
    )
    if "through" in card.facts:
        return own + tuple(
            Learnt(**{**each, "label_sets": tuple(each["label_sets"])}) for each in card.facts["through"]
        )
    start = card.facts.get("recipe", {}).get("start_from")
    try:
        before = None if start is None or not deepest else read_card(adapter_folder(start))
    except ModelError:
        return own
    return own if before is None else own + _learnt(before, deepest - 1)
