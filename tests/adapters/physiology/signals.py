"""Small signals and files of every format, made for the tests of physiology."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.sample import Channel

Floats = NDArray[np.float64]


def pulse(rate: float = 64.0, seconds: float = 60.0, beats: float = 72.0, seed: int = 1) -> Floats:
    """A pulse wave: one Gaussian hump and a smaller one a beat, with a little noise."""
    times = np.arange(round(seconds * rate)) / rate
    phase = (times * beats / 60.0) % 1.0
    wave = np.exp(-(((phase - 0.3) / 0.1) ** 2)) + 0.3 * np.exp(-(((phase - 0.6) / 0.1) ** 2))
    return 50 * wave + np.random.default_rng(seed).normal(0, 0.2, len(times))


def skin(rate: float = 4.0, seconds: float = 60.0, responses: tuple[float, ...] = (), rise: float = 0.0) -> Floats:
    """Skin conductance, uS: 2 at the start, `rise` uS a minute, a response of 0.3 uS at each time."""
    times = np.arange(round(seconds * rate)) / rate
    values = 2.0 + rise * times / 60.0
    for at in responses:
        since = np.maximum(times - at, 0.0)
        values += 0.3 * (since / 2.0) * np.exp(1 - since / 2.0)  # peaks 2 s after it starts
    return values


def channel(kind: str, values: Any, rate: float, unit: str = "device", start: float = 0.0) -> Channel:
    return Channel(kind, np.asarray(values, dtype=np.float32), rate, unit, start)


def write_csv(path: Path, header: str, rows: Any) -> Path:
    lines = [header, *(",".join("" if np.isnan(cell) else f"{cell:.6g}" for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def write_e4(folder: Path) -> Path:
    folder.mkdir()
    for name, start, rate, values in (
        ("BVP.csv", 1_600_000_000.0, 64.0, pulse(seconds=20)),
        ("EDA.csv", 1_600_000_000.0, 4.0, skin(seconds=20)),
        ("TEMP.csv", 1_600_000_000.0, 4.0, np.full(80, 33.0)),
        ("HR.csv", 1_600_000_010.0, 1.0, np.full(10, 72.0)),
    ):
        (folder / name).write_text(f"{start:.6f}\n{rate:.6f}\n" + "\n".join(f"{v:.4f}" for v in values) + "\n")
    (folder / "IBI.csv").write_text("1600000000.0, IBI\n1.0,0.83\n")
    (folder / "ACC.csv").write_text("1600000000.0, 1600000000.0, 1600000000.0\n32.0, 32.0, 32.0\n1,2,3\n")
    return folder


def write_edf(path: Path, seconds: int = 10) -> Path:
    import pyedflib

    about = [
        ("ECG Lead II", "mV", 250, pulse(250, seconds) / 50, -2.0, 2.0),
        ("GSR", "uS", 4, skin(4, seconds), 0.0, 20.0),
        ("Marker", "", 1, np.zeros(seconds), -1.0, 1.0),
    ]
    with pyedflib.EdfWriter(str(path), len(about), file_type=pyedflib.FILETYPE_EDFPLUS) as file:
        file.setSignalHeaders(
            [
                {
                    "label": label,
                    "dimension": unit,
                    "sample_frequency": rate,
                    "physical_min": low,
                    "physical_max": high,
                    "digital_min": -32768,
                    "digital_max": 32767,
                    "transducer": "",
                    "prefilter": "",
                }
                for label, unit, rate, _, low, high in about
            ]
        )
        file.writeSamples([np.ascontiguousarray(values) for *_, values, _, _ in about])
    return path


def write_wfdb(folder: Path, name: str = "rec", seconds: float = 10.0) -> Path:
    import wfdb

    signals = np.stack([pulse(100, seconds) / 50, skin(100, seconds)], axis=1)
    wfdb.wrsamp(
        name,
        fs=100,
        units=["mV", "uS"],
        sig_name=["II", "EDA"],
        p_signal=signals,
        fmt=["16", "16"],
        write_dir=str(folder),
    )
    return folder / f"{name}.hea"


def write_bids(folder: Path, rows: Any, **told: Any) -> Path:
    table = folder / "sub-01_task-rest_physio.tsv"
    table.write_text("\n".join("\t".join(f"{cell:.6g}" for cell in row) for row in rows) + "\n")
    (folder / "sub-01_task-rest_physio.json").write_text(json.dumps(told))
    return table
