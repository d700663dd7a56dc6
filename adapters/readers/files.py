"""Files as bytes: is it there and readable, is it what its name says, unpack it, hash it.

Takes paths; gives byte streams that may end in `Damaged`, and sentences. Knows nothing of rows or columns.
"""

import bz2
import difflib
import gzip
import hashlib
import lzma
import os
import re
import stat
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from thymos.adapters.readers.records import Damaged
from thymos.prompts.errors import InputError

PACKED_SUFFIXES = (".gz", ".bz2", ".xz")
_HEAD = 512  # bytes that are enough for every signature below
_PACKED = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),  # a block, or the end of an empty file
    "xz": re.compile(rb"\xfd7zXZ\x00"),
}
_MEDIA = "; name a table with a column of paths to such files"
_FOREIGN = (
    (rb"PAR1", "a Parquet file; pass --format parquet"),
    (rb"ARROW1", "an Arrow file; load it with `datasets` and save it with save_to_disk"),
    (rb"\x28\xb5\x2f\xfd", "compressed with zstandard; unpack it first"),
    (rb"PK\x03\x04", "a zip archive (or an Excel workbook); unpack it, or save it as CSV"),
    (rb"\xd0\xcf\x11\xe0", "an old Excel or Word file; save it as CSV"),
    (rb".{257}ustar", "a tar archive; unpack it first"),
    (rb"\x89PNG|GIF8[79]a|\xff\xd8\xff|RIFF.{4}WEBP", "a picture" + _MEDIA),
    (rb"RIFF.{4}(WAVE|AVI )|fLaC\x00|OggS\x00|ID3[\x02-\x04]\x00|.{4}ftyp", "a recording" + _MEDIA),
    (rb"%PDF-", "a PDF; export its text first"),
    (rb"\x7fELF|MZ.{2}\x00", "a program"),
    (rb"SQLite format 3\x00", "an SQLite data base; export the table as CSV"),
    (rb"\x89HDF", "an HDF5 file; export the table as CSV"),
)


def check_file(path: Path) -> None:
    """Refuse what is not a readable regular file.

    Raises:
        InputError: it does not exist (near names are suggested), is no regular file or may not be read.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise InputError(missing(path)) from None
    except (OSError, ValueError) as error:  # name too long, a link that loops, a NUL in the name
        raise InputError(f"corpus must be a file that can be opened, got {str(path)!r}: {error}") from error
    if not stat.S_ISREG(mode):
        raise InputError(
            f"corpus must be a regular file, since a run reads it more than once, got {path}; "
            "save a pipe's or device's content to a file"
        )
    if not os.access(path, os.R_OK):
        raise InputError(f"corpus must be readable, got {path}, which you may not read; change its permissions")


def missing(path: Path) -> str:
    """Return the sentence for a path that does not exist."""
    if path.is_symlink():
        return f"corpus must exist, got {path}, a link to {path.readlink()}, which does not; mend the link"
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"corpus must exist, got {path}; its folder {path.parent} does not exist or may not be read"
    near = difflib.get_close_matches(path.name, names, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"nothing in {path.parent} has a name like it"
    return f"corpus must exist, got {path}; {hint}"


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as they lie, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_folder(folder: Path, *, skip_prefix: str) -> str:
    """Return the SHA-256 over sorted relative names and contents, without files named `skip_prefix`...."""
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(skip_prefix))
    for path in sorted(files, key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_file(path)}\n".encode())
    return digest.hexdigest()


def head(path: Path) -> bytes:
    """Return the first bytes of a file as they lie."""
    with path.open("rb") as stream:
        return stream.read(_HEAD)


class ByteStream:
    """A text file's bytes, unpacked by its signature (not its name), with reads that end in `Damaged`."""

    def __init__(self, path: Path) -> None:
        """Open the file; to be used as a context manager.

        Raises:
            InputError: the file cannot be opened or is of a kind that is no text.
        """
        try:
            self._raw = path.open("rb")
        except OSError as error:
            raise InputError(f"corpus must be readable, got {path}: {error.strerror}") from error
        self._size = path.stat().st_size
        self._packing = _packing(self._raw.peek(_HEAD))
        self._stream = _unpacked(self._raw, self._packing)
        try:
            self._refuse_foreign(path)
        except BaseException:
            self._raw.close()
            raise

    def __enter__(self) -> "ByteStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._raw.close()

    @property
    def share(self) -> float:
        """Share of the file's bytes that have been read, 0 to 1."""
        return self._raw.tell() / self._size if self._size else 1.0

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it lies, that have been read."""
        return self._raw.tell()

    def readline(self, limit: int) -> bytes:
        """Return the next line with its newline, at most `limit` bytes; empty at the end.

        Raises:
            Damaged: the file ends or breaks in the middle of its compression.
        """
        try:
            return self._stream.readline(limit)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise Damaged(self._damage(error)) from error

    def read(self, size: int) -> bytes:
        """Return some next bytes, at most `size`; empty at the end.

        Raises:
            Damaged: the file ends or breaks in the middle of its compression.
        """
        try:
            return self._stream.read1(size)  # type: ignore[no-any-return,attr-defined]  # all before a damage
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise Damaged(self._damage(error)) from error

    def _damage(self, error: Exception) -> str:
        if self._packing is None:
            return f"file cannot be read on from here: {error}; copy it again"
        if isinstance(error, EOFError):
            return f"file ends in the middle of its {self._packing} stream, what follows is lost; copy it again"
        return f"file is damaged from here in its {self._packing} stream ({error}); copy it again"

    def _refuse_foreign(self, path: Path) -> None:
        try:
            first: bytes = self._stream.peek(_HEAD)  # type: ignore[attr-defined]  # every one of the four has it
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            return  # the reads will tell
        for signature, kind in _FOREIGN:
            if re.match(signature, first, re.DOTALL):
                raise InputError(f"corpus must be a table, got {path}, which is {kind}")


def _packing(first: bytes) -> str | None:
    return next((name for name, signature in _PACKED.items() if signature.match(first)), None)


def _unpacked(raw: BinaryIO, packing: str | None) -> BinaryIO:
    if packing == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if packing == "bzip2":
        return cast(BinaryIO, bz2.BZ2File(raw))
    if packing == "xz":
        return cast(BinaryIO, lzma.LZMAFile(raw))
    return raw
