"""Files that tests attach, made here: a tone and a picture."""

import io
import math
import struct
import wave

from PIL import Image
from playwright.sync_api import FilePayload

RATE = 16_000  # Hz


def tone(name: str = "clip.wav", seconds: float = 1.0) -> FilePayload:
    """A tone of 250 Hz."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        samples = (round(9000 * math.sin(2 * math.pi * 250 * at / RATE)) for at in range(int(seconds * RATE)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return {"name": name, "mimeType": "audio/wav", "buffer": buffer.getvalue()}


def picture(name: str = "face.png") -> FilePayload:
    """A grey square."""
    buffer = io.BytesIO()
    Image.new("L", (48, 48), 120).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def table(name: str, content: bytes) -> FilePayload:
    """A file of text."""
    return {"name": name, "mimeType": "text/csv", "buffer": content}
