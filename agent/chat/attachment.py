"""A file that came with a message; and what all values of the chat have in common.

Nothing to compute.
"""

import re
from pathlib import PurePath
from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["speech", "face", "physiology", "corpus", "dialogue"]


class Value(BaseModel):
    """A value that can't be changed and knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Attachment(Value):
    """A file that came with a message.

    Attributes:
        id: SHA-256 of its content, the first 32 digits.
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

    @property
    def stored_name(self) -> str:
        """How the file is called in the thread's folder: its id, with the ending that some readers go by."""
        suffix = PurePath(self.name).suffix.lower()
        return self.id + (suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else "")
