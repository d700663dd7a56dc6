"""`Intents`: what a message wants, by its meaning, where no rule of the router decides.

Takes an embedder; gives a probability for each wish of `data/intents.yaml`, by logistic regression on the sentence
vectors of the phrases there. The same message gives the same answer. Knows nothing of conversations.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from thymos.retrieval.embedder import Embedder

_STRENGTH = 30.0  # inverse regularisation: phrases are few and well apart


class Intents:
    """Tells what a message wants."""

    def __init__(self, embedder: Embedder) -> None:
        """Keep the embedder; phrases are embedded when the first message comes."""
        self._embedder = embedder
        self._fitted: Any = None

    def weigh(self, text: str) -> dict[str, float]:
        """Return wish -> probability, the likeliest first."""
        if self._fitted is None:
            self._fitted = self._fit()
        shares = self._fitted.predict_proba(self._embedder.embed([text]))[0]
        pairs = zip(self._fitted.classes_, shares, strict=True)
        return dict(sorted(((str(name), float(p)) for name, p in pairs), key=lambda pair: -pair[1]))

    def _fit(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        pairs = [(phrase, wish) for wish, said in phrases().items() for phrase in said]
        vectors = self._embedder.embed([phrase for phrase, _ in pairs])
        model = LogisticRegression(C=_STRENGTH, max_iter=1000, class_weight="balanced")
        return model.fit(vectors, [wish for _, wish in pairs])


@cache
def phrases() -> Mapping[str, list[str]]:
    """Return the phrases of each wish."""
    text = (files("thymos.agent.chat") / "data" / "intents.yaml").read_text(encoding="utf-8")
    return cast(Mapping[str, list[str]], yaml.safe_load(text))
