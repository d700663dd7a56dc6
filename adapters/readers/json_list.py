"""JSON: a list of objects, or an object one of whose values is that list; never loaded as a whole.

Takes a byte stream; gives records in order. The text passes through a window that holds one element. A broken
element costs that element as long as its brackets close.
"""

import re
from collections.abc import Iterator

from thymos.adapters.readers.files import ByteStream
from thymos.adapters.readers.jsonl import object_of
from thymos.adapters.readers.records import Broken, Damaged, Item, excerpt
from thymos.adapters.readers.text import LINE_LIMIT, chunks, undecodable
from thymos.prompts.errors import InputError

ELEMENT_LIMIT = LINE_LIMIT  # characters of one element
_SPACE = " \t\n\r"
_TOKEN = re.compile(  # a whole string, a bracket, or an unclosed quote
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]|"', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}\s]*")
_FIRST = re.compile(r"\[\s*(.)", re.DOTALL)  # what a list begins with
_WHAT = "JSON file must be a list of objects or an object with such a list"


def read_json(stream: ByteStream, encoding: str) -> Iterator[Item]:
    """Yield the objects of a JSON list.

    Raises:
        InputError: the file is JSON of another shape.
    """
    window = _Window(chunks(stream, encoding))
    start = window.peek()
    if start == "":
        return
    if start == "[":
        yield from _elements(window, encoding)
    elif start == "{":
        yield from _members(window, encoding)
    else:
        raise InputError(f"{_WHAT}, got something that begins with {start!r}; --format jsonl reads one object a line")
    if window.peek():
        yield Broken(
            "file must end with its list, got more after it; is it JSON lines? Then pass --format jsonl",
            excerpt(window.text[window.at :]),
        )


class _Window:
    """The stretch of the file that is being looked at; `at` is where reading goes on."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self.text = ""
        self.at = 0

    def peek(self) -> str:
        """Return the next character that is no space, or "" at the end, and go there."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if not self.more():
                return ""

    def more(self) -> bool:
        """Lengthen the window, at most twofold; False at the end of the file."""
        parts, size = [self.text[self.at :]], 0
        for piece in self._pieces:
            parts.append(piece)
            size += len(piece)
            if size >= min(len(parts[0]), ELEMENT_LIMIT // 4):
                break
        self.text, self.at = "".join(parts), 0
        return size > 0

    def element(self) -> str:
        """Return the text of the next element, whose brackets decide where it ends, and go behind it.

        Raises:
            Damaged: it does not end, or not within `ELEMENT_LIMIT` characters.
        """
        self.peek()
        while (end := self._end()) is None:
            if len(self.text) - self.at > ELEMENT_LIMIT:
                raise Damaged(f"element must be at most {ELEMENT_LIMIT:,} characters, got a longer one; mend it")
            if not self.more():
                raise Damaged("file ends in the middle of its JSON, what follows is lost; copy it again")
        text, self.at = self.text[self.at : end], end
        return text

    def _end(self) -> int | None:
        """Return where the element at `at` ends, or None when the window is too short to tell."""
        if not self.text.startswith(("[", "{", '"'), self.at):
            scalar = _SCALAR.match(self.text, self.at)
            return scalar.end() if scalar and scalar.end() < len(self.text) else None
        depth = 0
        for token in _TOKEN.finditer(self.text, self.at):
            mark = token.group()
            if mark == '"':
                return None
            depth += (mark in "[{") - (mark in "]}")
            if depth <= 0:
                return token.end()
        return None


def _elements(window: _Window, encoding: str) -> Iterator[Item]:
    """Yield what stands between `[` and `]`, and go behind it."""
    window.at += 1
    if window.peek() == "]":
        window.at += 1
        return
    while True:
        text = window.element()
        flaw = undecodable(text, encoding)
        yield Broken(flaw, excerpt(text)) if flaw else object_of(text)
        mark = window.peek()
        window.at += 1
        if mark == "]":
            return
        if mark != ",":
            raise Damaged(_between(mark))


def _members(window: _Window, encoding: str) -> Iterator[Item]:
    """Yield the elements of the one member that is a list of objects, and go behind the whole object."""
    window.at += 1
    found: str | None = None
    while window.peek() not in ("}", ""):
        key = window.element()
        if window.peek() != ":":
            raise _shape(found, _between(window.peek()))
        window.at += 1
        if not _list_of_objects(window):
            window.element()
        elif found is None:
            found = key
            yield from _elements(window, encoding)
        else:
            raise Damaged(f"file must have one list of objects, got {key} after {found}; split it into two files")
        if window.peek() == ",":
            window.at += 1
    if window.peek() == "":
        raise _shape(found, "file ends in the middle of its JSON, what follows is lost; copy it again")
    window.at += 1
    if found is None:
        raise _shape(found, "")


def _list_of_objects(window: _Window) -> bool:
    if window.peek() != "[":
        return False
    while (found := _FIRST.match(window.text, window.at)) is None:
        if len(window.text) - window.at > ELEMENT_LIMIT or not window.more():
            return False
    return found.group(1) == "{"


def _between(mark: str) -> str:
    if mark == "":
        return "file ends in the middle of its JSON, what follows is lost; copy it again"
    return f"JSON must have a comma or a closing bracket here, got {mark!r}; mend it, what follows is not read"


def _shape(found: str | None, reason: str) -> Exception:
    """Return the error for an object that is not of the wanted shape: fatal unless rows came out before."""
    if found is not None:
        return Damaged(reason)
    why = f" ({reason})" if reason else ""
    return InputError(f"{_WHAT}, got an object without one{why}; one object a line is --format jsonl")
