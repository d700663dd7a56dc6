"""How much likelier than it is common a label must be to be chosen, where each label counts alike.

Takes probabilities and gold labels; gives a weight for each label that a distribution is multiplied by before the
likeliest is chosen (logit adjustment, Menon et al. 2021, arXiv:2007.07314). Macro F1 and unweighted accuracy reward it:
by probability alone a rare label is hardly ever chosen. Knows nothing of models or files.
"""

import numpy as np
from numpy.typing import NDArray

from thymos.finetune.calibration.thresholds import macro_f1

_EXPONENTS = np.round(np.arange(0.0, 1.55, 0.1), 1)


def best_label_weights(probabilities: NDArray[np.float64], gold: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the weights of the best macro F1 among powers of how rare labels are, (labels,), the largest of them 1.

    One number is fitted, the power: 0 chooses the likeliest label, 1 is best for unweighted accuracy if probabilities
    are right. Of powers that are equally good the least is taken. A label without rows is weighed as the rarest of the
    others: how rare it is, nobody knows.

    Args:
        probabilities: (rows, labels).
        gold: whether a row has a label, (rows, labels).
    """
    counts = gold.sum(axis=0) + 1
    rarest = counts[counts > 1].min(initial=len(gold) + 1)
    powers = [(rarest / np.maximum(counts, rarest)) ** exponent for exponent in _EXPONENTS]
    return max(powers, key=lambda weights: macro_f1(_likeliest(probabilities * weights), gold))


def _likeliest(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.arange(values.shape[1]) == values.argmax(axis=1)[:, None]
    return found
