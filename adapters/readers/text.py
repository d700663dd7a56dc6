"""Bytes to characters: decoded lines and decoded chunks, with what is wrong in them said and not raised.

Takes a `ByteStream` and an encoding; gives lines with an optional flaw, or chunks. A lone surrogate marks an
undecodable place. Knows nothing of formats. Memory is bounded by `LINE_LIMIT`.
"""

import codecs
import re
from collections.abc import Iterator

from thymos.adapters.readers.files import ByteStream
from thymos.prompts.errors import InputError

LINE_LIMIT = 16 * 2**20  # bytes (or characters) of one line; a longer one is an error row
CHUNK = 2**16  # bytes
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
NUL_FLAW = "row must be text, got a NUL byte; remove it, or pass --encoding utf-16 if the whole file is so"
LONG_FLAW = f"line must be at most {LINE_LIMIT // 2**20} MiB, got a longer one; does the file have line ends?"

Line = tuple[str, str | None]  # content with its line end, what is wrong with it


def check_encoding(encoding: str) -> str:
    """Return Python's own name of a text encoding; the other functions here take only that.

    Raises:
        InputError: Python does not know it as an encoding of text.
    """
    try:
        name = codecs.lookup(encoding).name
        "\n".encode(name).decode(name)  # a codec of bytes (base64) or of names fails here
    except (LookupError, UnicodeError, ValueError):
        name = ""
    if name in ("", "idna", "punycode", "unicode-escape", "raw-unicode-escape"):
        raise InputError(
            f"encoding must be one of text that Python knows, got {encoding!r}; "
            "usual ones are utf-8, utf-16, latin-1 and cp1252"
        )
    return "utf-8" if name == "utf-8-sig" else name  # the mark is dropped anyway


def lines(stream: ByteStream, encoding: str) -> Iterator[Line]:
    """Yield every line, ended by a line feed; a carriage return stays where it is.

    A byte order mark of UTF-16 or UTF-32 decides over `encoding`.
    """
    first = stream.readline(LINE_LIMIT + 1)
    encoding = _marked(first, encoding)
    if "\n".encode(encoding) == b"\n":
        yield from _lines_of_bytes(stream, first, encoding)
    else:
        yield from _lines_of_chunks(_decoded(stream, first, encoding), encoding)


def chunks(stream: ByteStream, encoding: str) -> Iterator[str]:
    """Yield the characters in pieces; undecodable bytes come as lone surrogates."""
    first = stream.read(CHUNK)
    return _decoded(stream, first, _marked(first, encoding))


def undecodable(text: str, encoding: str) -> str | None:
    """Return what is wrong when `text` holds the mark of an undecodable byte."""
    found = _SURROGATE.search(text)
    if found is None:
        return None
    place = f"got an undecodable byte at character {found.start() + 1}"
    return f"row must be valid {encoding}, {place}; {_remedy(encoding)}"


def _marked(first: bytes, encoding: str) -> str:
    """Return the encoding by the byte order mark, if any; unmarked UTF-16 and UTF-32 get their byte order."""
    if encoding in ("utf-16", "utf-32"):
        encoding += "-be" if first.startswith(b"\0") else "-le"  # a corpus begins with an ASCII character
    return next((name for mark, name in _BOMS if first.startswith(mark)), encoding)


def _remedy(encoding: str) -> str:
    if encoding == "utf-8":
        return "if the file is Latin-1 pass --encoding latin-1"
    return "pass the --encoding that the file was saved in"


def _lines_of_bytes(stream: ByteStream, raw: bytes, encoding: str) -> Iterator[Line]:
    raw = raw.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8" else raw
    while raw:
        if len(raw) > LINE_LIMIT and not raw.endswith(b"\n"):
            yield raw[:CHUNK].decode(encoding, "replace"), LONG_FLAW
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(CHUNK)
        else:
            yield _line(raw, encoding)
        raw = stream.readline(LINE_LIMIT + 1)


def _line(raw: bytes, encoding: str) -> Line:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        place = f"got 0x{raw[error.start]:02x} at byte {error.start + 1}"
        text = raw.decode(encoding, "backslashreplace")
        return text, f"row must be valid {encoding}, {place}; {_remedy(encoding)}"
    return text, NUL_FLAW if "\0" in text else None


def _decoded(stream: ByteStream, raw: bytes, encoding: str) -> Iterator[str]:
    """Yield decoded chunks without the byte order mark."""
    wide = "\n".encode(encoding) != b"\n"
    # UTF-16 cannot carry single bytes as surrogates, but its own unpaired surrogates pass through as the mark
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass" if wide else "surrogateescape")
    begun = False
    while True:
        try:
            text = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError:
            text = "\udcff"  # half a unit at the end, or no such code point
            decoder.reset()
        if text:
            yield text if begun else text.removeprefix("\ufeff")
            begun = True
        if not raw:
            return
        raw = stream.read(CHUNK)


def _lines_of_chunks(pieces: Iterator[str], encoding: str) -> Iterator[Line]:
    begun: list[str] = []  # of a line that goes on over chunks; joined once
    size = 0
    for piece in pieces:
        *ends, rest = piece.split("\n")
        for end in ends:
            if size <= LINE_LIMIT:
                yield _checked("".join([*begun, end, "\n"]), encoding)
            begun, size = [], 0
        if size <= LINE_LIMIT < size + len(rest):
            yield begun[0][:CHUNK] if begun else rest[:CHUNK], LONG_FLAW
            begun = []
        size += len(rest)
        if rest and size <= LINE_LIMIT:
            begun.append(rest)
    if begun:
        yield _checked("".join(begun), encoding)


def _checked(text: str, encoding: str) -> Line:
    return text, undecodable(text, encoding) or (NUL_FLAW if "\0" in text else None)
