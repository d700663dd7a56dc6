"""What a minute of physiology costs: reading, features, the person's baseline, frames; time and memory.

One hour of an E4 (pulse wave 64 Hz, skin conductance and temperature 4 Hz), made here, as NPZ, CSV and Parquet; the
shipped encoder, or one with random weights where it is not there. neurokit2's pipeline runs beside ours on the same
windows. Medians over rounds; one process, as many threads as torch takes.

    python benchmarks/physiology_speed.py --minutes 20 --rounds 3
"""

import argparse
import resource
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _common import machine_line

from thymos.adapters.physiology.baseline import baseline_of
from thymos.adapters.physiology.encoder import SHIPPED, BodySignal, PhysiologyEncoder
from thymos.adapters.physiology.features import window_features
from thymos.adapters.physiology.read import read_file
from thymos.adapters.physiology.recording import Recording


def made(folder: Path, seconds: int) -> dict[str, Path]:
    """The same recording in three formats."""
    chance = np.random.default_rng(0)
    times = np.arange(seconds * 64) / 64
    beat = np.cumsum(1.2 + 0.1 * np.sin(2 * np.pi * 0.25 * times)) / 64
    pulse = 50 * np.exp(-(((beat % 1.0 - 0.4) / 0.12) ** 2)) + chance.normal(0, 1, len(times))
    slow = np.arange(seconds * 4) / 4
    skin = 2 + 0.3 * np.clip(np.sin(slow / 7), 0, 1) ** 8 + chance.normal(0, 0.003, len(slow))
    warmth = 33 + 0.2 * np.sin(slow / 300)
    np.savez(folder / "a.npz", bvp=np.float32(pulse), eda=np.float32(skin), temp=np.float32(warmth), fs=[64.0, 4, 4])
    with (folder / "a.csv").open("w") as file:
        file.write("time,bvp,eda_uS,temp_C\n")
        for place in range(len(times)):
            at, off = divmod(place, 16)
            file.write(
                f"{times[place]:.6f},{pulse[place]:.3f}," + (f"{skin[at]:.4f},{warmth[at]:.2f}\n" if not off else ",\n")
            )
    import pyarrow.csv
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.csv.read_csv(folder / "a.csv"), folder / "a.parquet")
    return {name: folder / f"a.{name}" for name in ("npz", "csv", "parquet")}


def neurokit(recording: Recording, windows: int) -> None:
    import neurokit2 as nk

    for place in range(windows):
        part = recording.part(60.0 * place, 60.0 * (place + 1))
        pulse, skin = part.channel("bvp"), part.channel("eda")
        assert pulse is not None
        assert skin is not None
        _, found = nk.ppg_process(pulse.values, sampling_rate=64)
        nk.hrv_time(found["PPG_Peaks"], sampling_rate=64)
        nk.eda_process(skin.values, sampling_rate=4)


def measured(name: str, work: Callable[[], object], minutes: float, rounds: int) -> None:
    work()
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:44s} {1000 * statistics.median(spent) / minutes:8.2f} cpu-ms a minute; peak so far {peak:5.0f} MiB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print(machine_line())
    with tempfile.TemporaryDirectory() as folder:
        paths = made(Path(folder), 60 * options.minutes)
        for name, path in paths.items():
            measured(f"read {name}", lambda path=path: read_file(path), options.minutes, options.rounds)
        whole = read_file(paths["npz"])
    windows = range(options.minutes)
    parts = [whole.part(60.0 * place, 60.0 * (place + 1)) for place in windows]
    measured(
        "features of 60 s windows", lambda: [window_features(each) for each in parts], options.minutes, options.rounds
    )
    measured("baseline (60 s windows every 30 s)", lambda: baseline_of(whole), options.minutes, options.rounds)
    encoder = PhysiologyEncoder() if SHIPPED.is_dir() else random_encoder()
    usual = baseline_of(whole)
    measured(
        "frames of 60 s windows",
        lambda: [encoder.encode(BodySignal(each, usual)) for each in parts],
        options.minutes,
        options.rounds,
    )
    measured("frames of the whole", lambda: encoder.encode(BodySignal(whole, usual)), options.minutes, options.rounds)
    few = min(options.minutes, 5)
    measured(f"neurokit2, pulse and skin of {few} windows", lambda: neurokit(whole, few), few, 1)


def random_encoder() -> PhysiologyEncoder:
    from thymos.finetune.encoders.physiology import write_encoder
    from thymos.finetune.encoders.physiology_fit import FitPlan, Trainee

    with tempfile.TemporaryDirectory() as folder:
        write_encoder(Trainee(FitPlan()), Path(folder))
        return PhysiologyEncoder(Path(folder))


if __name__ == "__main__":
    main()
