"""`Recording`: what the readers of this folder give, signals of one person on one clock with what is doubtful in them.

Takes channels; gives parts of them. Knows nothing of files or features.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from thymos.adapters.sample import Channel
from thymos.prompts.errors import RowError


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Signals of the body.

    Attributes:
        channels: each kind once, NaN where the recorder has a gap.
        flags: sentences about what is doubtful (resampled, sorted, a unit to check); none for a sound recording.
    """

    channels: tuple[Channel, ...]
    flags: tuple[str, ...] = ()

    def channel(self, kind: str) -> Channel | None:
        """Return the channel of a kind, or None where it was not recorded."""
        return next((each for each in self.channels if each.kind == kind), None)

    @property
    def start(self) -> float:
        """Time of the first sample, s."""
        return min(each.start for each in self.channels)

    @property
    def end(self) -> float:
        """Time after the last sample, s."""
        return max(end_of(each) for each in self.channels)

    def part(self, start: float | None, end: float | None) -> "Recording":
        """Return what was recorded from `start` to before `end`, s; channels without a sample there are left out.

        Raises:
            RowError: nothing was.
        """
        if start is None and end is None:
            return self
        first, last = self.start if start is None else start, self.end if end is None else end
        cut = [piece for each in self.channels if len((piece := cut_channel(each, first, last)).values)]
        if not cut:
            raise RowError(
                f"part of the recording must lie inside it, got {first:g} to {last:g} s of one from {self.start:g} "
                f"to {self.end:g} s; correct t=from,to"
            )
        return Recording(tuple(cut), self.flags)


def end_of(channel: Channel) -> float:
    """Return the time after a channel's last sample, s."""
    return channel.start + len(channel.values) / channel.rate


def cut_channel(channel: Channel, start: float, end: float) -> Channel:
    """Return the samples with start <= time < end, perhaps none."""
    tolerance = 1e-6  # of a sample: 0.1 s at 10 Hz is sample 1, however it is rounded
    first = max(0, int(np.ceil((start - channel.start) * channel.rate - tolerance)))
    last = min(len(channel.values), int(np.ceil((end - channel.start) * channel.rate - tolerance)))
    values = channel.values[first : max(first, last)]
    return replace(channel, values=values, start=channel.start + first / channel.rate)


def each_kind_once(channels: Iterable[Channel]) -> tuple[tuple[Channel, ...], tuple[str, ...]]:
    """Return the first channel of every kind, and a flag for each that was left out for it."""
    kept: dict[str, Channel] = {}
    flags = []
    for channel in channels:
        if channel.kind in kept:
            flags.append(f"another {channel.kind} channel was left out; the first one is used")
        else:
            kept[channel.kind] = channel
    return tuple(kept.values()), tuple(flags)
