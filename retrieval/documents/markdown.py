"""Markdown: one passage with front matter, or a document that is cut at its headings.

Takes text; gives passages. Front matter is YAML between two lines of three dashes: id, title, kind, emotions,
modalities, sources. Knows nothing of files.
"""

import re
from typing import Any

import yaml

from thymos.prompts.errors import InputError
from thymos.retrieval.documents.ids import Ids, citable
from thymos.retrieval.documents.pieces import pieces
from thymos.retrieval.passage import MODALITIES, NOTE, Passage

_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
_KEYS = ("id", "title", "kind", "emotions", "modalities", "sources", "licence")


def read_passage(text: str, *, where: str, document: str, licence: str = "") -> Passage:
    """Read a passage with front matter.

    Args:
        text: of the file.
        where: how errors call it.
        document: that it is part of.
        licence: unless the front matter names one.

    Raises:
        InputError: the front matter is missing, not YAML, or has a wrong key or value.
    """
    match = _FRONT.match(text.replace("\r\n", "\n"))
    if match is None:
        raise InputError(f"passage must begin with front matter between two lines of ---, got none in {where}; add it")
    front = _front(match[1], where)
    if not match[2].strip():
        raise InputError(f"passage must say something, got no text in {where}; write it below the front matter")
    return Passage(
        id=citable(str(front.get("id") or where)),
        text=" ".join(match[2].split()),
        title=str(front.get("title") or ""),
        kind=str(front.get("kind") or NOTE),
        emotions=_words(front, "emotions", where),
        modalities=_modalities(front, where),
        sources=_words(front, "sources", where),
        licence=str(front.get("licence") or licence),
        document=document,
    )


def read_document(text: str, *, name: str, licence: str = "") -> list[Passage]:
    """Read a Markdown document: a passage with front matter, or sections in pieces of a passage's length.

    Args:
        text: of the file.
        name: of the document; ids begin with it.
        licence: of its words.
    """
    text = text.replace("\r\n", "\n")
    if _FRONT.match(text):
        return [read_passage(text, where=name, document=name, licence=licence)]
    found, title, start = [], "", 0
    for heading in [*_HEADING.finditer(text), None]:
        section = text[start : heading.start() if heading else len(text)]
        found += [(title, piece) for piece in pieces(section)]
        if heading is not None:
            title, start = heading[1], heading.end()
    return [
        Passage(id=Ids(name)(str(number)), text=piece, title=heading, document=name, licence=licence)
        for number, (heading, piece) in enumerate(found, start=1)
    ]


def _front(text: str, where: str) -> dict[str, Any]:
    try:
        front = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"front matter must be YAML, got {where}: {' '.join(str(error).split())}; mend it") from error
    if not isinstance(front, dict):
        raise InputError(f"front matter must be keys with values, got {where}; write them as `title: ...`")
    if unknown := [key for key in front if key not in _KEYS]:
        raise InputError(f"front matter can have {', '.join(_KEYS)}, got {unknown[0]!r} in {where}; take it out")
    return front


def _words(front: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = front.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InputError(f"{key} must be a list of words, got {value!r} in {where}; write [a, b]")
    return tuple(value)


def _modalities(front: dict[str, Any], where: str) -> tuple[str, ...]:
    found = _words(front, "modalities", where)
    if wrong := [each for each in found if each not in MODALITIES]:
        raise InputError(f"modalities must be among {', '.join(MODALITIES)}, got {wrong[0]!r} in {where}; use these")
    return found
