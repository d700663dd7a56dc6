"""Recordings of any usual format to one channel at 16 kHz, with what is wrong with them as sentences.

Takes a `Speech` (a file, in an archive too, with or without a part; or samples with their rate); gives a `Sound`.
FFmpeg's libraries decode (through PyAV), and only formats of sound and film on a list are opened, so that no play list
leads elsewhere. Holds at most `max_seconds` of sound. Knows nothing of models or of emotions.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.media import open_media
from thymos.adapters.sample import Speech
from thymos.adapters.speech.mixing import Mixer, Piece
from thymos.prompts.errors import RowError

RATE = 16_000  # Hz, of everything that leaves this file
MAX_SECONDS = 1800.0  # 115 MB of samples; what lies behind is not read, and a flag says so
MIN_SECONDS = 0.02  # one frame of Whisper
SHORT = 0.3  # s; shorter than a syllable with its onset and coda
SILENT = 10 ** (-60 / 20)  # peak in full scales; below the noise of a quiet room on any microphone
CLIPPED = 0.001  # share of samples at full scale; 0.1 % is audible
SEEK_FROM = 60.0  # s; up to here decoding is as quick as seeking, and exact
LEAD_IN = 2.0  # s decoded before the wished start, for codecs that settle
MAX_DAMAGE = 200  # packets that cannot be decoded before the file is given up
FORMATS = (  # demuxers of FFmpeg; hls, concat and the like would open further files and addresses
    "wav,w64,flac,mp3,ogg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,aiff,au,caf,amr,avi,asf,mpegts,mpeg,flv"
)


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """One channel of sound.

    Attributes:
        samples: shape (n,), float32, finite, full scale is 1.
        rate: Hz, always 16,000.
        duration: s.
        flags: sentences about the quality of the recording; none for a good one.
    """

    samples: NDArray[np.float32]
    rate: int
    duration: float
    flags: tuple[str, ...] = ()


def read_sound(speech: Speech, *, max_seconds: float = MAX_SECONDS) -> Sound:
    """Decode, mix down and resample a recording, or the part of it that is meant.

    Args:
        speech: where it lies, or its samples.
        max_seconds: what is longer is cut there, with a flag.

    Raises:
        RowError: it cannot be opened or decoded, holds no sound, or no part of it lies where the row says.
    """
    mixer = Mixer(RATE)
    flags: list[str] = []
    start = speech.start or 0.0
    end = start + max_seconds if speech.end is None else min(speech.end, start + max_seconds)
    if speech.samples is not None and speech.rate is not None:
        total = len(speech.samples) / speech.rate
        if not np.isfinite(speech.samples).all():
            raise RowError("speech samples must be finite numbers, got NaN or infinity; mend or drop the recording")
        _collect(mixer, [Piece(speech.samples[None], speech.rate, 0.0, 1.0)], start, end)
    else:
        assert speech.path is not None
        with open_media(speech.path) as file:
            total = _decode(file, speech.path.name, mixer, start, end, flags)
    samples = mixer.finish()[: ceil(max_seconds * RATE)]
    duration = len(samples) / RATE
    if duration < MIN_SECONDS:
        where = f" from {start:g} s on" if start else ""
        raise RowError(f"speech must last {MIN_SECONDS} s at least, got {duration:.3f} s{where}; check file and part")
    if (speech.end is None or speech.end > end) and total > end + 0.5:
        flags.insert(0, f"only {duration:,.0f} s of {total - start:,.0f} s are used; name parts with #t=from,to")
    return Sound(samples, RATE, duration, (*flags, *_quality(samples, mixer)))


def _quality(samples: NDArray[np.float32], mixer: Mixer) -> Iterator[str]:
    """Yield what can be said against a recording."""
    if np.abs(samples).max() < SILENT:
        yield "silent: nothing is louder than -60 dB of full scale"
    if mixer.clipped > CLIPPED:
        yield f"clipped: {mixer.clipped:.1%} of the samples are at full scale"
    if mixer.rate < RATE:
        yield f"recorded at {mixer.rate:,} Hz: nothing above {mixer.rate // 2:,} Hz is in it"
    if mixer.channels > 1:
        yield f"{mixer.channels} channels were mixed to one"
    if len(samples) < SHORT * RATE:
        yield f"very short: {len(samples) / RATE:.2f} s"


def _decode(file: BinaryIO, name: str, mixer: Mixer, start: float, end: float, flags: list[str]) -> float:
    """Decode a file's first sound track into the mixer; return the length that its header tells, s."""
    import av

    try:
        with av.open(file, mode="r", options={"format_whitelist": FORMATS}, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise RowError(f"speech must have a sound track, got none in {name}; name another file")
            stream = container.streams.audio[0]
            zero = (container.start_time or 0) / av.time_base
            if stream.duration is not None and stream.time_base is not None:
                told = float(stream.duration * stream.time_base)
            else:
                told = (container.duration or 0) / av.time_base
            told *= _missing_of_wave(file)
            pieces = _pieces(container, stream, zero, start, flags)
            reached = _collect(mixer, pieces, start, end)
    except (av.error.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        why = (getattr(error, "strerror", None) or str(error)).splitlines()[0]
        raise RowError(
            f"speech must be sound that FFmpeg decodes (WAV, FLAC, MP3, Ogg, M4A, film), got {name}: {why}"
        ) from error
    if reached < min(told, end) * 0.98 - 0.1:
        flags.append(f"cut off: the header tells of {told:.1f} s, the file ends after {reached:.1f} s")
    return max(told, reached)


def _missing_of_wave(file: BinaryIO) -> float:
    """Return how many times longer a WAV's header says that it is; FFmpeg goes by what is there. 1 for other files."""
    here = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(8)
    file.seek(here)
    told = int.from_bytes(head[4:], "little") + 8 if head[:4] == b"RIFF" else 0
    return told / size if size < told < 0x7FFFFF00 else 1.0  # more is what recorders write that do not know


def _pieces(container: Any, stream: Any, zero: float, start: float, flags: list[str]) -> Iterator[Piece]:
    """Yield decoded pieces from a little before `start` on; damaged packets are left out and flagged."""
    import av

    if start > SEEK_FROM:
        try:
            container.seek(int((start + zero - LEAD_IN) * av.time_base))
        except av.error.FFmpegError:
            container.seek(0)
    damaged, time = 0, 0.0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            frames = packet.decode()
        except StopIteration:
            break
        except av.error.EOFError:
            break
        except av.error.FFmpegError:
            damaged += 1
            if damaged > MAX_DAMAGE:
                break
            continue
        for frame in frames:
            if frame.pts is not None and frame.time_base is not None:
                time = float(frame.pts * frame.time_base) - zero
            yield Piece.of(frame, time)
            time += frame.samples / max(1, frame.sample_rate)
    if damaged:
        flags.append(f"damaged: {damaged} packets could not be decoded")


def _collect(mixer: Mixer, pieces: Any, start: float, end: float) -> float:
    """Hand the mixer what lies between start and end; return the time up to which there was sound, s."""
    reached = 0.0
    for piece in pieces:
        first = max(0, round((start - piece.start) * piece.rate))
        last = max(0, round((end - piece.start) * piece.rate))
        length = piece.samples.shape[1]
        if first < length and last > first:
            mixer.add(piece.part(first, last))
        reached = max(reached, piece.start + length / piece.rate)
        if last <= length:
            break
    return reached
