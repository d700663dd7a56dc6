"""EmpatheticDialogues (Rashkin et al. 2019, arXiv:1811.00207): a speaker tells of a feeling, another listens.

Reads one conversation a line (`conv_id`, `emotion`, `turns` of role and text) and the published tables (one
utterance a row: `conv_id`, `utterance_idx`, `context`, `utterance`). The samples are the speaker's turns, the
emotion is the conversation's, the listener's turns are context. Ids are `<conv_id>-<turn>`, turns counted
from 1 over both roles.
"""

from collections.abc import Iterator
from typing import Any

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.layout import Layout
from thymos.adapters.readers.records import Broken, Item, Record, identifier, shown

_NAMES = {"speaker": "Speaker", "listener": "Listener"}
_COMMA = "_comma_"  # how the published tables write a comma


def expand(record: Record, number: int) -> Iterator[Item]:
    """Yield the turns of a conversation, or the one turn that a row of the published tables holds."""
    if "turns" not in record.values and "utterance" in record.values:
        yield _row(record)
        return
    values = dict(record.values)
    turns = values.pop("turns", None)
    conversation = identifier(values.pop("conv_id", None), number)
    if not isinstance(turns, list) or not turns:
        yield Broken(
            f"row must be a conversation with a list of turns, got {shown(turns)}; is it EmpatheticDialogues?",
            id=conversation,
        )
        return
    for position, turn in enumerate(turns, start=1):
        role = turn.get("role") if isinstance(turn, dict) else None
        if isinstance(role, str) and role in _NAMES:
            yield _turn({**values, **turn}, conversation, position, role)
        else:
            got = f"role {shown(role)}" if isinstance(turn, dict) else shown(turn)
            reason = f"turn must be an object with the role speaker or listener and a text, got {got}"
            yield Broken(reason, id=f"{conversation}-{position}")


def _row(record: Record) -> Item:
    values = dict(record.values)
    conversation, position = (identifier(values.pop(key, None), "") for key in ("conv_id", "utterance_idx"))
    if not position.isascii() or not position.isdecimal() or len(position) > 9:
        return Broken(f"utterance_idx must be a number from 1, got {shown(position)}; mend this row", id=conversation)
    text = values.pop("utterance")
    values["text"] = text.replace(_COMMA, ",") if isinstance(text, str) else text
    values["emotion"] = values.pop("context", None)
    return _turn(values, conversation, int(position), "speaker" if int(position) % 2 else "listener")


def _turn(values: dict[str, Any], conversation: str, position: int, role: str) -> Record:
    place = {"conv_id": conversation, "turn": position, "speaker": _NAMES[role]}
    return Record(
        {"text": None, "emotion": None, **values, **place},
        id=f"{conversation}-{position}",
        context_only=role != "speaker",
    )


EMPATHETICDIALOGUES = Layout(
    name="empatheticdialogues",
    columns=Columns(text="text", speaker="speaker", dialogue="conv_id", turn="turn", label="emotion"),
    default="jsonl",
    expand=expand,
)
