"""`Perception`: samples in, the frames of their recordings out, and what can be said of them. Encoded once, then kept.

Takes the streams of an adapter; gives frames for its projectors. A recording that cannot be used leaves its modality
absent, with a sentence that says why. Knows no LLM.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.encoders import AnyEncoder, load_encoder
from thymos.adapters.frame_cache import FrameCache
from thymos.adapters.media import open_media
from thymos.adapters.modality import BatchEncoder, Observed
from thymos.adapters.projectors.streams import Frames, Stream
from thymos.adapters.sample import Face, Physiology, Sample, Speech
from thymos.adapters.weights import cache_dir
from thymos.prompts.errors import ModelError, RowError

FOLDER = "frames"  # of the cache
_REFUSED = 4096  # reasons that are kept, so that what cannot be used is not tried again
_PIECE = 1 << 20  # bytes that are hashed at a time

Source = Speech | Face | Physiology


@dataclass(frozen=True, slots=True, eq=False)
class Percept:
    """What came of one sample's recordings.

    Attributes:
        frames: of each stream, or None.
        absent: modality -> why it could not be used, though the sample brings it.
    """

    frames: tuple[Frames | None, ...]
    absent: Mapping[str, str] = field(default_factory=dict)


class Perception:
    """Encoders of an adapter's streams.

    Attributes:
        together: samples that are worth asking for at once.
    """

    def __init__(self, streams: Sequence[Stream], *, folder: Path | None = None) -> None:
        """Load the encoders.

        Args:
            streams: what to listen to.
            folder: of the cache; Thymos' own unless given.

        Raises:
            ModelError: an encoder can't be used, or is another one than the projectors were trained with.
        """
        self._encoders = [load_encoder(stream.encoder) for stream in streams]
        for stream, encoder in zip(streams, self._encoders, strict=True):
            if stream.fingerprint != encoder.fingerprint:
                raise ModelError(
                    f"encoder {stream.encoder!r} must be the one that the adapter was trained with "
                    f"({stream.fingerprint[:12]}), got {encoder.fingerprint[:12]}; train the adapter again"
                )
        folder = folder or cache_dir() / FOLDER
        self._caches = [FrameCache(folder, encoder.fingerprint) for encoder in self._encoders]
        self._refused: dict[tuple[str, str], str] = {}  # (encoder, key) -> why, of the latest
        self._locks = [Lock() for _ in self._encoders]  # detectors and Whisper's decoder work for one thread at a time
        # What was decoded is held for a group, so one large kind of signal makes groups of one.
        together = [each.together if isinstance(each, BatchEncoder) else 1 for each in self._encoders]
        self.together = min(together, default=1)

    def perceive(self, samples: Sequence[Sample]) -> list[Percept]:
        """Return the frames of samples, in their order; small recordings go through an encoder together."""
        found: list[Percept] = []
        for start in range(0, len(samples), self.together):
            found += self._group(samples[start : start + self.together])
        return found

    def observe(self, sample: Sample) -> Mapping[str, Observed]:
        """Return what can be said of a sample's recordings, by modality; those that cannot be used are left out."""
        found: dict[str, Observed] = {}
        for encoder, cache, lock in zip(self._encoders, self._caches, self._locks, strict=True):
            source = _source(sample, encoder.modality)
            if source is None or encoder.modality in found:
                continue
            with suppress(RowError):
                key = _key(source)
                known = cache.observed(key)
                if known is None:
                    with lock:
                        known = cache.observed(key)  # another thread may have been at it
                        if known is None:
                            known = encoder.observe(encoder.read(source))
                            cache.put_observed(key, known)
                found[encoder.modality] = known
        return found

    def _group(self, samples: Sequence[Sample]) -> list[Percept]:
        frames: list[list[Frames | None]] = [[None] * len(self._encoders) for _ in samples]
        absent: list[dict[str, str]] = [{} for _ in samples]
        signals: list[dict[str, object]] = [
            {} for _ in samples
        ]  # each recording is decoded once, whatever listens to it
        for place, encoder in enumerate(self._encoders):
            asked: dict[int, Source] = {}
            for row, sample in enumerate(samples):
                source = _source(sample, encoder.modality)
                if source is not None and encoder.modality not in absent[row]:
                    asked[row] = source
            for row, told in self._encoded(place, asked, signals).items():
                if isinstance(told, str):
                    absent[row][encoder.modality] = told
                else:
                    frames[row][place] = told
        kinds = [encoder.modality for encoder in self._encoders]
        return [
            Percept(tuple(None if kind in gone else each for kind, each in zip(kinds, row, strict=True)), gone)
            for row, gone in zip(frames, absent, strict=True)
        ]

    def _encoded(
        self, place: int, asked: Mapping[int, Source], signals: Sequence[dict[str, object]]
    ) -> dict[int, Frames | str]:
        """Return the frames of recordings by row, kept or made now; for one that can't be used, why."""
        found: dict[int, Frames | str] = {}
        keys: dict[int, str] = {}
        for row, source in asked.items():
            try:
                keys[row] = _key(source)
            except RowError as error:
                found[row] = str(error)
        cache = self._caches[place]
        known: dict[str, Frames | str] = {**cache.frames([*keys.values()])}
        while missing := {key: (asked[row], signals[row]) for row, key in keys.items() if key not in known}:
            with self._locks[place]:  # for as much as is encoded at once
                known |= (found_there := cache.frames([*missing]))  # made by another thread
                made = self._made(
                    self._encoders[place], {key: each for key, each in missing.items() if key not in found_there}
                )
                cache.put_frames({key: told for key, told in made.items() if not isinstance(told, str)})
            known |= made
        return found | {row: known[key] for row, key in keys.items()}

    def _made(
        self, encoder: AnyEncoder, missing: Mapping[str, tuple[Source, dict[str, object]]]
    ) -> dict[str, Frames | str]:
        """Decode and encode recordings by key, as many of the first ones as go at once; why not, where that fails.

        Args:
            encoder: of them.
            missing: each with what was decoded of its row.
        """
        made: dict[str, Frames | str] = {}
        ready: dict[str, object] = {}
        size = 0
        for key, (source, decoded) in missing.items():
            if why := self._refused.get((encoder.fingerprint, key)):
                made[key] = why
                continue
            try:
                reading = getattr(encoder, "reads", encoder.fingerprint)
                if reading not in decoded:
                    decoded[reading] = encoder.read(source)
                signal = decoded[reading]
                if not isinstance(encoder, BatchEncoder):
                    made[key] = _halved(encoder.encode(signal))
                    break
                ready[key] = signal
                size += encoder.size(signal)
                if size >= encoder.together:
                    break
            except RowError as error:
                if len(self._refused) >= _REFUSED:
                    self._refused.clear()
                made[key] = self._refused[encoder.fingerprint, key] = str(error)
        if isinstance(encoder, BatchEncoder) and ready:
            every = encoder.encode_many([*ready.values()])
            made |= {key: _halved(whole) for key, whole in zip(ready, every, strict=True)}
        return made

    @property
    def keeps(self) -> bool:
        """Say whether what is encoded can be kept, so that it is worth encoding before it is needed."""
        return all(cache.usable for cache in self._caches)


def forget(path: Path, *, folder: Path | None = None) -> None:
    """Take everything that was kept of a recording, and of parts of it, out of every cache.

    Args:
        path: of the recording, which must still be there; one that can't be read was never kept.
        folder: of the caches; Thymos' own unless given.
    """
    with suppress(RowError):
        whole = _whole(Speech(path=path))  # the same for every modality that goes by its path, sidecars aside
        for file in sorted((folder or cache_dir() / FOLDER).glob("*.sqlite")):
            FrameCache(file.parent, file.stem).forget(whole)


def _halved(frames: NDArray[np.float32]) -> Frames:
    kept: Frames = np.clip(frames, -6e4, 6e4).astype(np.float16)  # the range of 16 bits
    return kept


def _source(sample: Sample, modality: str) -> Source | None:
    source: Source | None = getattr(sample, modality)
    return source


def _key(source: Source) -> str:
    """Return the SHA-256 of a recording's content, then that of the part of it that is meant.

    Raises:
        RowError: it cannot be read.
    """
    box = source.box if isinstance(source, Face) else None
    part = repr((type(source).__name__, source.start, source.end, box)).encode()
    return f"{_whole(source)}:{hashlib.sha256(part).hexdigest()[:32]}"


def _whole(source: Source) -> str:
    digest = hashlib.sha256()
    for piece in _content(source):
        digest.update(piece)
    return digest.hexdigest()


def _content(source: Source) -> Iterator[bytes]:
    if source.path is not None:
        yield source.path.suffix.lower().encode()  # by which some formats are told apart
        yield from (_of_folder if source.path.is_dir() else _of_file)(source.path)
        for beside in _siblings(source):
            yield from _of_file(beside)
    elif isinstance(source, Speech):
        assert source.samples is not None  # one of two, by construction
        yield f"{source.rate}".encode() + source.samples.tobytes()
    elif isinstance(source, Face):
        assert source.pixels is not None
        yield f"{source.pixels.shape}".encode() + source.pixels.tobytes()
    else:
        for channel in source.channels or ():
            yield f"{channel.kind} {channel.rate} {channel.unit} {channel.start}".encode() + channel.values.tobytes()


def _siblings(source: Source) -> Iterator[Path]:
    """Yield files beside a recording of the body that say how it is to be read: a sidecar, a header's signals."""
    if isinstance(source, Physiology) and source.path is not None and not source.path.is_dir():
        from thymos.adapters.physiology.beside import files_beside

        yield from files_beside(source.path)


def _of_folder(folder: Path) -> Iterator[bytes]:
    for each in sorted(folder.iterdir()):
        if each.is_file():
            yield each.name.encode()
            yield from _of_file(each)


def _of_file(path: Path) -> Iterator[bytes]:
    """Yield the digest of a file, which is read again only where it has changed: many parts may be of one recording."""
    if path.is_file():
        told = path.stat()
        yield _digest(path, told.st_size, told.st_mtime_ns)
    else:
        yield _hashed(path)  # in an archive


@lru_cache(maxsize=4096)
def _digest(path: Path, size: int, changed: int) -> bytes:
    return _hashed(path)


def _hashed(path: Path) -> bytes:
    digest = hashlib.sha256()
    with open_media(path) as file:
        for piece in iter(partial(file.read, _PIECE), b""):
            digest.update(piece)
    return digest.digest()
