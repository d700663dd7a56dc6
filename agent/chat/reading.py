"""What a message holds: quoted words, a dialogue, what is asked about them, names of labels and label sets.

Takes text; gives a `Reading`. Only marks and shapes are looked at, so that the same words are always read the same way.
Knows nothing of tools or of what was said before.
"""

import re
from dataclasses import dataclass

from thymos.agent.chat.calls import Line
from thymos.agent.chat.words import find

_QUOTES = re.compile(
    r'"((?:[^"\n]|\n(?!\s*\n)){2,}?)"(?=\W|$)|“([^“”]{2,}?)”|«([^«»]{2,}?)»|„([^„“”]{2,}?)[“”]|'
    r"(?:(?<=\s)|(?<=[:(,])|^)'((?:[^'\n]|(?<=\w)'(?=\w)){2,}?)'(?=[\s.,;:!?)]|$)|"
    r"(?:(?<=\s)|^)‘((?:[^‘’\n]|(?<=\w)’(?=\w)){2,}?)’(?=[\s.,;:!?)]|$)|```\w*\n?(.+?)```|^>[ ]?(.+?)$",
    re.DOTALL | re.MULTILINE,
)
_INTRODUCED = re.compile(
    r"\b(?:text|message|sentence|version|option|line|quote|first|second|one|a|b)\s*(?:one|two|[12ab])?\s*[:)]\s+(.+?)"
    r"(?=\s*(?:[.;,\n]\s*|\s)(?:and\s+)?\b(?:text|message|sentence|version|option|line|quote|second|two|b)\s*(?:one|two|[12ab])?\s*[:)]"
    r"|[.!?]\s+(?:which|what|who|are|is|do|how|compare)\b|$)",
    re.IGNORECASE,
)
_CLOCK = r"(?:[\[(]?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?[\])]?\s*(?:am|pm)?\s*[-–]?\s*)?"  # of a chat's export
_NAME = r"([^\W\d_][\w.' -]{0,24}?)\s*(?:\([^)]{1,20}\))?"
_LINE = re.compile(rf"^\s*(?:[-*•]\s*)?{_CLOCK}{_NAME}\s*:\s+(\S.*)$", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+[)\"'”’]*|\n|$)", re.DOTALL)
_LIST = re.compile(r"^\s*(?:\(?[1-9AB][.):]|[-*•])\s+(\S.*)$", re.MULTILINE)
_GAP = re.compile(r"\s{8,}")  # nothing is told by more, and patterns would take long over them


@dataclass(frozen=True, slots=True)
class Reading:
    """A message, taken apart.

    Attributes:
        text: as it came.
        quotes: what stands in quotation marks, in a fence or after a list's numbers.
        dialogue: lines of the form `Name: words`, two or more; else none.
        asked: the text without quotes and dialogue.
        told: the sentences of `asked` that ask nothing; what may be the material itself.
        questions: those that ask.
    """

    text: str
    quotes: tuple[str, ...]
    dialogue: tuple[Line, ...]
    asked: str
    told: str
    questions: str

    def has(self, *names: str) -> bool:
        """Say whether any of the named patterns is found in what is asked."""
        return any(find(name, self.asked) for name in names)


def read(text: str) -> Reading:
    """Take a message apart."""
    text = _GAP.sub(lambda gap: "\n\n" if "\n" in gap[0] else " ", text)
    rest, dialogue = _dialogue(text)
    quotes = [next(filter(None, match.groups())).strip() for match in _QUOTES.finditer(rest)]
    rest = _QUOTES.sub(" ", rest)
    if not quotes and not dialogue and len(listed := _LIST.findall(rest)) >= 2:
        quotes, rest = [each.strip() for each in listed], _LIST.sub(" ", rest)
    if not quotes and not dialogue and len(introduced := _INTRODUCED.findall(rest)) == 2:
        quotes, rest = [each.strip() for each in introduced], _INTRODUCED.sub(" ", rest)
    if not quotes and not dialogue:
        rest, after = _after_colon(rest)
        quotes = [after] if after else []
    pieces = [piece.strip() for piece in _SENTENCE.findall(rest) if re.search(r"\w", piece)]
    asking = [piece for piece in pieces if piece.endswith("?") or _opens_asking(piece)]
    return Reading(
        text=text,
        quotes=tuple(dict.fromkeys(quotes)),
        dialogue=dialogue,
        asked=" ".join(rest.split()),
        told=" ".join(piece for piece in pieces if piece not in asking),
        questions=" ".join(asking),
    )


def dialogue_lines(text: str) -> tuple[Line, ...]:
    """Return the turns of a dialogue, `Name: words` a line; a line without a name goes on with the one before.

    Text without names is one turn a line.
    """
    found: list[Line] = []
    for line in filter(str.strip, text.splitlines()):
        match = _speaker(line)
        if match:
            found.append(Line(text=_unquoted(match[2]), speaker=match[1]))
        elif found and found[-1].speaker:
            found[-1] = Line(text=f"{found[-1].text} {line.strip()}", speaker=found[-1].speaker)
        else:
            found.append(Line(text=line.strip()))
    return tuple(found)


def _dialogue(text: str) -> tuple[str, tuple[Line, ...]]:
    """Return what is around a pasted dialogue, and its lines."""
    lines = text.splitlines()
    marks = [_speaker(line) for line in lines]
    spoken = [number for number, match in enumerate(marks) if match]
    if len(spoken) < 2:
        return _inline(text)
    kept = [line for number, line in enumerate(lines) if not marks[number]]
    return "\n".join(kept), tuple(Line(text=_unquoted(m[2]), speaker=m[1]) for m in marks if m)


def _inline(text: str) -> tuple[str, tuple[Line, ...]]:
    """Find a dialogue whose turns stand in one line, divided by slashes or bars: `Ann: hi / Bob: go away`."""
    pieces = re.split(r"\s+[/|]+\s+", text)
    head, colon, first = pieces[0].rpartition(": ")
    who = head.split()[-1] if head.split() else ""
    rest = [_speaker(piece) for piece in pieces[1:]]
    if len(pieces) < 2 or not colon or not all(rest) or not who[:1].isupper():
        return text, ()
    before = head[: len(head) - len(who)]
    turns = [Line(text=first.strip(), speaker=who), *(Line(text=_unquoted(m[2]), speaker=m[1]) for m in rest if m)]
    last, mark, question = turns[-1].text.partition("\n")
    turns[-1] = Line(text=last, speaker=turns[-1].speaker)
    return f"{before} {question if mark else ''}", tuple(turns)


def _speaker(line: str) -> re.Match[str] | None:
    """Return a line's speaker and words; what only introduces something is no speaker."""
    match = _LINE.match(line)
    if match is None or len(match[1].split()) > 3:
        return None
    last = match[1].split()[-1].lower()
    return None if find("not_speakers", last) or find("asking", match[1]) else match


def _after_colon(text: str) -> tuple[str, str]:
    """Return a question and what stands behind its colon, or the text and nothing."""
    head, colon, after = text.partition(":")
    if colon and len(head) < 160 and len(after.split()) >= 2 and not after.startswith("//") and _asks(head):
        first, mark, question = after.strip().rpartition("\n")
        if mark and question.strip().endswith("?") and first.strip():
            return f"{head} {question}", first.strip()
        return head, after.strip()
    return text, ""


def _asks(text: str) -> bool:
    return bool(find("asking", text) or find("material", text))


def _opens_asking(sentence: str) -> bool:
    """Say whether a sentence without a question mark asks: it begins like a question or a request."""
    match = find("asking", sentence)
    return match is not None and (match.start() < 3 or (find("polite", sentence) is not None and match.start() < 40))


def _unquoted(text: str) -> str:
    return text.strip().strip('"“”').strip()
