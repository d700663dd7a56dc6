"""A sample from what one person names on a command line: words and the recordings beside them.

Takes words and paths; gives a `Sample`. Knows nothing of what is in the recordings.
"""

from collections.abc import Mapping
from pathlib import Path

from thymos.adapters.media import media_place
from thymos.adapters.sample import Face, Physiology, Sample, Speech, Turn
from thymos.prompts.errors import InputError, RowError


def media_sample(text: str, speaker: str | None, context: tuple[Turn, ...], media: Mapping[str, str | None]) -> Sample:
    """Return a sample.

    Args:
        text: words; empty where there are none.
        speaker: who says them.
        context: earlier turns.
        media: modality -> path, with a fragment where a part is meant, or None.

    Raises:
        InputError: a path or a fragment names nothing.
    """
    try:
        places = {
            name: media_place(name, path, Path(), folders=name == "physiology") for name, path in media.items() if path
        }
    except RowError as error:
        raise InputError(str(error)) from error
    speech, face, body = places.get("speech"), places.get("face"), places.get("physiology")
    return Sample(
        id="1",
        text=text if text.strip() else None,
        speaker=speaker,
        context=context,
        speech=Speech(path=speech.path, start=speech.start, end=speech.end) if speech else None,
        face=Face(path=face.path, box=face.box, start=face.start, end=face.end) if face else None,
        physiology=Physiology(path=body.path, start=body.start, end=body.end) if body else None,
    )
