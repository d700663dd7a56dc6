"""The percentiles behind `thymos.adapters.speech.prosody.NORMS`: calm and neutral clips of RAVDESS.

python benchmarks/speech_norms.py [--shared ../shared]
"""

import argparse
import os
from pathlib import Path

import numpy as np

from thymos.adapters.readers import open_corpus
from thymos.adapters.sample import Sample
from thymos.adapters.speech.acoustics import analyse, spoken
from thymos.adapters.speech.prosody import NORMS, quantities
from thymos.adapters.speech.sound import read_sound

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("THYMOS_SHARED", ROOT.parent / "shared")))
    found: dict[str, list[float]] = {name: [] for name in NORMS}
    for row in open_corpus(parser.parse_args().shared / "data/speech/ravdess/labels.csv", format="ravdess"):
        if isinstance(row, Sample) and row.speech and row.gold and row.gold[0] in ("calm", "neutral"):
            sound = read_sound(row.speech)
            acoustics = analyse(sound.samples)
            for name, value in quantities(sound, acoustics, spoken(acoustics.level)).items():
                found[name].append(value)
    for name, values in found.items():
        print(
            f"{name:16s} {len(values)} clips, 10 % {np.quantile(values, 0.1):.4g}, 90 % {np.quantile(values, 0.9):.4g}"
        )


if __name__ == "__main__":
    main()
