"""From the rows of a corpus to whole conversations, without those of which something is held out.

Takes samples, each with the turns before it; gives dialogues. Knows nothing of labels' meaning, prompts or models.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from thymos.adapters.sample import Sample


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn.

    Attributes:
        text: what is said.
        speaker: who says it.
        gold: gold labels; none where the corpus has none.
    """

    text: str
    speaker: str
    gold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation of two.

    Attributes:
        id: in its corpus.
        turns: in order.
        situation: in which it was had, or None.
    """

    id: str
    turns: tuple[Spoken, ...]
    situation: str | None = None


def dialogues(samples: Sequence[Sample], situation: str | None = None) -> list[Dialogue]:
    """Return the conversations of two whose every turn is there.

    Rows that are held out elsewhere are gone from `samples`; a conversation that lacks one is left out whole, since it
    could be told again from the turns around it. So is one that begins as an earlier one does.

    Args:
        samples: rows of a corpus, each with all turns before it.
        situation: metadata column with the situation.
    """
    of: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.dialogue is not None and (sample.text or "").strip():
            of[sample.dialogue].append(sample)
    found = (_whole(name, rows, situation) for name, rows in of.items())
    return [each for each in found if each is not None]


def _whole(name: str, rows: Sequence[Sample], situation: str | None) -> Dialogue | None:
    last = max(rows, key=lambda row: len(row.context))
    said = [(turn.text, turn.speaker or "") for turn in last.context] + [(last.text or "", last.speaker or "")]
    speakers = [speaker for _, speaker in said]
    if len(set(speakers)) != 2 or any(one == next_ for one, next_ in pairwise(speakers)):
        return None
    gold = {len(row.context): row.gold or () for row in rows}
    labelled = {speakers[place] for place in gold}
    if any(place not in gold for place, speaker in enumerate(speakers) if speaker in labelled):
        return None
    told = last.metadata.get(situation) if situation else None
    return Dialogue(
        name,
        tuple(
            Spoken(" ".join(text.split()), speaker, gold.get(place, ())) for place, (text, speaker) in enumerate(said)
        ),
        " ".join(told.split()) if isinstance(told, str) and told.strip() else None,
    )
