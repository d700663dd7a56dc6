"""DailyDialog (Li et al. 2017, arXiv:1710.03957): two-party dialogues with an emotion on every turn.

Reads one dialogue a line (`dialogue_id`, `turns` of speaker, text, emotion, act; or, in the original spacing,
`fold` and `dialogue`) and the tables of the hub (parallel lists `dialog`, `emotion`, `act`). Ids are
`<dialogue_id>-<turn>`, turns counted from 1 as RECCON counts them.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Broken, Item, Record, identifier, shown

# In the order of the hub's label ids, for tables that do not declare the names of their classes.
LABELS = ("no emotion", "anger", "disgust", "fear", "happiness", "sadness", "surprise")
_SPEAKERS = ("B", "A")  # of even and odd turns, where they are not named


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the turns of one dialogue, each with the dialogue's own fields beside it."""
    values = dict(record.values)
    # the files in the original spacing have the dialogues of the others in the same order, without their ids
    unnamed = f"{shown(values['fold'])[1:-1]}-{number - 1}" if "fold" in values else number
    dialogue = identifier(values.pop("dialogue_id", None), unnamed)
    turns = _turns(values)
    if not isinstance(turns, list) or not turns:
        yield Broken(
            f"row must be a dialogue with a list of turns, got {shown(turns)}; is it DailyDialog?",
            id=dialogue,
        )
        return
    for position, turn in enumerate(turns, start=1):
        turn_id = f"{dialogue}-{position}"
        if not isinstance(turn, dict):
            yield Broken(f"turn must be an object with text and emotion, got {shown(turn)}", id=turn_id)
            continue
        usual = {"speaker": _SPEAKERS[position % 2], "text": None}
        place = {"dialogue_id": dialogue, "turn": position, "emotion": _named(turn.get("emotion"))}
        yield Record({**values, **usual, **turn, **place}, id=turn_id)


def _turns(values: dict[str, Any]) -> Any:
    """Take the turns out of a dialogue's fields."""
    for column in ("turns", "dialogue"):
        if column in values:
            return values.pop(column)
    texts, emotions, acts = (values.pop(column, None) for column in ("dialog", "emotion", "act"))
    if not isinstance(texts, list):
        return texts
    emotions, acts = (column if isinstance(column, list) else [] for column in (emotions, acts))
    together = zip_longest(texts, emotions[: len(texts)], acts[: len(texts)])
    return [{"text": text, "emotion": emotion, "act": act} for text, emotion, act in together]


def _named(emotion: object) -> object:
    if isinstance(emotion, int) and 0 <= emotion < len(LABELS):
        return LABELS[emotion]
    return "no emotion" if emotion == "no_emotion" else emotion


DAILYDIALOG = Layout(
    name="dailydialog",
    columns=Columns(text="text", speaker="speaker", dialogue="dialogue_id", turn="turn", label="emotion"),
    default="jsonl",
    expand=expand,
)
