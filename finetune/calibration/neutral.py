"""How sure of "neutral" a model must be before it says so, where one label alone is chosen and most rows have none.

Takes probabilities and gold labels; gives the probability that maximises micro F1 over the other labels, the measure of
corpora such as DailyDialog in which neutral is not counted. Knows nothing of models or files.
"""

import numpy as np
from numpy.typing import NDArray


def best_neutral(probabilities: NDArray[np.float64], gold: NDArray[np.bool_], neutral: int) -> float:
    """Return the probability of the neutral label below which the likeliest other label is better chosen.

    Args:
        probabilities: (rows, labels).
        gold: whether a row has a label, (rows, labels).
        neutral: column of the neutral label.

    Returns:
        In [0, 1]; 0 where no row has another label.
    """
    others = np.delete(np.arange(probabilities.shape[1]), neutral)
    wanted = gold[:, others].sum()
    if not wanted:
        return 0.0
    p = probabilities[:, neutral]
    likeliest = probabilities[:, others].argmax(axis=1)
    right = gold[np.arange(len(gold)), others[likeliest]]
    # A row whose likeliest label is another one is told so at any threshold: as if it were never called neutral.
    p = np.where(probabilities[:, others].max(axis=1) >= p, -1.0, p)
    order = np.argsort(p, kind="stable")
    hits, told = right[order].cumsum(), np.arange(1, len(p) + 1)
    f1 = 2 * hits / (told + wanted)
    above = np.append(p[order][1:], 1.0)
    f1[p[order] == above] = -1  # equal probabilities are decided alike
    f1[above < 0] = -1  # these rows are told in any case
    best = int(f1.argmax())
    return float(max(0.0, (max(p[order][best], 0.0) + above[best]) / 2))
