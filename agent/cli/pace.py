"""How long work has taken, when a line on it is due where no bar can be drawn; times and counts as people say them."""

import time
from collections.abc import Callable

_LINE_EVERY = 30.0  # s


class Pace:
    """The clock of a piece of work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start it.

        Args:
            clock: seconds.
        """
        self._clock = clock
        self.start()

    def start(self) -> None:
        """Count from now on."""
        self._start = self._said = self._clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start, above 0."""
        return max(self._clock() - self._start, 1e-9)

    def due(self) -> bool:
        """Say whether half a minute has gone by since the start, or since this was last so."""
        now = self._clock()
        if now - self._said < _LINE_EVERY:
            return False
        self._said = now
        return True


def counted(number: int, noun: str) -> str:
    """Return a number of things, one or several."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a time in the two units that matter."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
