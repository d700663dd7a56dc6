"""A file that came with a message; and what all values of the chat have in common.

Nothing to compute.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["speech", "face", "physiology", "corpus", "dialogue"]


class Value(BaseModel):
    """A value that can't be changed and knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Attachment(Value):
    """A file that came with a message.

    Attributes:
        id: SHA-256 of its content, the first 32 digits; its name within the thread's folder.
        name: as the user called it, without folders.
        kind: what it is taken for.
        media_type: by its content, not by its name (`audio/wav`).
        size: bytes.
    """

    id: str
    name: str
    kind: Kind
    media_type: str
    size: int
