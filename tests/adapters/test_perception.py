"""Recordings are encoded once, whatever asks for them and from however many threads."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Lock

import numpy as np
import pytest
from numpy.typing import NDArray

from thymos.adapters.modality import Observed
from thymos.adapters.perception import Perception
from thymos.adapters.projectors.streams import Stream
from thymos.adapters.sample import Sample, Speech
from thymos.prompts.errors import RowError

STREAM = Stream("speech", "slow", "f" * 64, 3, 1, "attention", 2, 8)


class Slow:
    """An encoder that takes its time, counts, and is offended where two threads use it at once."""

    name, modality, dim, layers, fingerprint = "slow", "speech", 3, 1, "f" * 64

    def __init__(self) -> None:
        self.encoded = self.observed = 0
        self._busy = Lock()

    def read(self, source: Speech) -> NDArray[np.float32]:
        assert source.samples is not None
        return source.samples

    def encode(self, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self._busy.acquire(blocking=False), "two threads at once"
        time.sleep(0.01)
        self.encoded += 1
        self._busy.release()
        return np.full((2, 3), signal[0], np.float32)

    def observe(self, signal: NDArray[np.float32]) -> Observed:
        assert self._busy.acquire(blocking=False), "two threads at once"
        time.sleep(0.01)
        self.observed += 1
        self._busy.release()
        return Observed(text=f"{signal[0]:.0f}")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    encoder = Slow()
    monkeypatch.setattr("thymos.adapters.perception.load_encoder", lambda name: encoder)
    yield encoder


def voices(count: int) -> list[Sample]:
    return [Sample(id=str(n), speech=Speech(samples=np.full(160, n, np.float32), rate=16_000)) for n in range(count)]


def test_threads_that_ask_for_the_same_recordings_encode_each_once(slow: Slow, tmp_path: Path) -> None:
    perception = Perception([STREAM], folder=tmp_path)
    together = Barrier(4)

    def work(_: int) -> list[tuple[float, str | None]]:
        together.wait()
        found = []
        for sample in voices(6):
            (frames,) = perception.perceive([sample])[0].frames
            assert frames is not None
            found.append((float(frames[0, 0]), perception.observe(sample)["speech"].text))
        return found

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert results == [[(float(n), str(n)) for n in range(6)]] * 4
    assert (slow.encoded, slow.observed) == (6, 6)


def test_what_cannot_be_used_is_tried_once(slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def read(source: Speech) -> NDArray[np.float32]:
        tried.append(1)
        raise RowError("speech must be heard, got none; record it again")

    monkeypatch.setattr(slow, "read", read)
    perception = Perception([STREAM], folder=tmp_path)
    told = [perception.perceive(voices(1))[0] for _ in range(3)]
    assert [each.absent for each in told] == [{"speech": "speech must be heard, got none; record it again"}] * 3
    assert [each.frames for each in told] == [(None,)] * 3
    assert tried == [1]


def _until(read: Callable[[Speech], NDArray[np.float32]], voice: int) -> Callable[[Speech], NDArray[np.float32]]:
    """Read, but for one voice, at which memory is at an end."""

    def told(source: Speech) -> NDArray[np.float32]:
        samples = read(source)
        if samples[0] == voice:
            raise MemoryError
        return samples

    return told


class Quick(Slow):
    """Four at once, however long."""

    together = 4

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []

    def read(self, source: Speech) -> NDArray[np.float32]:
        samples = super().read(source)
        if samples[0] == 2:
            raise RowError("speech must be heard, got none; record it again")
        return samples

    def size(self, signal: NDArray[np.float32]) -> int:
        return 4 if signal[0] == 5 else 1

    def encode_many(self, signals: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        self.groups.append(len(signals))
        return [self.encode(signal) for signal in signals]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Quick:
    encoder = Quick()
    monkeypatch.setattr("thymos.adapters.perception.load_encoder", lambda name: encoder)
    return encoder


def test_what_is_new_in_a_group_goes_through_an_encoder_at_once(quick: Quick, tmp_path: Path) -> None:
    perception = Perception([STREAM], folder=tmp_path)
    perception.perceive(voices(1))
    rows = [*voices(6), Sample(id="text", text="no voice"), voices(5)[4]]  # the fifth voice twice
    found = perception.perceive(rows)
    heard = [None if frames is None else float(frames[0, 0]) for (frames,) in (each.frames for each in found)]
    assert heard == [0, 1, None, 3, 4, 5, None, 4]
    assert [each.absent for each in found if each.absent] == [
        {"speech": "speech must be heard, got none; record it again"}
    ]
    assert quick.groups == [1, 2, 2]  # the first alone; of the first four two are new and usable; of the last, two
    assert quick.encoded == 5


def test_a_signal_that_fills_a_group_is_kept_before_the_next_is_read(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perception = Perception([STREAM], folder=tmp_path)
    rows = voices(8)[3:]
    rows = [rows[0], rows[2], rows[1], rows[3]]  # the fifth voice is as much as four
    with monkeypatch.context() as broken:
        broken.setattr(quick, "read", _until(quick.read, 4))
        with pytest.raises(MemoryError):
            perception.perceive(rows)
    assert quick.groups == [2]
    assert [float(each.frames[0][0, 0]) for each in perception.perceive(rows) if each.frames[0] is not None] == [
        3,
        5,
        4,
        6,
    ]
    assert quick.groups == [2, 2]


def test_one_large_kind_of_signal_makes_groups_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"slow": Slow(), "quick": Quick()}
    monkeypatch.setattr("thymos.adapters.perception.load_encoder", kinds.__getitem__)
    both = [STREAM, Stream("speech", "quick", "f" * 64, 3, 1, "attention", 2, 8)]
    assert Perception(both[1:], folder=tmp_path).together == 4
    assert Perception(both, folder=tmp_path).together == 1


def test_where_nothing_can_be_kept_nothing_is_worth_encoding_ahead(slow: Slow, tmp_path: Path) -> None:
    assert Perception([STREAM], folder=tmp_path).keeps
    (tmp_path / "file").write_bytes(b"")
    assert not Perception([STREAM], folder=tmp_path / "file" / "below").keeps


def test_encoders_of_one_modality_that_read_otherwise_read_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(name: str, scale: float, **more: object) -> object:
        read = lambda self, source: scale * source.samples  # noqa: E731
        encode = lambda self, signal: np.full((1, 3), signal[0], np.float32)  # noqa: E731
        told = {"name": name, "modality": "speech", "dim": 3, "layers": 1, "fingerprint": name * 64}
        return type("Made", (), told | {"read": read, "encode": encode} | more)()

    encoders = {"a": made("a", 1), "b": made("b", 10), "c": made("c", 1, reads="x"), "d": made("d", 99, reads="x")}
    monkeypatch.setattr("thymos.adapters.perception.load_encoder", encoders.__getitem__)
    streams = [Stream("speech", name, name * 64, 3, 1, "attention", 2, 8) for name in encoders]
    (percept,) = Perception(streams, folder=tmp_path).perceive(voices(3)[2:])
    assert [float(frames[0, 0]) for frames in percept.frames if frames is not None] == [2, 20, 2, 2]
