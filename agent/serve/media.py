"""What a recording or picture is, by its content, and whether it may come in.

Takes bytes in a file; gives a kind and a media type, or a sentence. Headers of files alone are read: how many pixels,
how many seconds. What decodes later has bounds of its own, so a header that lies gains nothing.
"""

import base64
import binascii
import hashlib
import re
import warnings
from pathlib import Path
from typing import BinaryIO

from thymos.adapters.whole_file import whole_file
from thymos.agent.chat.attachment import Attachment, Kind
from thymos.agent.chat.media import media_type_of, plain_name
from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.settings import Limits

_HEAD = 64  # bytes that tell a format
_DATA_URL = re.compile(r"data:([\w.+/-]*)((?:;[\w.+=-]+)*?)(;base64)?,", re.A)


def check_media(file: BinaryIO, name: str, limits: Limits) -> str | None:
    """Refuse a picture or recording that is too large to be looked at; others pass, for whoever reads them.

    Returns:
        Its media type, by its content, or None.

    Raises:
        ApiError: it has too many pixels, lasts too long, or is damaged.
    """
    file.seek(0)
    found = media_type_of(file.read(_HEAD))
    file.seek(0)
    if found is not None and found.startswith("image/"):
        _check_pixels(file, name, limits.pixels)
    elif found is not None:
        _check_seconds(file, name, limits.audio_seconds)
    file.seek(0)
    return found


def data_url(url: str, most: int, param: str) -> bytes:
    """Return the content of a data URL (RFC 2397).

    Raises:
        ApiError: it is none, or too large.
    """
    match = _DATA_URL.match(url)
    if match is None:
        raise ApiError(400, f"{param} must be a data URL, got {url[:30]!r}; say data:image/png;base64,...", param=param)
    if not match[3]:
        raise ApiError(400, f"{param} must be in base64, got a data URL without it; add ;base64", param=param)
    return from_base64(url[match.end() :], most, param)


def from_base64(text: str, most: int, param: str) -> bytes:
    """Return bytes from base64.

    Raises:
        ApiError: it is none, empty, or too large.
    """
    if len(text) * 3 // 4 > most + 3:
        raise ApiError(413, f"{param} must have at most {most:,} bytes, got more; send a smaller one", param=param)
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(400, f"{param} must be base64, got something else; encode it again", param=param) from None
    if not content:
        raise ApiError(400, f"{param} must not be empty, got 0 bytes", param=param)
    return content


def store(content: bytes, name: str, kind: Kind, folder: Path, limits: Limits, param: str) -> Attachment:
    """Put a recording or picture into a folder, under its id.

    Raises:
        ApiError: it is not of that kind, or too large.
    """
    identifier = hashlib.sha256(content).hexdigest()[:32]
    path = folder / identifier
    with whole_file(path) as file:
        file.write(content)
    with path.open("rb") as stored:
        found = check_media(stored, name, limits)
    # A browser records sound into WebM or MP4, which tell themselves films; that there is a sound track was looked at.
    wanted = {"speech": ("audio/", "video/"), "face": ("image/",)}.get(kind)
    if wanted is not None and not (found or "").startswith(wanted):
        noun = (
            "a recording (WAV, FLAC, MP3, Ogg, M4A, WebM)" if kind == "speech" else "a picture (JPEG, PNG, WebP, GIF)"
        )
        raise ApiError(400, f"{param} must be {noun}, got {found or 'an unknown format'}; convert it", param=param)
    media_type = found or "application/octet-stream"
    return Attachment(id=identifier, name=plain_name(name), kind=kind, media_type=media_type, size=len(content))


def _check_pixels(file: BinaryIO, name: str, most: int) -> None:
    from PIL import Image

    from thymos.adapters.face.picture import FORMATS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(file, formats=FORMATS) as picture:
                width, height = picture.size
        except Image.DecompressionBombError:
            raise ApiError(413, f"picture must have at most {most:,} pixels, got far more in {name}") from None
        except Exception:  # noqa: BLE001  (damaged files raise anything in Pillow)
            raise ApiError(400, f"picture must be whole, got a damaged one in {name}; save it again") from None
    if width * height > most:
        raise ApiError(413, f"picture must have at most {most:,} pixels, got {width} x {height} in {name}; reduce it")


def _check_seconds(file: BinaryIO, name: str, most: float) -> None:
    """Go by the packets and not by the header, which may say nothing or lie; none is decoded."""
    import av

    from thymos.adapters.speech.sound import FORMATS

    try:
        with av.open(file, mode="r", options={"format_whitelist": FORMATS}, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise ApiError(400, f"recording must have a sound track, got none in {name}; name another file")
            stream = container.streams.audio[0]
            seconds = 0.0
            for packet in container.demux(stream):
                if packet.duration and packet.time_base:
                    seconds += float(packet.duration * packet.time_base)
                if seconds > most:
                    raise ApiError(413, f"recording must last at most {most:g} s, got more in {name}; cut it")
    except (av.error.FFmpegError, ValueError, OverflowError, MemoryError):
        raise ApiError(400, f"recording must be sound that FFmpeg reads, got a damaged one in {name}") from None
