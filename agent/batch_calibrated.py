"""`BatchCalibrated`: a labeler that takes away what a model expects of labels, going by unlabelled rows of the corpus.

For label sets that a model was not calibrated for. Takes what `Labeler` takes; looks at rows before it labels any.
Batch calibration, Zhou et al. 2024, arXiv:2309.17249, at half its strength: a corpus may well have more of a label.
"""

import random
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler
from thymos.agent.rows import Written
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind

ROWS = 512  # that are looked at, drawn from all over the corpus
POWER = 0.5  # of the mean probabilities, by which the probabilities are divided

_SEED = 512
_DIGITS = 3  # of the mean probabilities: they tell runs apart


class BatchCalibrated(Labeler):
    """Divides each label's probability by the square root of its mean over unlabelled rows.

    `meet` must see a corpus before its rows are labelled.

    Example:
        >>> labeler = BatchCalibrated.from_pretrained(taxonomy="meld", calibration="none")
        >>> texts = ["We won!", "Leave me alone.", "Fine."]
        >>> labeler.meet(Sample(id=str(number), text=text) for number, text in enumerate(texts))
        >>> predictions = labeler.label(texts)
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Keep what labels; see `Labeler`.

        Raises:
            InputError: the label set has several labels a row, or examples vote.
        """
        super().__init__(*args, **options)
        if self.taxonomy.kind is Kind.MULTI:
            raise InputError(
                f"calibration batch must go with one label a row, got {self.taxonomy.name!r}; choose another label set"
            )
        if options.get("examples") is not None:
            raise InputError("calibration batch must go without examples that vote, got some; leave out kb")
        self._prior: NDArray[np.float64] | None = None
        self._identity = {**self._identity, "calibration": "batch"}

    def meet(self, samples: Iterable[Sample]) -> str | None:
        """Look at a corpus: at all its rows where speakers are compared, and at 512 of them for what is expected.

        Raises:
            InputError: no row can be labelled.
        """
        drawn: list[Sample] = []
        passing = _drawing(samples, drawn)
        remark = super().meet(passing)
        for _ in passing:  # those that nobody asked for
            pass
        self._prior = None
        left_out = dict(self.left_out)
        scores, good = super()._scored(self._writer.write(drawn))
        self.left_out.clear()  # in place: nothing has been labelled yet
        self.left_out.update(left_out)
        if not good:
            raise InputError("calibration batch must have rows that can be labelled, got none; choose another")
        shares = np.exp(scores.astype(np.float64)).mean(axis=0)
        told = tuple(float(f"{share:.{_DIGITS}g}") for share in shares)
        self._prior = np.maximum(told, np.finfo(np.float32).tiny)
        self._identity = {**self._identity, "prior": told}
        return remark

    def _scored(self, written: Written) -> tuple[NDArray[np.float32], list[int]]:
        if self._prior is None:
            raise InputError("calibration batch must look at the corpus first, got rows to label; call meet")
        scores, good = super()._scored(written)
        evened: NDArray[np.float32] = log_softmax(scores - POWER * np.log(self._prior), axis=1).astype(np.float32)
        return evened, good


def _drawing(samples: Iterable[Sample], drawn: list[Sample]) -> Iterator[Sample]:
    """Yield samples, and keep `ROWS` of them, each as likely as the others (reservoir sampling)."""
    chance = random.Random(_SEED)
    for number, sample in enumerate(samples):
        if number < ROWS:
            drawn.append(sample)
        elif (place := chance.randrange(number + 1)) < ROWS:
            drawn[place] = sample
        yield sample
