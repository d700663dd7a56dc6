"""What a message is about, as subjects of an analysis: pasted words, dialogues, attached recordings.

Takes a reading and attachments; gives subjects. Knows nothing of tools.
"""

import re
from collections.abc import Iterable, Sequence

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.calls import Line, Subject
from thymos.agent.chat.reading import Reading

_RECORDINGS = ("speech", "face", "physiology")
_SHOWN = 40  # characters of a text in its title


def title_of(text: str) -> str:
    """Return the first words of a text in quotation marks."""
    words = " ".join(text.split())
    return f"“{words}”" if len(words) <= _SHOWN else f"“{words[:_SHOWN].rsplit(' ', 1)[0]} …”"


def spoken_subject(reading: Reading) -> Subject:
    """Return the words that a question is about, with what was said before them.

    Of a dialogue these are the last words of the person who is named first, or the last of all; of several quotes the
    last.
    """
    if not reading.dialogue:
        *before, text = reading.quotes
        return Subject(title=title_of(text), text=text, context=tuple(Line(text=each) for each in before))
    lines = reading.dialogue
    asked = _first_named(reading.asked, {line.speaker for line in lines if line.speaker})
    at = max((number for number, line in enumerate(lines) if asked and line.speaker == asked), default=len(lines) - 1)
    quoted = [n for n, line in enumerate(lines) if any(quote in line.text for quote in reading.quotes)]
    at = quoted[-1] if quoted else at
    line = lines[at]
    return Subject(title=title_of(line.text), text=line.text, speaker=line.speaker, context=lines[:at])


def _first_named(text: str, names: Iterable[str]) -> str | None:
    """Return the name that a text says first: of "how does Ann feel about Ben" it is Ann who is asked about."""
    found = {name: re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) for name in sorted(names)}
    return min((match.start(), name) for name, match in found.items() if match)[1] if any(found.values()) else None


def attached_subjects(files: Sequence[Attachment], reading: Reading) -> list[Subject]:
    """Return the subjects that recordings make: one with several modalities, or one for each recording of a kind."""
    recordings = [each for each in files if each.kind in _RECORDINGS]
    kinds = [each.kind for each in recordings]
    words = reading.quotes[-1] if reading.quotes else None
    if len(set(kinds)) < len(kinds):
        return [Subject(title=each.name, recordings=(each,)) for each in recordings]
    if reading.dialogue:
        spoken = spoken_subject(reading)
        return [spoken.model_copy(update={"recordings": tuple(recordings)})]
    title = recordings[0].name if len(recordings) == 1 and not words else "the material"
    return [Subject(title=title, text=words, recordings=tuple(recordings))]
