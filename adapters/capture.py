"""A microphone and a camera of this machine: sound and a picture from what FFmpeg calls an input device.

Takes a device; gives samples or pixels. PyAV's libraries know ALSA and Video4Linux on Linux, AVFoundation on macOS and
DirectShow on Windows. Nothing is kept; knows no files and no terminal.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.ffmpeg import quiet_ffmpeg
from thymos.prompts.errors import InputError

RATE = 16_000  # Hz, of what is recorded
SETTLE = 1.0  # s until a camera has found its exposure
MOST_FRAMES = 90  # of a camera without a clock, after which its exposure has settled anyway
PATIENCE = 5.0  # s without a sign, after which a device is given up
KINDS = ("alsa", "v4l2", "avfoundation", "dshow", "lavfi")  # FFmpeg's input devices; the last makes test signals
_LOOK = 0.1  # s between two looks whether to stop
_WAITING = 64  # frames that came and were not taken yet
_END = object()
_MICROPHONES = {"linux": "alsa:default", "darwin": "avfoundation::default", "win32": "dshow:"}
_CAMERAS = {"linux": "v4l2:/dev/video0", "darwin": "avfoundation:default", "win32": "dshow:"}
_ALSA = {  # PyAV's copy of the library looks for both where it was built, and finds no device
    "ALSA_CONFIG_DIR": "share/alsa",
    "ALSA_PLUGIN_DIR": "lib*/**/alsa-lib",
}
_MEDIA = {"microphone": "audio", "camera": "video"}

What = Literal["microphone", "camera"]
Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Device:
    """An input device.

    Attributes:
        what: it is.
        kind: FFmpeg's name of what drives it.
        name: that FFmpeg opens.
    """

    what: What
    kind: str
    name: str

    def __str__(self) -> str:
        """Say it as a user would."""
        return f"{self.kind}:{self.name}"


def device(what: What, told: str | None = None) -> Device:
    """Return a device.

    Args:
        what: it is to be.
        told: `KIND:NAME`, as in `alsa:hw:1` or `v4l2:/dev/video2`; the usual one of this system unless given.

    Raises:
        InputError: it is none that can be opened here.
    """
    usual = _MICROPHONES if what == "microphone" else _CAMERAS
    given = told if told is not None else usual.get(sys.platform, "")
    kind, colon, name = given.partition(":")
    if kind not in KINDS or not colon:
        raise InputError(
            f"{what} must be named as KIND:NAME with a kind of {', '.join(KINDS)}, got {given!r}; such as "
            f"{usual['linux']}"
        )
    if kind == "dshow" and not name:
        name = _first_of_windows(what)
    return Device(what, kind, name)


def record(
    microphone: Device,
    *,
    seconds: float,
    stop: Callable[[], bool] = lambda: False,
    on_sound: Callable[[float, float], None] = lambda seconds, peak: None,
) -> Sound:
    """Record one channel at 16 kHz, shape (samples,), full scale is 1; what came before a device was lost is kept.

    Args:
        microphone: to record.
        seconds: at most.
        stop: asked several times a second whether that is enough.
        on_sound: called after each piece with how long it is by now, and the piece's peak.

    Raises:
        InputError: it cannot be opened, or gives no sound.
    """
    from av import AudioResampler

    pieces: list[Sound] = []
    taken, most = 0, round(seconds * RATE)
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
    with _frames(microphone) as frames:
        for frame in frames:
            for part in resampler.resample(frame) if frame is not None else ():
                pieces.append(part.to_ndarray()[0].astype(np.float32))
                taken += len(pieces[-1])
                on_sound(taken / RATE, float(np.abs(pieces[-1]).max(initial=0.0)))
            if taken >= most or stop():
                break
    if not taken:
        raise InputError(f"microphone must give sound, got none from {microphone}; name another with --device")
    return np.concatenate(pieces)[:most]


def picture(camera: Device) -> NDArray[np.uint8]:
    """Take a picture once the exposure has settled; RGB, shape (height, width, 3).

    Raises:
        InputError: it cannot be opened, or gives no picture.
    """
    taken: list[Any] = []  # the latest
    count, begin = 0, 0.0
    with _frames(camera) as frames:
        for frame in frames:
            if frame is None:
                continue
            begin, count, taken = begin if taken else frame.time or 0.0, count + 1, [frame]
            if count >= MOST_FRAMES or (frame.time or 0.0) - begin >= SETTLE:
                break
    if not taken:
        raise InputError(f"camera must give pictures, got none from {camera}; name another with --device")
    pixels: NDArray[np.uint8] = taken[0].to_ndarray(format="rgb24")
    return pixels


@contextmanager
def _frames(source: Device) -> Iterator[Iterator[Any]]:
    """Give what comes from a device, and None several times a second while nothing does.

    It is read in a thread of its own: a driver that waits for a device that is silent cannot be interrupted.

    Raises:
        InputError: it cannot be opened, or nothing comes for `PATIENCE`.
    """
    from av import FFmpegError

    arrived: Queue[Any] = Queue(maxsize=_WAITING)
    ended = Event()

    def read() -> None:
        try:
            with _opened(source) as container:
                streams = container.streams.audio if source.what == "microphone" else container.streams.video
                for frame in container.decode(streams[0]) if streams else ():
                    arrived.put(frame)
                    if ended.is_set():
                        return
            arrived.put(_END)
        except (InputError, FFmpegError, OSError, ValueError) as error:  # raised where somebody waits
            arrived.put(error)

    Thread(target=read, name="capture", daemon=True).start()
    try:
        yield _told(source, arrived)
    finally:
        ended.set()
        with suppress(Empty):
            while True:
                arrived.get_nowait()  # whoever waits to put goes on, and sees that it is over


def _told(source: Device, arrived: "Queue[Any]") -> Iterator[Any]:
    """Yield what arrives, or None in between; end with the device, or raise why there never was anything."""
    came, waited = False, 0.0
    while True:
        try:
            frame = arrived.get(timeout=_LOOK)
        except Empty:
            waited += _LOOK
            if waited < PATIENCE:
                yield None
                continue
            if came:
                return  # it was lost on the way
            raise InputError(
                f"{source.what} must give something within {PATIENCE:g} s, got nothing from {source}; name another "
                "with --device"
            ) from None
        if frame is _END or (came and isinstance(frame, Exception)):
            return
        if isinstance(frame, Exception):
            raise frame
        came, waited = True, 0.0
        yield frame


@contextmanager
def _opened(source: Device) -> Iterator[Any]:
    """Open a device; its own words about failure are held back, the error has ours."""
    import av

    try:
        with quiet_ffmpeg(), _without_words(source):
            container = av.open(source.name, format=source.kind)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(
            f"{source.what} must be one that can be opened, got {source} ({_reason(error)}); plug one in, let this "
            "program use it, or name another with --device KIND:NAME"
        ) from error
    with container:
        yield container


@contextmanager
def _without_words(source: Device) -> Iterator[None]:
    """Lead ALSA's library to this system's settings and plug-ins, and hold back what it prints past Python."""
    if source.kind != "alsa":
        yield
        return
    for name, pattern in _ALSA.items():
        found = next((each for each in sorted(Path("/usr").glob(pattern)) if each.is_dir()), None)
        if found is not None:
            os.environ.setdefault(name, str(found))
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _reason(error: Exception) -> str:
    """Return an error's first words, without FFmpeg's log."""
    return (getattr(error, "strerror", None) or str(error)).partition(";")[0][:100]


def _first_of_windows(what: What) -> str:
    """Return DirectShow's name of the first device of a kind.

    Raises:
        InputError: there is none.
    """
    import av

    for each in av.enumerate_input_devices("dshow"):
        if _MEDIA[what] in each.media_types:
            return f"{_MEDIA[what]}={each.name}"
    raise InputError(f"{what} must be there, got none; plug one in")
