"""Follow-ups, such as "why?" and "and if she had smiled?": what a message changes about what the thread was about.

Takes a reading and the last call; gives the next call, or nothing where the message begins something new. Knows nothing
of tools.
"""

import re

from thymos.agent.chat.calls import Call, Subject
from thymos.agent.chat.intents import Intents
from thymos.agent.chat.reading import Reading
from thymos.agent.chat.subjects import title_of
from thymos.agent.chat.values import Message
from thymos.agent.chat.words import find

_ABOUT = frozenset({"analyse", "compare", "timeline"})  # tools whose answers can be asked about further
_MADE = frozenset({"label_file", "synthesise"})  # tools that make something, which can be made again in another way
_PARTS = {"speech": "speech", "face": "face", "physiology": "physiology", "text": "words", "context": "context"}
_TOLD = 5  # words from which something is told
_UNITS = {"word": r"\S+", "sentence": r"[^.!?\n]+[.!?]*", "line": r"[^.!?\n]+[.!?]*"}


def follow_up(reading: Reading, last: Call, taxonomy: str | None, intents: Intents, *, new: bool) -> Call | None:
    """Return what a message asks about the last call; None where it is about something else.

    Args:
        reading: of the message.
        last: what the thread was about.
        taxonomy: label set that the message names.
        intents: where words don't decide.
        new: whether the message brings material of its own that makes it a fresh question.
    """
    if last.missing or new:
        return None
    if last.tool in _MADE:
        return _made_again(reading, last, taxonomy)
    if last.tool not in _ABOUT:
        return None
    weights = intents.weigh(reading.text) if len(reading.text.split()) <= 20 else {}
    anew = _tells(reading)
    if last.tool == "analyse" and reading.has("if") and last.subjects and not anew:
        return changed(reading, last)
    if reading.quotes:
        likely = weights.get("what_if", 0.0) > 0.5
        return changed(reading, last) if likely and last.tool == "analyse" and last.subjects else None
    if taxonomy and len(reading.asked.split()) <= 14 and max(weights, key=lambda n: weights[n], default="") != "search":
        return last.model_copy(update={"taxonomy": taxonomy, "why": False, "changed": "", "impossible": ""})
    if reading.has("why") and not anew and len(reading.asked.split()) <= 16 and not _general(reading):
        return last.model_copy(update={"why": True, "changed": "", "impossible": ""})
    if weights and max(weights, key=lambda name: weights[name]) == "why" and weights["why"] > 0.4 and not reading.told:
        return last.model_copy(update={"why": True, "changed": "", "impossible": ""})
    return None


def _tells(reading: Reading) -> bool:
    """Say whether a message tells something of its own: then it begins anew, however its question begins."""
    changes = reading.has("without", "only") or find("instead", reading.text) or reading.quotes
    doubts = find("why", reading.told)  # as in "That is wrong, I think that he is sad."
    return not changes and not doubts and len(reading.told.split()) >= _TOLD


def side_by_side(message: Message, reading: Reading, last: Call | None) -> Call | None:
    """Return a comparison of what was just analysed with what a message brings; None where it asks for none."""
    if last is None or last.tool != "analyse" or len(last.subjects) != 1 or not reading.has("compare"):
        return None
    first = last.subjects[0]
    recordings = [each for each in message.attachments if first.of(each.kind)]
    if len(message.attachments) == 1 and recordings:
        second = Subject(title=recordings[0].name, recordings=(recordings[0],))
    elif not message.attachments and len(reading.quotes) == 1 and first.text is not None:
        second = Subject(title=title_of(reading.quotes[0]), text=reading.quotes[0])
    else:
        return None
    return Call(tool="compare", subjects=(first, second), taxonomy=last.taxonomy)


def _made_again(reading: Reading, last: Call, taxonomy: str | None) -> Call | None:
    """Return the last file with another label set, or more sentences; None where something else is wished for."""
    short = len(reading.asked.split()) <= 14 and not reading.quotes
    if last.tool == "label_file" and taxonomy and short:
        return last.model_copy(update={"taxonomy": taxonomy})
    if last.tool == "synthesise" and short and (reading.has("more") or taxonomy):
        return last.model_copy(update={"taxonomy": taxonomy or last.taxonomy, "query": reading.asked})
    return None


def changed(reading: Reading, last: Call) -> Call:
    """Return the last analysis with what the message changes about it; what can't be changed is said to be so."""
    subject = last.subjects[0]
    said = find("instead", reading.text)
    found = None
    if reading.has("without"):
        found = _without(subject, reading)
    elif reading.has("only") and (kept := _part(reading.asked)) and kept != "context":
        found = _only(subject, kept)
    elif reading.quotes:
        found = _said(subject, reading.quotes[-1])
    elif said and not _part(said["words"]):
        found = _said(subject, said["words"].strip())
    if found is None:
        wish = reading.text.strip().rstrip("?!. ")
        return last.model_copy(update={"why": False, "changed": "", "impossible": wish})
    new, told = found
    return last.model_copy(update={"subjects": (new,), "why": False, "changed": told, "impossible": ""})


def _said(subject: Subject, words: str) -> tuple[Subject, str]:
    return _renamed(subject, words), f"with the words {title_of(words)}"


def _without(subject: Subject, reading: Reading) -> tuple[Subject, str] | None:
    """Leave out what is quoted or named: a phrase, a sentence, a recording, the turns before."""
    named = find("out", reading.asked)
    for words in (*reading.quotes, *([named["words"]] if named else [])):
        if left := _less(subject.text or "", words):
            return _renamed(subject, left), f"without “{words}”"
    place = find("unit", reading.asked)
    if place and (left := _cut(subject.text or "", place["which"].lower(), place["unit"].lower())):
        return _renamed(subject, left), f"without the {place[0].lower()}"
    part = _part(reading.asked)
    if part == "text":
        return subject.model_copy(update={"text": None}), "without the words"
    if part == "context":
        return subject.model_copy(update={"context": ()}), "without what was said before"
    if part and subject.of(part):
        kept = tuple(each for each in subject.recordings if each.kind != part)
        return subject.model_copy(update={"recordings": kept}), f"without the {_called(part)}"
    return None


def _only(subject: Subject, part: str) -> tuple[Subject, str] | None:
    if part != "text" and not subject.of(part):
        return None
    kept = tuple(each for each in subject.recordings if each.kind == part)
    words = subject.text if part == "text" else None
    new = subject.model_copy(update={"recordings": kept, "text": words, "context": ()})
    return new, f"with only the {_called(part)}"


def _renamed(subject: Subject, text: str) -> Subject:
    return subject.model_copy(update={"text": text, "title": title_of(text)})


def _less(text: str, words: str) -> str:
    """Return a text without some of its words, or nothing where they are not in it."""
    at = text.lower().find(words.lower())
    return " ".join((text[:at] + text[at + len(words) :]).split()).strip(" ,;") if at >= 0 else ""


def _cut(text: str, which: str, unit: str) -> str:
    """Return a text without its first, second or last sentence, word or part; nothing where it has none."""
    pieces = re.findall(_UNITS.get(unit, r"[^.!?,;\n]+[.!?,;]*"), text)
    at = {"first": 0, "second": 1, "last": len(pieces) - 1}[which]
    return " ".join(piece.strip() for number, piece in enumerate(pieces) if number != at) if len(pieces) > at else ""


def _part(text: str) -> str | None:
    return next((name for name, words in _PARTS.items() if find(words, text)), None)


def _called(part: str) -> str:
    return {"speech": "voice", "face": "face", "physiology": "body", "text": "words"}.get(part, part)


def _general(reading: Reading) -> bool:
    """Say whether a question is about people in general, so that it begins something new."""
    return reading.has("general")
