"""`thymos record`: a voice by the microphone, or a face by the camera, as a file for the other commands.

Takes the arguments of the command line; records by `thymos.adapters.capture`, shows how loud it is, and writes the file
whole. Holds no device.
"""

import io
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cyclopts import Parameter
from cyclopts.validators import Number
from numpy.typing import NDArray

from thymos.prompts.errors import InputError, RowError

if TYPE_CHECKING:
    from thymos.adapters.capture import Device

Flag = Annotated[bool, Parameter(negative="", show_default=False)]
_SOUND = (".wav",)
_PICTURE = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_UNTIL_ENTER = 300.0  # s at most, where nobody presses it
_USUAL = 5.0  # s, where nobody can
_BAR = 24  # cells of full scale


def record(
    output: Path,
    /,
    *,
    seconds: Annotated[float | None, Parameter(validator=Number(gt=0, lte=1800), show_default=False)] = None,
    device: str | None = None,
    overwrite: Flag = False,
    quiet: Flag = False,
) -> None:
    """Record a voice by the microphone, or take a picture of a face by the camera.

    The ending says which: .wav is sound, 16 kHz and one channel; .jpg and .png are a picture. On a terminal sound is
    recorded until Enter is pressed. Nothing leaves this machine.

        thymos record me.wav
        thymos record me.wav --seconds 8 --device alsa:hw:1
        thymos record me.jpg
        thymos ask --speech me.wav --adapter voice --taxonomy ravdess

    Args:
        output: File to write: .wav, .jpg or .png.
        seconds: How long to record; until Enter on a terminal (five minutes at most), else 5, unless given.
        device: Another microphone or camera, as FFmpeg names it: `alsa:hw:1`, `v4l2:/dev/video2`, `avfoundation::1`,
            `dshow:audio=NAME`.
        overwrite: Replace a file that is there.
        quiet: No bar.
    """
    from rich.console import Console

    from thymos.adapters.capture import device as named
    from thymos.adapters.capture import picture
    from thymos.adapters.whole_file import whole_file

    suffix = output.suffix.lower()
    if suffix not in (*_SOUND, *_PICTURE):
        raise InputError(f"output must end in .wav, .jpg or .png, got {output.name!r}; .wav is sound")
    if output.exists() and not overwrite:
        raise InputError(f"output must be a new file, got {str(output)!r}; say --overwrite to replace it")
    if not output.parent.is_dir():
        raise InputError(f"folder of {output.name} must exist, got {str(output.parent)!r}; make it first")
    if suffix in _PICTURE and seconds is not None:
        raise InputError("--seconds must be left out for a picture; it is for sound")
    if suffix in _SOUND:
        samples = _heard(named("microphone", device), seconds, quiet)
        content, remarks = _wav(samples), partial(_about_sound, samples)
    else:
        pixels = picture(named("camera", device))
        content, remarks = _still(pixels, _PICTURE[suffix]), partial(_about_picture, pixels)
    with whole_file(output) as file:
        file.write(content)
    messages = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    messages.print(f"wrote {output}")
    for line in remarks():
        messages.print(line)


def _heard(microphone: "Device", seconds: float | None, quiet: bool) -> NDArray[np.float32]:
    """Record until Enter is pressed or the time is over."""
    from thymos.adapters.capture import record as recorded

    until_enter = seconds is None and sys.stdin is not None and sys.stdin.isatty()
    most = seconds if seconds is not None else _UNTIL_ENTER if until_enter else _USUAL
    with _meter(quiet, until_enter) as told:
        return recorded(microphone, seconds=most, stop=_enter() if until_enter else lambda: False, on_sound=told)


def _wav(samples: NDArray[np.float32]) -> bytes:
    """Return samples as the content of a WAV file."""
    from thymos.adapters.capture import RATE

    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return content.getvalue()


def _about_sound(samples: NDArray[np.float32]) -> tuple[str, ...]:
    """Return what is wrong with a recording."""
    from thymos.adapters.capture import RATE
    from thymos.adapters.sample import Speech
    from thymos.adapters.speech.sound import read_sound

    try:
        return read_sound(Speech(samples=samples, rate=RATE)).flags
    except RowError as error:
        return (str(error),)


def _still(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """Return pixels as the content of a picture's file."""
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind)
    return content.getvalue()


def _about_picture(pixels: NDArray[np.uint8]) -> tuple[str, ...]:
    """Return whether there is another number of faces than one."""
    from thymos.adapters.face.detect import FaceDetector

    faces = len(FaceDetector().find(pixels))
    return () if faces == 1 else (f"{faces or 'no'} faces were found in it; thymos ask reads one",)


def _enter() -> Callable[[], bool]:
    """Return what says whether Enter was pressed by now."""
    pressed = threading.Event()

    def wait() -> None:
        sys.stdin.readline()
        pressed.set()

    threading.Thread(target=wait, daemon=True).start()
    return pressed.is_set


@contextmanager
def _meter(quiet: bool, until_enter: bool) -> Iterator[Callable[[float, float], None]]:
    """Give what is to be called as sound comes; seconds and loudness on a terminal alone, gone at the end."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True)
    ends = "Enter ends it" if until_enter else "Ctrl-C gives it up"
    with Live(Text(""), console=console, transient=True, auto_refresh=False) as live:

        def told(seconds: float, peak: float) -> None:
            if console.is_terminal and not quiet:
                cells = round(_BAR * min(1.0, peak) ** 0.5)
                live.update(
                    Text(f"recording {seconds:5.1f} s  {'▮' * cells}{'▯' * (_BAR - cells)}  {ends}"), refresh=True
                )

        yield told
