"""`quiet_ffmpeg`: FFmpeg's own words about damage, held back while our errors say it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_ffmpeg() -> Iterator[None]:
    """Let FFmpeg's libraries print nothing; what was set before is set again."""
    from av.logging import PANIC, get_level, set_level

    level = get_level()
    set_level(PANIC)
    try:
        yield
    finally:
        set_level(level)
