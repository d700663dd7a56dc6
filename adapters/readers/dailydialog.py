"""DailyDialog (Li et al. 2017, arXiv:1710.03957): two-party dialogues with an emotion on every turn.

Reads one dialogue a line (`dialogue_id`, `turns` of speaker, text, emotion, act) and the tables of the hub
(parallel lists `dialog`, `emotion`, `act`). Ids are `<dialogue_id>-<turn>`, turns counted from 1 as RECCON
counts them.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Broken, Item, Record, identifier, shown

# In the order of the hub's label ids, for tables that do not declare the names of their classes.
LABELS = ("no emotion", "anger", "disgust", "fear", "happiness", "sadness", "surprise")
_SPEAKERS = ("A", "B")


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the turns of one dialogue, each with the dialogue's own fields beside it."""
    values = dict(record.values)
    turns = values.pop("turns", None)
    if turns is None:
        turns = _parallel(values.pop("dialog", None), values.pop("emotion", None), values.pop("act", None))
    dialogue = identifier(values.pop("dialogue_id", None), number)
    if not isinstance(turns, list) or not turns:
        yield Broken(
            f"row must be a dialogue with a list of turns, got {shown(turns)}; is it DailyDialog?",
            id=dialogue,
        )
        return
    for position, turn in enumerate(turns, start=1):
        turn_id = f"{dialogue}-{position}"
        if isinstance(turn, dict):
            shared = {
                "dialogue_id": dialogue,
                "turn": position,
                "speaker": None,
                "text": None,
                "emotion": None,
            }
            yield Record({**values, **shared, **turn}, id=turn_id)
        else:
            yield Broken(f"turn must be an object with text and emotion, got {shown(turn)}", id=turn_id)


def _parallel(texts: Any, emotions: Any, acts: Any) -> list[dict[str, Any]] | None:
    """Return turns from the hub's parallel lists."""
    if not isinstance(texts, list):
        return None
    emotions, acts = (column if isinstance(column, list) else [] for column in (emotions, acts))
    together = list(zip_longest(texts, emotions[: len(texts)], acts[: len(texts)]))
    return [
        {"speaker": _SPEAKERS[position % 2], "text": text, "emotion": _named(emotion), "act": act}
        for position, (text, emotion, act) in enumerate(together)
    ]


def _named(emotion: object) -> object:
    if isinstance(emotion, int) and 0 <= emotion < len(LABELS):
        return LABELS[emotion]
    return emotion


DAILYDIALOG = Layout(
    name="dailydialog",
    columns=Columns(text="text", speaker="speaker", dialogue="dialogue_id", turn="turn", label="emotion"),
    default="jsonl",
    expand=expand,
)
