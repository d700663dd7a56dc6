"""`Columns`: which column holds what. Named by the user, or found by its obvious name.

Takes column names; gives column names. Knows nothing of values or files.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from thymos.prompts.errors import InputError

_SHOWN = 12  # column names that an error lists
# In order of preference. Media only under their own names: a column `image` may well hold web addresses.
_OBVIOUS = {
    "text": (
        *("text", "utterance", "sentence", "content", "message", "comment", "tweet", "review"),
        *("body", "post", "transcript", "transcription", "full_text", "review_text"),
    ),
    "id": ("id", "uid", "uuid", "guid", "sample_id", "row_id", "example_id"),
    "speaker": ("speaker", "speaker_id", "speaker_name"),
    "dialogue": (
        *("dialogue_id", "dialog_id", "conversation_id", "conv_id", "thread_id"),
        *("dialogue", "dialog", "conversation"),
    ),
    "turn": ("turn", "turn_id", "turn_idx", "turn_index", "turn_number", "utterance_idx"),
    "label": ("label", "labels", "emotion", "emotions", "gold"),
    "speech": ("speech", "speech_path"),
    "face": ("face", "face_path"),
    "physiology": ("physiology", "physiology_path"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what. None: take the obvious one if there is one; "" means none, whatever there is.

    Attributes:
        text: the utterance.
        id: the row's identifier; the row number without one.
        speaker: who says it.
        dialogue: identifier of the conversation; earlier rows with the same one become context.
        turn: position in the conversation, a number that grows; checked, not sorted by.
        label: gold label(s).
        speech: path of a recording of the voice.
        face: path of a picture or video of the face.
        physiology: path of a recording of the body.
    """

    text: str | None = None
    id: str | None = None
    speaker: str | None = None
    dialogue: str | None = None
    turn: str | None = None
    label: str | None = None
    speech: str | None = None
    face: str | None = None
    physiology: str | None = None

    def over(self, other: "Columns") -> "Columns":
        """Return these columns, and `other`'s where these say nothing."""
        given = {name: column for name, column in self.items() if column is not None}
        return replace(other, **given)

    def items(self) -> list[tuple[str, str | None]]:
        """Return pairs of role and column, in order."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


AUTO = Columns()
NONE = Columns(*[""] * len(fields(Columns)))


def resolve(columns: Columns, names: Sequence[str]) -> Columns:
    """Return columns in which every role has a column that exists, or None.

    Args:
        columns: what the user or a named format says.
        names: the columns that exist, in order.

    Raises:
        InputError: a named column does not exist or exists twice, or nothing tells which column is the text.
    """
    given = {role: column for role, column in columns.items() if column}
    for role, column in given.items():
        if column not in names:
            raise InputError(_no_such(role, column, names))
    plain: dict[str, str] = {}
    for name in names:
        if name not in given.values():
            plain.setdefault(name.strip().casefold().replace(" ", "_").replace("-", "_"), name)
    roles: dict[str, str | None] = {
        role: next((plain[name] for name in _OBVIOUS[role] if name in plain), None)
        for role, column in columns.items()
        if column is None
    }
    if roles.get("turn") and not (roles.get("dialogue") or given.get("dialogue")):
        roles["turn"] = None
    found = Columns(**(roles | given))
    if len(names) == 1 and columns.text is None and not given:
        found = Columns(text=names[0])
    if not any((found.text, found.speech, found.face, found.physiology)):
        raise InputError(
            f"text column must be named where no name is obvious, got {listed(names)}; "
            f"say which one it is with {flag('text')}"
        )
    for role, used in found.items():
        if used is not None and f"{used} (2)" in names:
            raise InputError(f"{role} column must be one, got two named {used!r}; rename one of them")
    return found


def listed(names: Sequence[str]) -> str:
    """Return column names for an error, the first dozen of them."""
    shown = ", ".join(repr(name[:60]) for name in names[:_SHOWN]) or "no columns"
    return shown + (f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else "")


def flag(role: str) -> str:
    """Return the command-line flag that names a role's column."""
    return f"--{role}-column"


def _no_such(role: str, column: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(column.casefold(), [name.casefold() for name in names[:10_000]], n=3)
    meant = [name for name in names if name.casefold() in near][:3]
    hint = f"did you mean {' or '.join(map(repr, meant))}?" if meant else f"there are {listed(names)}"
    return f"{role} column must exist, got {column!r}; {hint}"
