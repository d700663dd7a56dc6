"""Pieces of sound as decoded, mixed to one channel and resampled as they come.

Takes pieces with their own rate, channels and full scale; gives one float32 signal. Knows nothing of files.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.prompts.errors import RowError

MIN_RATE, MAX_RATE = 2_000, 768_000  # Hz; outside of it a header is wrong
MAX_CHANNELS = 64
BLOCK = 1 << 16  # samples that are resampled at a time


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A stretch of sound.

    Attributes:
        samples: shape (channels, n), in the format's own scale.
        rate: Hz.
        start: time of the first sample in the recording, s.
        full: value of full scale.
    """

    samples: NDArray[Any]
    rate: int
    start: float
    full: float

    @classmethod
    def of(cls, frame: Any, start: float) -> "Piece":
        """Take over a frame of PyAV."""
        values = frame.to_ndarray()
        channels = frame.layout.nb_channels
        if not frame.format.is_planar:
            values = values.reshape(-1, channels).T
        if values.dtype == np.uint8:  # silence is at 128
            values = values.astype(np.int16) - 128
            return cls(values, frame.sample_rate, start, 128.0)
        full = 1.0 if values.dtype.kind == "f" else float(2 ** (8 * values.dtype.itemsize - 1))
        return cls(values, frame.sample_rate, start, full)

    def part(self, first: int, last: int) -> "Piece":
        """Return the samples from `first` up to `last`."""
        return Piece(self.samples[:, first:last], self.rate, self.start + first / self.rate, self.full)


class Mixer:
    """Mixes and resamples; the mean of all channels is what it keeps.

    Attributes:
        channels: most channels that a piece had.
        rate: of the first piece, Hz; 0 before it.
    """

    def __init__(self, rate: int) -> None:
        self._target = rate
        self._resampler: Any = None
        self._done: list[NDArray[np.float32]] = []
        self._full = 0
        self._seen = 0
        self.channels = 0
        self.rate = 0

    @property
    def clipped(self) -> float:
        """Share of samples at full scale."""
        return self._full / max(1, self._seen)

    def add(self, piece: Piece) -> None:
        """Take the next piece.

        Raises:
            RowError: its rate or its number of channels cannot be, or its samples are no numbers.
        """
        if not MIN_RATE <= piece.rate <= MAX_RATE or piece.samples.shape[0] > MAX_CHANNELS:
            raise RowError(
                f"speech must have {MIN_RATE:,} to {MAX_RATE:,} samples a second in {MAX_CHANNELS} channels at most, "
                f"got {piece.rate:,} in {piece.samples.shape[0]}; the file is damaged or no recording"
            )
        if piece.rate != self.rate and self._resampler is not None:
            self._flush()
        self.rate = self.rate or piece.rate
        self.channels = max(self.channels, piece.samples.shape[0])
        for start in range(0, piece.samples.shape[1], BLOCK):
            block = piece.samples[:, start : start + BLOCK].astype(np.float32) / piece.full  # (channels, samples)
            if not np.isfinite(block).all():
                raise RowError("speech must hold finite samples, got NaN or infinity; mend or drop the recording")
            np.clip(block, -16.0, 16.0, out=block)  # float files may exceed full scale, damaged ones absurdly
            self._full += int((np.abs(block) >= 0.9995).sum())
            self._seen += block.size
            self._resample(block.mean(axis=0), piece.rate)

    def finish(self) -> NDArray[np.float32]:
        """Return everything, shape (n,)."""
        self._flush()
        return np.concatenate(self._done) if self._done else np.zeros(0, np.float32)

    def _resample(self, mono: NDArray[np.float32], rate: int) -> None:
        if rate == self._target:
            self._done.append(mono)
            return
        import av

        if self._resampler is None:
            self._resampler = av.AudioResampler(format="flt", layout="mono", rate=self._target)
        frame = av.AudioFrame.from_ndarray(mono[None], format="flt", layout="mono")
        frame.sample_rate = rate
        self._keep(self._resampler.resample(frame))

    def _flush(self) -> None:
        if self._resampler is not None:
            self._keep(self._resampler.resample(None))
            self._resampler = None

    def _keep(self, frames: Any) -> None:
        self._done += [frame.to_ndarray()[0].astype(np.float32, copy=True) for frame in frames]
