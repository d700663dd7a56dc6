"""What an adapter has learnt from, and those that it goes on from.

Takes the name of an adapter; gives the corpora on its card and on the cards before it. Knows no weights.
"""

from dataclasses import dataclass

from thymos.adapters.llm.adapter import adapter_folder, read_card

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

    Raises:
        ModelError: there is no such adapter, or a card is damaged.
    """
    found: list[Learnt] = []
    for _ in range(_DEEPEST):
        card = None if adapter is None else read_card(adapter_folder(adapter))
        if card is None:
            break
        found += [
            Learnt(
                card.name,
                corpus["name"],
                (corpus["taxonomy"], *corpus.get("also_as", ())),
                corpus["source"],
                corpus["licence"],
            )
            for corpus in card.facts.get("corpora", ())
            if "taxonomy" in corpus
        ]
        adapter = card.facts.get("recipe", {}).get("start_from")
    return tuple(found)
