"""RECCON (Poria et al. 2021, arXiv:2012.11820): dialogues of which is known which turns caused an emotion.

Reads the published JSON: dialogue id -> conversations, each a list of turns with `turn`, `speaker`, `utterance`,
`emotion` and, where one is shown, `expanded emotion cause evidence` (numbers of turns; "b" for a cause that is not in
the dialogue) and `expanded emotion cause span` (words of each). A row is a turn with causes; its labels say how many
turns back they lie, in the words of the label set `cause`. The other turns are only heard. Ids are `<dialogue>-<turn>`.
"""

import json
from collections.abc import Iterator
from typing import Any

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.layout import Layout, TextFormat
from thymos.adapters.readers.records import Broken, Item, Record, reason, shown
from thymos.adapters.readers.text import chunks
from thymos.prompts.errors import InputError

OUTSIDE = "not said"
EVIDENCE, SPANS = "expanded emotion cause evidence", "expanded emotion cause span"
MARKED = "marked"  # column of a row: number of a turn, from 1, and the words in it that people marked as a cause
_FARTHEST = 6
_LIMIT = 200_000_000  # characters: the published files have two million
# Stray spellings in the published files.
_EMOTIONS = {"happy": "happiness", "happines": "happiness", "excited": "happiness"}
_EMOTIONS |= {"sad": "sadness", "angry": "anger", "surprised": "surprise"}


def label_of(back: int) -> str:
    """Return the label of a cause so many turns back."""
    return "same turn" if back == 0 else f"{min(back, _FARTHEST)} before"


def turns_back(label: str) -> int | None:
    """Return how many turns back a label points; None where the cause is not in the dialogue."""
    if label == OUTSIDE:
        return None
    return 0 if label == "same turn" else int(label.partition(" ")[0])


def read_reccon(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield one record for each conversation.

    Raises:
        InputError: the file is not JSON of RECCON's shape.
    """
    text, size = [], 0
    for piece in chunks(stream, encoding):
        text.append(piece)
        size += len(piece)
        if size > _LIMIT:
            raise InputError(f"RECCON file must be at most {_LIMIT:,} characters, got more; split it")
    try:
        dialogues = json.loads("".join(text))
    except (ValueError, RecursionError) as error:
        raise InputError(f"RECCON file must be whole JSON, got another ({reason(error)}); copy it again") from error
    if not isinstance(dialogues, dict):
        raise InputError(f"RECCON file must be an object of dialogues by id, got {type(dialogues).__name__}")
    for name, conversations in dialogues.items():
        for turns in conversations if isinstance(conversations, list) else [conversations]:
            yield Record({"dialogue_id": name, "turns": turns})


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the turns of a conversation; those without a known cause are only heard."""
    dialogue, turns = str(record.values.get("dialogue_id", number)), record.values.get("turns")
    if not isinstance(turns, list) or not turns:
        yield Broken(f"row must be a dialogue with a list of turns, got {shown(turns)}; is it RECCON?", id=dialogue)
        return
    for position, turn in enumerate(turns, start=1):
        name = f"{dialogue}-{position}"
        if not isinstance(turn, dict):
            yield Broken(f"turn must be an object with utterance and emotion, got {shown(turn)}", excerpt=None, id=name)
            continue
        emotion = str(turn.get("emotion", ""))
        values = {
            "dialogue_id": dialogue,
            "turn": position,
            "speaker": turn.get("speaker"),
            "text": turn.get("utterance"),
            "emotion": _EMOTIONS.get(emotion, emotion),
            "causes": _causes(turn.get(EVIDENCE), position),
            MARKED: _marked(turn, position),
        }
        yield Record(values, id=name, context_only=not values["causes"])


def _causes(evidence: Any, position: int) -> list[str]:
    """Return the labels of cause turns, each once, the nearest first; marks of later turns mean nothing here."""
    if not isinstance(evidence, list):
        return []
    backs = sorted({position - turn for turn in evidence if isinstance(turn, int) and 0 < turn <= position})
    return list(dict.fromkeys([*map(label_of, backs), *([OUTSIDE] if "b" in evidence and not backs else [])]))


def _marked(turn: dict[str, Any], position: int) -> list[tuple[int, str]]:
    """Return which words of which turns were marked as causes; later turns are none."""
    evidence, spans = turn.get(EVIDENCE), turn.get(SPANS)
    if not isinstance(evidence, list) or not isinstance(spans, list):
        return []
    return [
        (at, span)
        for at, span in zip(evidence, spans, strict=False)
        if isinstance(at, int) and isinstance(span, str) and 0 < at <= position
    ]


_FILE = TextFormat("reccon", (), read_reccon, has_header=False)
RECCON = Layout(
    name="reccon",
    columns=Columns(text="text", speaker="speaker", dialogue="dialogue_id", turn="turn", label="causes"),
    default="json",
    expand=expand,
    formats={"json": _FILE},
)
