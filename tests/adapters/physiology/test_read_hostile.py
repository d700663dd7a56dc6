"""Broken, lying and malicious recordings: a sentence each, in bounded time and memory."""

import io
import json
import pickle
import struct
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.adapters.physiology.signals import (
    pulse,
    skin,
    write_bids,
    write_csv,
    write_e4,
    write_edf,
    write_npz,
    write_wfdb,
)
from thymos.adapters.physiology.quality import quality_flags
from thymos.adapters.physiology.read import read_recording
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.sample import Physiology
from thymos.prompts.errors import RowError

TIMES = np.arange(40) / 4.0


def read(path: Path) -> Recording:
    return read_recording(Physiology(path=path))


def refused(path: Path) -> str:
    with pytest.raises(RowError) as error:
        read(path)
    return str(error.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"time,eda_uS\n", b"time,eda_uS\n1,\n2,\n", b"\x00\xff\xfe" * 50])
def test_tables_without_a_sample_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert refused(path)


def test_text_among_numbers_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,eda_uS\n0,1\n1,high\n")
    assert "eda_uS in a.csv must be a number, got 'high' in line 3" in refused(path)


@pytest.mark.parametrize("rate", [0, -4, 1e9, float("nan"), "fast", True, [4]])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, rate: Any) -> None:
    path = write_bids(tmp_path, zip(skin()), SamplingFrequency=rate, Columns=["eda_uS"])
    assert "SamplingFrequency in" in refused(path)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_of_arrays_that_is_none_is_refused(tmp_path: Path, rate: float) -> None:
    assert "rate of eda must be above 0" in refused(write_npz(tmp_path / "a.npz", eda_uS=skin(), eda_uS_fs=rate))


def test_a_sidecar_that_is_no_object_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "eda_uS", zip(skin()))
    for told in ("[", "[1]", '{"Columns": 3}', "null"):
        (tmp_path / "a.json").write_text(told)
        assert "a.json" in refused(path)


def test_a_time_in_milliseconds_is_refused_as_too_long_unless_its_name_says_so(tmp_path: Path) -> None:
    times = np.arange(4000) * 250.0
    assert "is time in s?" in refused(write_csv(tmp_path / "a.csv", "time,eda_uS", zip(times, times, strict=False)))
    (eda,) = read(write_csv(tmp_path / "b.csv", "time_ms,eda_uS", zip(times, times, strict=False))).channels
    assert eda.rate == 4.0


def test_a_jump_in_time_does_not_make_a_grid_that_fills_the_memory(tmp_path: Path) -> None:
    times = np.concatenate([TIMES, TIMES + 1e9])
    assert "must last at most 7 days" in refused(
        write_csv(tmp_path / "a.csv", "time,eda_uS", zip(times, times, strict=False))
    )
    times = np.concatenate([np.arange(100) * 1e-5, [600_000.0]])
    path = tmp_path / "b.csv"
    path.write_text("time,eda_uS\n" + "".join(f"{t!r},1\n" for t in times.tolist()))
    assert "must have at most 20,000,000 samples" in refused(path)


def test_a_billion_rows_that_are_claimed_are_not_allocated(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**9,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("eda_uS.npy", header.getvalue() + b"\0" * 100)
        archive.writestr("eda_uS_fs.npy", _npy(np.float64(4)))
    tracemalloc.start()
    assert "must have at most 20,000,000 samples, got 1,000,000,000" in refused(tmp_path / "a.npz")
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


def _npy(values: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("it was unpickled",))


def test_pickles_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    stream.write(pickle.dumps(_Bomb()))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("eda_uS.npy", stream.getvalue())
        archive.writestr("eda_uS_fs.npy", _npy(np.float64(4)))
    assert "nothing is unpickled here" in refused(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(pickle.dumps(_Bomb()))
    assert "b.npz must be a whole NPZ file" in refused(tmp_path / "b.npz")


def test_a_zip_bomb_is_refused_by_its_size(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("EDA.csv", "w") as file,
    ):
        for _ in range(500):
            file.write(b"1\n" * 500_000)
    assert "EDA.csv in a.zip must have at most 400,000,000 bytes, got 500,000,000" in refused(tmp_path / "a.zip")


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"1" * 50_000_000, 1))
    tracemalloc.start()
    assert "must be lines of text of less than 100,000 bytes" in refused(path)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_cut_off_files_are_refused(tmp_path: Path, share: float) -> None:
    (tmp_path / "w").mkdir()
    write_wfdb(tmp_path / "w")
    for path in (
        write_edf(tmp_path / "a.edf"),
        tmp_path / "w" / "rec.dat",
        write_npz(tmp_path / "a.npz", eda_uS=skin(), eda_uS_fs=4),
    ):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])
        assert refused(path)


def test_a_header_of_wfdb_names_no_place_beyond_its_folder(tmp_path: Path) -> None:
    for name in ("../secret.dat", "/etc/passwd", "https://example.org/a.dat", "s3://bucket/a.dat"):
        (tmp_path / "a.hea").write_text(f"a 1 100 1000\n{name} 16 200/mV 16 0 0 0 0 II\n")
        assert "must name files beside it" in refused(tmp_path / "a.hea")
    (tmp_path / "a.hea").write_text("a/2 1 100 1000\nb 500\nc 500\n")
    assert "of one segment" in refused(tmp_path / "a.hea")


def test_a_header_of_edf_that_claims_a_billion_records_is_refused(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "a.edf")
    content = bytearray(path.read_bytes())
    content[236:244] = b"99999999"
    path.write_bytes(content)
    assert "a.edf must be a whole EDF file" in refused(path)


def test_an_e4_file_with_words_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = write_e4(tmp_path / "session")
    (folder / "EDA.csv").write_text("1600000000.0\n4.0\n1.0\noops\n")
    assert "EDA.csv must have a number in line 4" in refused(folder)
    (folder / "EDA.csv").write_text("1600000000.0\n0.0\n1.0\n")
    assert "rate of eda must be above 0" in refused(folder)
    assert "must be one of an Empatica E4, got" in refused(tmp_path)


def test_two_sessions_in_one_zip_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("one/EDA.csv", "two/EDA.csv"):
            archive.writestr(name, "1600000000.0\n4.0\n1.0\n")
    assert "must hold one session, got 2 files EDA.csv" in refused(tmp_path / "a.zip")


def test_infinite_and_huge_values_become_gaps(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,eda_uS\n0,1\n1,1\n2,inf\n3,1\n4,1e300\n5,1\n6,nan\n7,2\n8,3\n")
    (eda,) = read(path).channels
    assert np.flatnonzero(np.isnan(eda.values)).tolist() == [2, 4, 6]


def test_constant_and_flat_signals_and_bursts_of_nan_are_flagged(tmp_path: Path) -> None:
    wave = pulse(seconds=60)
    wave[:1280] = 0.0  # a third
    eda = np.full(3840, np.nan)
    eda[::16] = 1.0
    found = read(write_csv(tmp_path / "a.csv", "time,bvp,eda_uS", zip(np.arange(3840) / 64, wave, eda, strict=False)))
    flags = quality_flags(found)
    assert "bvp is flat for 33% of the time" in flags
    assert "eda is constant; was the sensor attached?" in flags


def seeds(folder: Path) -> list[Path]:
    """One small file of every format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    e4 = write_e4(folder / "session")
    with zipfile.ZipFile(folder / "e4.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in e4.iterdir():
            archive.write(path, path.name)
    (folder / "bids").mkdir()
    bids = write_bids(folder / "bids", zip(skin()), SamplingFrequency=4, Columns=["eda_uS"])
    pq.write_table(pa.table({"time": TIMES, "eda_uS": TIMES}), folder / "a.parquet")
    np.savez_compressed(folder / "b.npz", bvp=pulse(), eda=skin(), temp=skin() + 30, fs=np.array([64.0, 4, 4]))
    return [
        write_csv(folder / "a.csv", "time,eda_uS,bvp", zip(TIMES, TIMES, TIMES, strict=False)),
        bids.with_suffix(".json"),
        folder / "a.parquet",
        write_npz(folder / "a.npz", eda_uS=skin(), eda_uS_fs=4),
        folder / "b.npz",
        write_edf(folder / "a.edf", seconds=2),
        write_wfdb(folder, seconds=2),
        folder / "e4.zip",
    ]


def mutate(content: bytes, chance: np.random.Generator) -> bytes:
    """Change, drop, repeat or insert a few bytes, mostly near the front, where headers are."""
    found = bytearray(content)
    for _ in range(int(chance.integers(1, 6))):
        place = int(len(found) * chance.random() ** 2)
        kind = chance.integers(5)
        if kind == 0:
            found[place : place + 1] = bytes([chance.integers(256)])
        elif kind == 1:
            del found[place : place + int(chance.integers(1, 64))]
        elif kind == 2:
            found[place:place] = found[place : place + int(chance.integers(1, 64))]
        elif kind == 3:
            found[place : place + 8] = struct.pack("<q", int(chance.integers(-(2**62), 2**62)))
        else:
            found[place : place + 2] = [b"9", b"-1", b"1e99", b"0", b"nan", b",,", b"\n"][chance.integers(7)]
    return bytes(found)


def fuzz(folder: Path, count: int) -> int:
    """Read `count` mutated files; return how many could still be read."""
    chance = np.random.default_rng(20261125)
    whole = {path: path.read_bytes() for path in seeds(folder)}
    fine = 0
    for turn in range(count):
        path = list(whole)[turn % len(whole)]
        path.write_bytes(mutate(whole[path], chance))
        started = time.perf_counter()
        try:
            found = read(path.with_suffix(".tsv") if path.suffix == ".json" else path)
            fine += 1
            assert found.channels
            assert all(each.values.dtype == np.float32 for each in found.channels)
        except RowError as error:
            assert len(str(error)) < 1000
        assert time.perf_counter() - started < 20, path
        path.write_bytes(whole[path])
    return fine


def test_mutated_files_give_a_recording_or_a_sentence(tmp_path: Path) -> None:
    assert 0 < fuzz(tmp_path, 100) < 100


@pytest.mark.slow
def test_two_thousand_mutated_files_give_a_recording_or_a_sentence(tmp_path: Path) -> None:
    assert 0 < fuzz(tmp_path, 2000) < 2000


def test_deeply_nested_sidecars_are_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "eda_uS", zip(skin()))
    (tmp_path / "a.json").write_text('{"a":' * 100_000)
    assert "a.json" in refused(path)
    (tmp_path / "a.json").write_text(json.dumps({"SamplingFrequency": 10**400}))
    assert "a.json" in refused(path)
