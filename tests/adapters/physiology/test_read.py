"""Recordings of every format: rates, units, parts and clocks come from the file or not at all."""

import gzip
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.adapters.physiology.signals import (
    channel,
    pulse,
    skin,
    write_bids,
    write_csv,
    write_e4,
    write_edf,
    write_npz,
    write_wfdb,
)
from thymos.adapters.physiology.read import read_recording
from thymos.adapters.physiology.recording import Recording
from thymos.adapters.sample import Physiology
from thymos.prompts.errors import RowError


def read(path: Path, start: float | None = None, end: float | None = None) -> Recording:
    return read_recording(Physiology(path=path, start=start, end=end))


def about(recording: Recording) -> list[tuple[str, int, float, str]]:
    return [(each.kind, len(each.values), round(each.rate, 6), each.unit) for each in recording.channels]


def values(recording: Recording, kind: str) -> Any:
    found = recording.channel(kind)
    assert found is not None
    return found.values


TIMES = np.arange(40) / 4.0  # 4 Hz, 10 s


def test_a_table_with_times_has_their_rate_and_the_units_of_its_header(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", "time,eda_uS,temp [degF],note", zip(TIMES, TIMES + 1, TIMES * 0 + 95, TIMES, strict=False)
    )
    found = read(path)
    assert about(found) == [("eda", 40, 4.0, "uS"), ("temperature", 40, 4.0, "degC")]
    assert values(found, "temperature")[0] == pytest.approx(35.0)  # 95 degF
    assert values(found, "eda")[3] == pytest.approx(1.75)
    assert found.flags == ()


def test_a_part_is_cut_on_the_clock_of_the_recording(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "time,eda_uS", zip(TIMES + 100, TIMES, strict=False))
    found = read(path, 102.0, 103.5)
    assert found.channels[0].start == 102.0
    assert values(found, "eda").tolist() == [2.0, 2.25, 2.5, 2.75, 3.0, 3.25]
    with pytest.raises(RowError, match="must lie inside it, got 0 to 5 s of one from 100 to 110 s"):
        read(path, 0.0, 5.0)


def test_a_slower_column_between_empty_cells_has_its_own_rate(tmp_path: Path) -> None:
    times = np.arange(0, 10, 1 / 64)
    eda = np.where(np.arange(640) % 16 == 0, times, np.nan)
    found = read(write_csv(tmp_path / "a.csv", "t,bvp,eda_uS", zip(times, pulse(seconds=10), eda, strict=False)))
    assert about(found) == [("bvp", 640, 64.0, "device"), ("eda", 40, 4.0, "uS")]
    assert found.flags == ()


def test_siemens_become_microsiemens_and_kelvin_celsius(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv",
        "time,eda (S),temperature_K,ecg_V",
        zip(TIMES, TIMES * 0 + 2e-6, TIMES * 0 + 306.15, TIMES * 0 + 0.001, strict=False),
    )
    found = read(path)
    assert values(found, "eda")[0] == pytest.approx(2.0)
    assert values(found, "temperature")[0] == pytest.approx(33.0)
    assert values(found, "ecg")[0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("time,eda", "unit of eda must be told by the file, got none; name the column eda_uS"),
        ("time,eda_mV", "unit of eda must be one of uS, S, mS, nS, got 'mV'"),
        ("clock,eda_uS", "must tell its rate, got neither a column `time` in s nor a sidecar"),
        ("time,mood", "must have a column named after a signal"),
    ],
)
def test_what_a_table_does_not_say_is_asked_for_not_guessed(tmp_path: Path, header: str, sentence: str) -> None:
    with pytest.raises(RowError) as error:
        read(write_csv(tmp_path / "a.csv", header, zip(TIMES, TIMES + 1, strict=False)))
    assert sentence in str(error.value)


def test_the_recorders_own_unit_will_do_for_a_wave_and_not_for_a_level(tmp_path: Path) -> None:
    (ecg,) = read(write_csv(tmp_path / "a.csv", "time,ecg [adu]", np.stack([TIMES, TIMES], 1))).channels
    assert ecg.unit == "device"
    with pytest.raises(RowError, match="unit of eda must be one of uS, S, mS, nS, got 'adu'"):
        read(write_csv(tmp_path / "b.csv", "time,eda [adu]", np.stack([TIMES, TIMES], 1)))


def test_a_heart_rate_without_a_unit_is_taken_as_beats_a_minute_and_told(tmp_path: Path) -> None:
    found = read(write_csv(tmp_path / "a.csv", "time,hr", np.stack([TIMES, TIMES * 0 + 1.2], 1)))
    assert [flag.split(";")[0].split(":")[0] for flag in found.flags] == [
        "unit of heart-rate is not told",
        "check the unit of heart-rate",
    ]
    assert read(write_csv(tmp_path / "b.csv", "time,hr_bpm", np.stack([TIMES, TIMES * 0 + 70], 1))).flags == ()


def test_an_implausible_middle_is_told(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "a.csv", "time,eda_uS,temp_C", zip(TIMES, TIMES * 0 + 5000, TIMES * 0 + 310, strict=False)
    )
    assert [flag.split(":")[0] for flag in read(path).flags] == [
        "check the unit of eda",
        "check the unit of temperature",
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_a_bids_sidecar_names_columns_rate_units_and_start(tmp_path: Path, packed: bool) -> None:
    path = write_bids(
        tmp_path,
        zip(pulse(50, 4), skin(50, 4), strict=False),
        SamplingFrequency=50,
        StartTime=-2,
        Columns=["cardiac", "skin_conductance"],
        cardiac={"Units": "mV"},
        skin_conductance={"Units": "uS"},
    )
    if packed:
        path.with_suffix(".tsv.gz").write_bytes(gzip.compress(path.read_bytes()))
        path = path.with_suffix(".tsv.gz")
    found = read(path)
    assert about(found) == [("ecg", 200, 50.0, "mV"), ("eda", 200, 50.0, "uS")]
    assert found.start == -2.0


def test_a_sidecar_gives_a_table_its_rate(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "eda_uS", zip(skin()))
    (tmp_path / "a.json").write_text('{"SamplingFrequency": 8}')
    assert about(read(path)) == [("eda", 240, 8.0, "uS")]


def test_uneven_times_are_resampled_and_told(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    times = np.sort(TIMES + chance.uniform(-0.08, 0.08, len(TIMES)))
    times[10:] += 0.3
    found = read(write_csv(tmp_path / "a.csv", "time,eda_uS", zip(times, 10 * times, strict=False)))
    eda = found.channels[0]
    grid = eda.start + np.arange(len(eda.values)) / eda.rate
    known = np.isfinite(eda.values)
    assert np.abs(eda.values - 10 * grid)[known].max() < 0.01  # a straight line stays one
    assert any("resampled to a regular" in flag for flag in found.flags)


def test_gaps_are_nan_and_told(tmp_path: Path) -> None:
    kept = np.r_[0:16, 24:40]
    found = read(write_csv(tmp_path / "a.csv", "time,eda_uS", zip(TIMES[kept], TIMES[kept], strict=False)))
    eda = values(found, "eda")
    assert np.flatnonzero(np.isnan(eda)).tolist() == list(range(16, 24))
    assert eda[24] == 6.0
    assert found.flags == ("eda has gaps of 2 s in all",)


def test_reversed_time_is_sorted_and_told(tmp_path: Path) -> None:
    found = read(write_csv(tmp_path / "a.csv", "time,eda_uS", zip(TIMES[::-1], TIMES[::-1], strict=False)))
    assert values(found, "eda").tolist() == TIMES.astype(np.float32).tolist()
    assert found.flags == ("time of eda runs backwards 39 times; its samples were sorted",)


def test_a_repeated_time_is_told_and_a_clock_too_coarse_refused(tmp_path: Path) -> None:
    times = TIMES.copy()
    times[5] = times[4]
    found = read(write_csv(tmp_path / "a.csv", "time,eda_uS", zip(times, TIMES, strict=False)))
    assert found.flags[0] == "1 samples of eda repeat a time; the first of each is used"
    with pytest.raises(RowError, match="time of eda must tell its samples apart, got 30 of 40"):
        read(write_csv(tmp_path / "b.csv", "time,eda_uS", zip(np.floor(TIMES), TIMES, strict=False)))


def test_arrays_follow_the_convention_of_one_fs(tmp_path: Path) -> None:
    path = write_npz(
        tmp_path / "a.npz",
        bvp=pulse(seconds=20).astype(np.float32),
        eda=skin(seconds=20),
        temp=np.full(80, 33.0),
        acc=np.zeros((640, 3), np.int8),
        hr=np.full(10, 70.0),
        ibi=np.zeros((3, 2)),
        fs=np.array([64.0, 4, 4, 32, 1]),
        hr_t0=np.float32(10),
    )
    found = read(path, 5.0, 15.0)
    assert about(found) == [
        ("bvp", 640, 64.0, "device"),
        ("eda", 40, 4.0, "uS"),
        ("temperature", 40, 4.0, "degC"),
        ("heart-rate", 5, 1.0, "1/min"),
    ]
    assert [each.start for each in found.channels] == [5.0, 5.0, 5.0, 10.0]


def test_arrays_with_their_own_rates_and_units(tmp_path: Path) -> None:
    path = write_npz(
        tmp_path / "a.npz", ecg=np.ones(100), ecg_fs=250.0, ecg_unit="V", eda_nS=np.full(40, 2000.0), eda_nS_fs=4
    )
    found = read(path)
    assert about(found) == [("ecg", 100, 250.0, "mV"), ("eda", 40, 4.0, "uS")]
    assert (values(found, "ecg")[0], values(found, "eda")[0]) == (1000.0, 2.0)
    with pytest.raises(RowError, match=r"rate of ecg_mV in b\.npz must be told, got none; add ecg_mV_fs in Hz"):
        read(write_npz(tmp_path / "b.npz", ecg_mV=np.ones(100)))


def test_an_e4_session_is_read_from_folder_and_zip_alike(tmp_path: Path) -> None:
    folder = write_e4(tmp_path / "session")
    with zipfile.ZipFile(tmp_path / "session.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"abc/{path.name}")
    found, packed = read(folder), read(tmp_path / "session.zip")
    assert about(found) == [
        ("bvp", 1280, 64.0, "device"),
        ("eda", 80, 4.0, "uS"),
        ("temperature", 80, 4.0, "degC"),
        ("heart-rate", 10, 1.0, "1/min"),
    ]
    assert found.channels[3].start == 10.0  # on the clock that starts with the first file
    for a, b in zip(found.channels, packed.channels, strict=True):
        assert np.array_equal(a.values, b.values)


def test_edf_is_read_with_its_rates_and_units(tmp_path: Path) -> None:
    found = read(write_edf(tmp_path / "a.edf"), 2.0, 5.0)
    assert about(found) == [("ecg", 750, 250.0, "mV"), ("eda", 12, 4.0, "uS")]
    wanted = pulse(250, 10)[500:1250] / 50
    assert np.abs(values(found, "ecg") - wanted).max() < 4 / 65535 + 1e-6  # one digital step


def test_wfdb_is_read_from_header_or_signal_file(tmp_path: Path) -> None:
    path = write_wfdb(tmp_path)
    found = read(path)
    assert about(found) == [("ecg", 1000, 100.0, "mV"), ("eda", 1000, 100.0, "uS")]
    assert np.abs(values(found, "ecg") - pulse(100, 10) / 50).max() < 1e-3
    assert np.array_equal(values(read(path.with_suffix(".dat")), "eda"), values(found, "eda"))


def test_files_of_every_format_are_read_in_a_zip_too(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    written = [
        write_csv(tmp_path / "in" / "a.csv", "time,eda_uS", zip(TIMES, TIMES, strict=False)),
        write_npz(tmp_path / "in" / "a.npz", eda_uS=skin(), eda_uS_fs=4),
        write_edf(tmp_path / "in" / "a.edf"),
        write_wfdb(tmp_path / "in"),
        _parquet(tmp_path / "in" / "a.parquet", {"time": TIMES, "eda_uS": TIMES}),
    ]
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (tmp_path / "in").iterdir():
            archive.write(path, path.name)
    for path in written:
        assert about(read(tmp_path / "all.zip" / path.name)) == about(read(path))


def _parquet(path: Path, columns: dict[str, Any]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    found = read(_parquet(tmp_path / "a.parquet", {"time": TIMES, "temp_C": np.float32(TIMES), "who": ["a"] * 40}))
    assert about(found) == [("temperature", 40, 4.0, "degC")]
    with pytest.raises(RowError, match=r"eda_uS in b\.parquet must be numbers, got string"):
        read(_parquet(tmp_path / "b.parquet", {"time": TIMES, "eda_uS": ["1"] * 40}))


def test_channels_that_are_passed_are_cut_as_well() -> None:
    given = Physiology(channels=(channel("eda", np.arange(40), 4.0, "uS", start=100.0),), start=101.0, end=102.0)
    (found,) = read_recording(given).channels
    assert (found.values.tolist(), found.start) == ([4, 5, 6, 7], 101.0)


def test_another_kind_of_file_is_refused_with_those_that_will_do(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(b"x")
    with pytest.raises(RowError, match=r"must end with one of \.csv, .*, got 'a\.mat'; convert it first"):
        read(tmp_path / "a.mat")
