"""`read_video`: pictures of a video, evenly spaced in time, few enough for any length.

Takes a file that is open and the part that is meant; gives upright RGB pictures with their times. The container is
known by its first bytes and named to FFmpeg, which guesses nothing and opens no other file. Knows nothing of faces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.ffmpeg import quiet_ffmpeg
from thymos.prompts.errors import RowError

if TYPE_CHECKING:
    from av.container import InputContainer

RATE = 2.0  # pictures per second
MOST = 32  # pictures; of a longer video they lie further apart
SIDE = 960  # pixels; a longer side is reduced to it
MAX_PIXELS = 40_000_000  # of a picture of the video
MAX_DECODED = 20_000  # pictures; a part of a video that needs more to be found is not searched further
SEEK = 4.0  # s; pictures further apart are sought, nearer ones reached by decoding
_MAGIC = (  # offset, bytes, FFmpeg's name of the container
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"wide", "mov"),
    (4, b"mdat", "mov"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (8, b"AVI ", "avi"),
    (0, b"FLV\x01", "flv"),
    (0, b"OggS", "ogg"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"\x30\x26\xb2\x75", "asf"),
    (0, b"\x47\x40", "mpegts"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video.

    Attributes:
        time: s from the beginning of the video.
        pixels: upright RGB, shape (height, width, 3), uint8.
        scale: side of a pixel of the video, in these pixels.
    """

    time: float
    pixels: NDArray[np.uint8]
    scale: float


def container_of(file: BinaryIO) -> str | None:
    """Return FFmpeg's name of a video container by its first bytes, or None; the file is at its start again."""
    head = file.read(16)
    file.seek(0)
    return next((name for start, magic, name in _MAGIC if head[start : start + len(magic)] == magic), None)


def read_video(
    file: BinaryIO, container: str, name: str, start: float | None = None, end: float | None = None
) -> Iterator[Frame]:
    """Yield pictures of a video, at most `MOST`.

    Args:
        file: readable and seekable.
        container: as `container_of` named it.
        name: of the file, for the error.
        start: of the part, s; None is the beginning.
        end: of the part, s; None is the end.

    Raises:
        RowError: there is no picture in it, or it is damaged.
    """
    import av

    found = 0
    try:
        with quiet_ffmpeg(), av.open(file, mode="r", format=container, metadata_errors="ignore") as opened:
            for frame in _frames(opened, name, start or 0.0, end):
                found += 1
                yield frame
    except (av.FFmpegError, OSError, ValueError, MemoryError) as error:
        if not found:  # what was decoded before the damage counts
            raise RowError(f"video must be whole, got {name}: {str(error)[:100]}") from error
    if not found:
        raise RowError(f"video must have a picture in the part that is meant, got none in {name}")


def _frames(container: "InputContainer", name: str, start: float, end: float | None) -> Iterator[Frame]:
    """Yield the pictures whose times come next after evenly spaced ones."""
    if not container.streams.video:
        raise RowError(f"video must have pictures, got only sound in {name}")
    stream = container.streams.video[0]
    stream.thread_type = "NONE"
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > MAX_PIXELS:
        raise RowError(f"video must have at most {MAX_PIXELS:,} pixels a picture, got {width} x {height} in {name}")
    length = container.duration / 1e6 if container.duration else None  # FFmpeg's unit is 1 us
    last = min(end, length) if end is not None and length else end if end is not None else length
    step = max(1 / RATE, (last - start) / MOST) if last is not None else 1 / RATE
    base = float(stream.time_base or 1)
    origin = (stream.start_time or 0) * base
    due, decoded, taken = start, 0, 0
    if start > SEEK:
        container.seek(int((origin + start) / base), stream=stream)
    while taken < MOST:
        sought = False
        for frame in container.decode(stream):
            decoded += 1
            time = frame.time - origin if frame.time is not None else decoded / float(stream.average_rate or 25)
            if (end is not None and time >= end) or decoded > MAX_DECODED:
                return
            if time + 1e-6 < due:
                continue
            yield _upright(frame, time)
            taken, due = taken + 1, max(due + step, time + step / 2)
            if taken >= MOST:
                return
            if step > SEEK:
                container.seek(int((origin + due) / base), stream=stream)
                sought = True
                break
        if not sought:
            return


def _upright(frame: Any, time: float) -> Frame:
    """Convert a frame of FFmpeg, reduced and turned as the video says."""
    scale = min(1.0, SIDE / max(frame.width, frame.height))
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    pixels = frame.to_ndarray(format="rgb24", width=size[0], height=size[1])
    turns = round(frame.rotation / 90) % 4
    return Frame(time, np.ascontiguousarray(np.rot90(pixels, turns)), size[0] / frame.width)
