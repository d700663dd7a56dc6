"""Pictures whose face is found and read in a second, beside the package `fer` where it runs.

    python benchmarks/face_speed.py [--rounds 5] [--pictures 40] [--fer PYTHON]

Ours: pixels of a photograph to frames of the LLM (found, made upright, read as it is and mirrored), the finding alone,
and a face that was cut out before. `fer` needs TensorFlow, which does not live in our environment: PYTHON is the
interpreter of one where `pip install fer tensorflow-cpu` was done, and a process of it gets its turn in every round:
its own default, OpenCV's cascade and a small Xception. The photograph comes with matplotlib. Medians over rounds,
ratios of medians, and the peak memory of each process.
"""

import argparse
import os
import resource
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import machine_line, race
from matplotlib.cbook import get_sample_data
from numpy.typing import NDArray
from PIL import Image

from thymos.adapters.face.detect import FaceDetector
from thymos.adapters.face.encoder import FaceEncoder
from thymos.adapters.sample import Face

_WORKER = """
import resource, sys
import numpy as np
from fer.fer import FER
pixels = np.ascontiguousarray(np.load(sys.argv[1])[..., ::-1])
detector = FER()
assert len(detector.detect_emotions(pixels)) == 1, "no face"
print("ready", flush=True)
for line in sys.stdin:
    for _ in range(int(line)):
        detector.detect_emotions(pixels)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
"""


class Fer:
    """The package in a process of its own."""

    def __init__(self, python: Path, pixels: NDArray[np.uint8], folder: Path) -> None:
        np.save(folder / "pixels.npy", pixels)
        threads = str(torch.get_num_threads())
        environment = {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self._process = subprocess.Popen(
            [str(python), "-c", _WORKER, str(folder / "pixels.npy")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        self.peak = 0  # KiB
        while (line := self._read()) != "ready":
            print(f"  fer: {line}")

    def __call__(self, pictures: Sequence[str]) -> None:
        """Read the picture so many times."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{len(pictures)}\n")
        self._process.stdin.flush()
        while not (line := self._read()).isdigit():  # Keras draws bars
            pass
        self.peak = int(line)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("fer did not start; is it installed for the interpreter that was named?")
        return line.strip()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()


def photograph(longest: int) -> NDArray[np.uint8]:
    """Return a portrait, (height, width, 3), RGB."""
    sample: Any = get_sample_data("grace_hopper.jpg")
    with sample as file:
        picture = Image.open(file).convert("RGB")
    picture.thumbnail((longest, longest))
    return np.array(picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--longest", type=int, default=640, help="longer side of the photograph, pixels")
    parser.add_argument("--fer", type=Path, help="interpreter of an environment with fer")
    options = parser.parse_args()
    print(machine_line())
    pixels = photograph(options.longest)
    encoder, detector = FaceEncoder(), FaceDetector()
    signal = encoder.read(Face(pixels=pixels))
    assert signal.people == 1
    cut = Face(pixels=np.ascontiguousarray(signal.faces[0]))
    contenders: dict[str, Any] = {
        "thymos, photograph to frames": lambda _: encoder.encode(encoder.read(Face(pixels=pixels))),
        "thymos, finding alone": lambda _: detector.find(pixels),
        "thymos, a face cut out before": lambda _: encoder.encode(encoder.read(cut)),
    }
    names = [str(number) for number in range(options.pictures)]
    runs: dict[str, Any] = {
        name: (lambda pictures, run=run: [run(each) for each in pictures], len(names))
        for name, run in contenders.items()
    }
    runs["thymos, such faces at once"] = (
        lambda pictures: encoder.encode_many([encoder.read(cut) for _ in pictures]),
        len(names),
    )
    with tempfile.TemporaryDirectory() as folder:
        fer = Fer(options.fer, pixels, Path(folder)) if options.fer else None
        if fer is not None:
            runs["fer, photograph to shares"] = (fer, len(names))
        medians = race(runs, names, options.rounds)
        if fer is not None:
            fer.close()
    ours = next(iter(medians.values()))
    head = f"photograph of {pixels.shape[1]} x {pixels.shape[0]}"
    print(f"\n{head:36s}{'ms':>8s}{'a second':>10s}{'ours is':>10s}")
    for name, speed in medians.items():
        print(f"{name:36s}{1000 / speed:8.1f}{speed:10.1f}{ours / speed:9.1f}x")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: thymos {peak:.0f} MiB" + (f", fer {fer.peak / 1024:.0f} MiB" if fer else ""))


if __name__ == "__main__":
    main()
