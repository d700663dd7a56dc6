"""Everybody's own level: frames are moved so that each speaker on the whole is like the speakers of the training rows.

A deep voice is no sad one: recognisers that know what a speaker is like on the whole are right more often (speaker
normalisation; Busso et al. 2013, IEEE Transactions on Affective Computing 4(4)). It takes several recordings of the
same person and no label of them. Takes frames by speaker; gives frames. Knows no files and no encoder.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.projectors.projector import Projector
from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Frames

LEAST = 8  # recordings of a speaker, below which nobody knows what that voice is like on the whole
_NARROWEST = 0.05  # of the usual deviation: a speaker's own is taken to be no smaller

Numbers = NDArray[np.float64]


class _Level:
    """Mean and deviation of the frames of one speaker in one stream, gathered recording by recording."""

    def __init__(self) -> None:
        self.recordings = 0
        self._count = 0
        self._sum: Any = 0.0
        self._squares: Any = 0.0

    def add(self, frames: Frames) -> None:
        told = frames.astype(np.float64)
        self.recordings += 1
        self._count += len(told)
        self._sum = self._sum + told.sum(0)
        self._squares = self._squares + np.square(told).sum(0)

    def told(self) -> tuple[Numbers, Numbers]:
        mean = self._sum / self._count
        return mean, np.sqrt(np.maximum(self._squares / self._count - np.square(mean), 0.0))


class Baselines:
    """What the recordings of each speaker are like, and frames as if everybody spoke alike."""

    def __init__(self, projectors: Projectors) -> None:
        """Take over which streams are compared with a speaker's own level, and what the usual level is.

        Args:
            projectors: of an adapter, standardised by its training rows.
        """
        self._usual: dict[int, tuple[Numbers, Numbers]] = {}
        for place, (stream, part) in enumerate(zip(projectors.streams, projectors.parts, strict=True)):
            if stream.baseline == "speaker" and isinstance(part, Projector):
                mean, deviation = part.get_buffer("mean"), part.get_buffer("deviation")
                self._usual[place] = mean.double().cpu().numpy(), deviation.double().cpu().numpy()
        self._met: dict[tuple[int, str], _Level] = defaultdict(_Level)

    @property
    def places(self) -> tuple[int, ...]:
        """Which streams are compared."""
        return tuple(self._usual)

    def __bool__(self) -> bool:
        """Say whether any stream is compared with a speaker's own level."""
        return bool(self._usual)

    def meet(self, speaker: str | None, frames: Sequence[Frames | None]) -> None:
        """Take in a recording of a speaker; each must be given once.

        Args:
            speaker: who it is; of somebody without a name nothing is kept.
            frames: of each stream, or None.
        """
        for place in self._usual:
            each = frames[place]
            if speaker and each is not None and len(each):
                self._met[place, speaker].add(each)

    def alone(self, speakers: Iterable[str | None]) -> str | None:
        """Return a sentence on recordings that are read as they are, since too little is known of their speaker.

        Args:
            speakers: of each recording.
        """
        told = list(speakers)
        known = {who for (_, who), level in self._met.items() if level.recordings >= LEAST}
        missing = sum(who not in known for who in told)
        if not missing:
            return None
        return (
            f"{missing:,} of {len(told):,} recordings are read without knowing what their speaker is like: that takes "
            f"{LEAST} of one name in a column of speakers"
        )

    def moved(self, speaker: str | None, frames: Sequence[Frames | None]) -> tuple[Frames | None, ...]:
        """Return frames as the usual speaker would have them; as they are where too little is known of the speaker.

        Args:
            speaker: who it is.
            frames: of each stream, or None.
        """
        return tuple(
            each if each is None or place not in self._usual else self._one(place, speaker, each)
            for place, each in enumerate(frames)
        )

    def _one(self, place: int, speaker: str | None, frames: Frames) -> Frames:
        met = self._met.get((place, speaker or ""))
        if met is None or met.recordings < LEAST:
            return frames
        usual_mean, usual_deviation = self._usual[place]
        mean, deviation = met.told()
        scale = usual_deviation / np.maximum(deviation, _NARROWEST * usual_deviation)
        found: Frames = np.clip((frames - mean) * scale + usual_mean, -6e4, 6e4).astype(np.float16)
        return found
