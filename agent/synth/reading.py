"""From what a writer gave to a well-formed text, or the reason why it is none. The gate `format`.

Takes a row and raw text; gives turns. Knows nothing of emotions.
"""

import re

from thymos.agent.synth.plan import PlanRow
from thymos.agent.synth.values import Said
from thymos.prompts.wish import WORDS

NAME = "format"
_FEWEST_WORDS = 2  # of a turn
_NEEDS_NO_STOP = 6  # words
_TOO_LONG = 3  # times the longest asked
_LINE = re.compile(r"^[\s*_>#-]*(?:\d+[.)]\s*)?(A|B)[\s*_]*[:：]\s*(.*)$")
_REFUSES = re.compile(r"^(?:as an ai|i(?:['’]m| am) (?:an ai|sorry, but i))\b", re.I)
# "Sure, the key is here" is a way to talk; "Sure, here is a sentence that shows joy:" talks of what was asked for.
_TALKS_ABOUT = re.compile(
    r"^(?=(?:sure|certainly|of course|okay, here|here(?:['’]s| is| are))\b)"
    r".*(?::$|\bhelp you\b|(?:['’]s| is| are) (?:an?|the|some|your)\b.{0,60}"
    r"\b(?:utterances?|sentences?|messages?|texts?|dialogues?|conversations?|examples?|responses?|exchanges?)\b)",
    re.I,
)
_ECHO = re.compile(r"\[(?:emotion|intensity|style|turns|arc|length|language)\b|<\||^(?:situation|write in)\b", re.I)
_END = re.compile(r"[.!?…。！？][\"'”’)]*$")
_SENTENCE = re.compile(r"^.*[.!?…。！？][\"'”’)]*(?=\s|$)", re.S)


def read_text(row: PlanRow, raw: str) -> tuple[Said, ...] | str:
    """Return the turns of a text, or in a phrase what is wrong with it."""
    text = raw.replace("\r\n", "\n").strip()
    if not text:
        return "empty"
    most = WORDS[row.length][1]
    turns = _utterance(text, most) if row.kind == "utterance" else _dialogue(text, len(row.turns), most)
    if isinstance(turns, str):
        return turns
    longest = most * _TOO_LONG
    for place, (_, said) in enumerate(turns):
        words = len(said.split())
        if _ECHO.search(said):
            return "repeats the request"
        if words < _FEWEST_WORDS and (row.kind == "utterance" or not said):
            return "too short"
        if words > longest:
            return "too long"
        if not any(letter.isalpha() for letter in said):
            return "no words"
        if _REFUSES.match(said) or (place == 0 and _TALKS_ABOUT.match(said)):
            return "talks about the task"
    if len(turns) > 1 and len({said.lower() for _, said in turns}) < len(turns):
        return "a turn is said twice"
    return tuple(Said(speaker, said, row.turns[place]) for place, (speaker, said) in enumerate(turns))


def said_in(text: str) -> str:
    """Return what is said in a text that is to be one utterance: "" where nothing is, or nothing that would pass."""
    said = _first(text) if text.strip() else ""
    wrong = _REFUSES.match(said) or _TALKS_ABOUT.match(said) or _ECHO.search(said) or len(said.split()) < _FEWEST_WORDS
    return "" if wrong or not any(letter.isalpha() for letter in said) else said


def _first(text: str) -> str:
    """Return the first paragraph, without its speaker's letter, marks and quotes."""
    blocks = [line.strip() for line in text.splitlines() if line.strip()]
    if _TALKS_ABOUT.match(blocks[0]) and blocks[0].endswith(":") and len(blocks) > 1:
        blocks = blocks[1:]
    said = re.sub(r"^(?:A|B)\s*[:：]\s*", "", blocks[0])
    return said.strip("*_ \t").strip('"“”„«»').strip()


def _utterance(text: str, most: int) -> list[tuple[str, str]] | str:
    whole = _whole(_first(text), most)
    return [("A", whole)] if whole else "breaks off"


def _dialogue(text: str, count: int, most: int) -> list[tuple[str, str]] | str:
    first = next((match for each in text.splitlines() if (match := _LINE.match(each))), None)
    if first is None or (first[1] == "B" and not text.startswith(first[0])):
        text = f"A: {text}"  # the opening was given to the writer and is not repeated
    turns: list[tuple[str, str]] = []
    for line in text.splitlines():
        if match := _LINE.match(line):
            turns.append((match[1], match[2].strip(" *_\t").strip('"“”').strip()))
        elif line.strip() and turns:
            break  # whatever follows the conversation is not part of it
    turns = turns[:count]
    if len(turns) < count:
        return "too few turns"
    if any(speaker != "AB"[place % 2] for place, (speaker, _) in enumerate(turns)):
        return "turns do not alternate"
    whole = [(speaker, _whole(said, most)) for speaker, said in turns]
    if any(said and not kept for (_, said), (_, kept) in zip(turns, whole, strict=True)) or not whole[-1][1]:
        return "breaks off"
    return whole


def _whole(said: str, most: int) -> str:
    """Return a text up to its last whole sentence, or "" where it was cut off.

    Plain style has no full stops: a text without any is whole unless it is longer than was asked, in words.
    """
    if not said or _END.search(said) or len(said.split()) <= _NEEDS_NO_STOP:
        return said
    match = _SENTENCE.match(said)
    if match:
        return match[0]
    return said if len(said.split()) <= most else ""
