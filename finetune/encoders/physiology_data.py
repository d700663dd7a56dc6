"""Stress-Predict as arrays: windows of 60 s as frames, with what was induced and whose they are.

Takes the corpus' folder; gives `Windows`. Time, order and acceleration are not in it: the protocol has one order, so
they would tell the answer. Knows no network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.corpus import BadRow
from thymos.adapters.physiology.baseline import baseline_of
from thymos.adapters.physiology.features import FEATURES
from thymos.adapters.physiology.frames import KINDS, Frames, frames_of
from thymos.adapters.physiology.read import read_file
from thymos.adapters.readers import open_corpus
from thymos.adapters.readers.stress_predict import STRESSORS
from thymos.adapters.sample import Sample
from thymos.prompts.errors import InputError

CONDITIONS = ("rest", *STRESSORS)
TABLE = "segments.csv"
FRAMES = 4  # of 15 s in a window of 60 s


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of all subjects, in the order of the corpus.

    Attributes:
        pulse, slow, features, relative, present: as in `Frames`, with the windows as a first dimension.
        conditions: place in `CONDITIONS`, shape (windows,).
        subjects: shape (windows,), of text.
    """

    pulse: NDArray[np.float32]
    slow: NDArray[np.float32]
    features: NDArray[np.float32]
    relative: NDArray[np.float32]
    present: NDArray[np.float32]
    conditions: NDArray[np.int64]
    subjects: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.conditions)

    def of(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Windows":
        """Return some of the windows."""
        return Windows(
            self.pulse[rows],
            self.slow[rows],
            self.features[rows],
            self.relative[rows],
            self.present[rows],
            self.conditions[rows],
            self.subjects[rows],
        )


def read_windows(folder: Path, *, on_progress: Callable[[str], None] | None = None) -> Windows:
    """Read Stress-Predict.

    Args:
        folder: of the corpus, with `segments.csv`.
        on_progress: called with a sentence for each subject.

    Raises:
        InputError: the corpus is not there, or a row of it cannot be read.
        RowError: a recording cannot be read.
    """
    rows = list(open_corpus(folder / TABLE, format="stress-predict"))
    if bad := next((row for row in rows if isinstance(row, BadRow)), None):
        raise InputError(f"{TABLE} must be read whole, got row {bad.row}: {bad.reason}")
    samples = [row for row in rows if isinstance(row, Sample)]
    found: list[Frames] = []
    for subject in sorted({sample.speaker or "" for sample in samples}):
        own = [sample for sample in samples if sample.speaker == subject]
        path = own[0].physiology.path if own[0].physiology else None
        assert path is not None  # the format gives every row one
        recording = read_file(path)
        usual = baseline_of(recording)
        for sample in own:
            assert sample.physiology is not None
            found.append(frames_of(recording.part(sample.physiology.start, sample.physiology.end), usual))
        if on_progress:
            on_progress(f"{subject}: {len(own)} windows")
    samples.sort(key=lambda sample: sample.speaker or "")  # stable: as `found` was filled
    return _stacked(found, samples)


def _stacked(found: list[Frames], samples: list[Sample]) -> Windows:
    if bad := next((sample.id for sample, frames in zip(samples, found, strict=True) if len(frames) != FRAMES), None):
        raise InputError(f"window must last {FRAMES} frames of 15 s, got another in {bad}; drop the subject")
    conditions = [CONDITIONS.index(str(sample.metadata["condition"])) for sample in samples]
    assert found[0].features.shape[1:] == (len(FEATURES),)
    assert found[0].present.shape[1:] == (len(KINDS),)
    return Windows(
        pulse=np.stack([frames.pulse for frames in found]),
        slow=np.stack([frames.slow for frames in found]),
        features=np.stack([frames.features for frames in found]),
        relative=np.stack([frames.relative for frames in found]),
        present=np.stack([frames.present for frames in found]),
        conditions=np.array(conditions),
        subjects=np.array([sample.speaker or "" for sample in samples]),
    )
