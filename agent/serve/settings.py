"""How a server is run: where it listens, what it may take, how much at once. Values only."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PORT = 8420


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may bring, and how much is done at once.

    Attributes:
        json_bytes: of a JSON body.
        message_bytes: of a JSON body that may hold recordings and pictures (`/v1/chat/completions`, `/v1/ask`).
        bodies_bytes: of all JSON bodies that are read or answered at a time.
        attachment_bytes: of one recording or picture.
        corpus_bytes: of a corpus to label.
        attachments: of one message.
        audio_seconds: of a recording; s.
        pixels: of a picture.
        depth: of brackets within brackets in JSON.
        rows: of one `/v1/label`.
        chars: of one text.
        jobs: that wait or run.
        header_bytes: of all headers of a request.
        headers: of a request.
        header_seconds: until all headers are there; s.
        body_seconds: until the body is there, beside a second for each `slowest_rate`; s.
        slowest_rate: bytes/s that a body must come with in the long run.
        send_seconds: until a client takes the next piece of an answer; s.
        stop_seconds: that running answers have when the server is asked to stop; s.
        fetch_seconds: for a picture from an allowed host; s.
        connections: open at once.
        workers: answers that are worked on at once; their scorings are computed together.
        waiting: answers that may wait; one more is refused with 429.
        batch_rows: scored together at most.
        batch_wait: that the first of a batch waits for others; s.
        job_chunk: rows of a job that are labelled in one go, between requests of people.
    """

    json_bytes: int = 4_000_000
    message_bytes: int = 100_000_000
    bodies_bytes: int = 400_000_000
    attachment_bytes: int = 50_000_000
    corpus_bytes: int = 500_000_000
    attachments: int = 8
    audio_seconds: float = 1800.0
    pixels: int = 80_000_000
    depth: int = 32
    rows: int = 1000
    chars: int = 100_000
    jobs: int = 100
    header_bytes: int = 32_768
    headers: int = 100
    header_seconds: float = 10.0
    body_seconds: float = 20.0
    slowest_rate: int = 20_000
    send_seconds: float = 60.0
    stop_seconds: float = 20.0
    fetch_seconds: float = 10.0
    connections: int = 512
    workers: int = 32
    waiting: int = 128
    batch_rows: int = 128
    batch_wait: float = 0.003
    job_chunk: int = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server is run.

    Attributes:
        home: folder of threads, jobs and keys.
        host: address to listen at.
        port: likewise.
        names: further names that this server is called by (`Host` of a request).
        image_hosts: from which pictures may be fetched; none fetches nothing.
        model: name of the base model, as shown.
        adapter: as shown.
        taxonomy: label set where none is asked for.
        redact: leave personal data out of logs.
        keys: file of the keys; `keys.json` in `home` unless given.
        limits: what one request may bring.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = PORT
    names: tuple[str, ...] = ()
    image_hosts: tuple[str, ...] = ()
    model: str = "smollm2-135m"
    adapter: str = "auto"
    taxonomy: str = "goemotions"
    redact: bool = False
    keys: Path | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def key_file(self) -> Path:
        """Where keys are stored, hashed."""
        return self.keys or self.home / "keys.json"

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
