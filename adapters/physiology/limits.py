"""How much of a recording is read at most, and what broken files raise in libraries, as a sentence.

Takes counts; gives nothing or a `RowError`. Knows no format.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thymos.adapters.broken import BROKEN
from thymos.prompts.errors import RowError

MAX_SAMPLES = 20_000_000  # of all channels together: 5 hours of one at 1000 Hz, 3 days of a wristband
MAX_SECONDS = 7 * 86_400.0
MAX_CHANNELS = 1_000


def check_size(what: str, samples: float) -> None:
    """Refuse more samples than are read.

    Raises:
        RowError: there are too many, or none.
    """
    if samples <= 0:
        raise RowError(f"{what} must have samples, got none; record it again or drop the row")
    if samples > MAX_SAMPLES:
        raise RowError(f"{what} must have at most {MAX_SAMPLES:,} samples, got {samples:,.0f}; cut or thin it first")


def check_span(what: str, seconds: float) -> None:
    """Refuse a recording that claims to last longer than a week.

    Raises:
        RowError: it does.
    """
    if not seconds <= MAX_SECONDS:
        raise RowError(
            f"{what} must last at most {MAX_SECONDS / 86_400:g} days, got {seconds:.4g} s; is time in s? cut it first"
        )


@contextmanager
def translated(path: Path, kind: str) -> Iterator[None]:
    """Turn what a broken file raises in a library into a sentence.

    Raises:
        RowError: in place of any of `BROKEN`.
    """
    try:
        yield
    except BROKEN as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0][:120].rstrip(".")
        raise RowError(
            f"{path.name} must be a whole {kind}, got one that cannot be read ({why}); copy it again"
        ) from error
