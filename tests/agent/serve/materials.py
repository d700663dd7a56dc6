"""Recordings, pictures and bodies that the tests of the server send; made here, honest ones and hostile ones."""

import base64
import io
import struct
import wave
import zlib

import numpy as np
from PIL import Image


def wav(seconds: float = 0.5, rate: int = 16_000) -> bytes:
    """A tone of 220 Hz."""
    time = np.arange(round(seconds * rate)) / rate
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.sin(2 * np.pi * 220 * time) * 8000).astype("<i2").tobytes())
    return out.getvalue()


def png(side: int = 8) -> bytes:
    """A grey square."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), "grey").save(out, "PNG")
    return out.getvalue()


def png_bomb(side: int = 50_000) -> bytes:
    """A few bytes that say that they are 2,500 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def as_data_url(content: bytes, media_type: str) -> str:
    """Content as a data URL."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def webm(seconds: float = 1.0) -> bytes:
    """Opus in WebM, as browsers record it."""
    import av

    out = io.BytesIO()
    with av.open(out, mode="w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        size = 960
        for number in range(round(seconds * 48_000) // size):
            time = (np.arange(size) + number * size) / 48_000
            tone = (np.sin(2 * np.pi * 220 * time) * 8000).astype("<i2")
            frame = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, number * size
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
