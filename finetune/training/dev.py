"""A look at the dev splits while a model is trained: macro F1 and loss of each corpus, asked as users will ask.

Takes corpora and what scores; gives figures. Knows nothing of steps.
"""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import nn

from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Stream, soft_ids
from thymos.adapters.scoring.scorer import Forward, LabelScorer
from thymos.adapters.scoring.tuned import AsForward
from thymos.finetune.calibration.thresholds import best_thresholds, choose, macro_f1
from thymos.finetune.instruct.batches import RowEncoder
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.finetune.instruct.draw import as_asked
from thymos.finetune.training.processes import shares_weights
from thymos.prompts.taxonomy import Kind, Taxonomy
from thymos.prompts.template import load_prompt


@dataclass(frozen=True, slots=True)
class DevFigures:
    """What one dev split shows.

    Attributes:
        macro_f1: with the best thresholds for these rows where the set is multi-label.
        loss: mean cross entropy in nats against equal shares of the gold labels.
    """

    macro_f1: float
    loss: float

    @property
    def score(self) -> float:
        """What the best weights are chosen by."""
        return self.macro_f1

    @property
    def shown(self) -> tuple[str, float]:
        """What a person is shown of it."""
        return "macro F1", self.macro_f1

    def told(self) -> dict[str, float]:
        """Return it as JSON values."""
        return asdict(self)


class DevSplit:
    """Dev rows of one corpus, tokenised once.

    Attributes:
        taxonomy: of their gold labels.
        texts: of the rows that can be scored.
        frames: of these, for each stream; empty where text alone is read.
        gold: of these, (rows, labels).
    """

    def __init__(
        self,
        corpus: TrainingCorpus,
        encoder: RowEncoder,
        prompt: str,
        *,
        rows: int | None,
        seed: int,
        streams: Sequence[Stream] = (),
    ) -> None:
        """Choose and tokenise rows.

        Args:
            corpus: whose dev rows.
            encoder: of rows.
            prompt: name of the prompt template.
            rows: how many, by chance; None takes all.
            seed: of the choice.
            streams: that the corpus' frames are of.
        """
        places: Sequence[int] = range(len(corpus.dev))
        if rows is not None and len(places) > rows:
            places = random.Random(seed).sample(places, rows)
        samples = [corpus.dev[place] for place in places]
        self._frames = [corpus.dev_frames[place] for place in places] if corpus.dev_frames else None
        soft = soft_ids(self._frames, streams) if self._frames else None
        tokens = encoder.rows(samples, corpus.taxonomy, soft)
        kept = [place for place, row in enumerate(tokens) if row]  # the others are too long
        self.taxonomy = corpus.taxonomy
        self.texts = tuple(samples[place].text or "" for place in kept)
        self.frames = tuple(self._frames[place] for place in kept) if self._frames else ()
        self._rows = [row for row in tokens if row]
        self.gold = gold_matrix([samples[place].gold or () for place in kept], corpus.taxonomy)
        asked = as_asked(corpus.taxonomy, prompt)
        self._encoder = encoder.encoder(asked.system, asked.words, load_prompt(prompt, corpus.taxonomy).answer)

    def look(self, module: nn.Module, accelerator: Any) -> DevFigures:
        """Score the rows, each process its part of them; all score all where they share out the weights.

        Args:
            module: what is trained.
            accelerator: whose processes share the rows.
        """
        world, mine = accelerator.num_processes, accelerator.process_index
        projectors = getattr(module, "projectors", None)
        if shares_weights(module):
            (scored, *_) = gather_object([self.log_probabilities(AsForward(module))])  # all decide by the same figures
            return self.figures(scored)
        scored = self.log_probabilities(AsForward(module), slice(mine, None, world), projectors)
        parts = gather_object([scored]) if world > 1 else [scored]
        whole = np.empty((sum(len(part) for part in parts), scored.shape[1]))
        for place, part in enumerate(parts):
            whole[place::world] = part
        return self.figures(whole)

    def log_probabilities(
        self, forward: Forward, part: slice = slice(None), projectors: Projectors | None = None
    ) -> NDArray[np.float64]:
        """Score the rows, (rows, labels), natural logarithms.

        Args:
            forward: the model.
            part: of the rows.
            projectors: of the frames, where the rows bring any.
        """
        soft = projectors.table(self._frames) if projectors is not None and self._frames else None
        scores = LabelScorer(forward, self._encoder).log_probabilities(self._rows[part], soft)
        return scores.double().numpy()

    def figures(self, log_probabilities: NDArray[np.float64]) -> DevFigures:
        """Return what the scores of all rows are worth."""
        p = np.exp(log_probabilities)
        if self.taxonomy.kind is Kind.MULTI:
            chosen = choose(p, best_thresholds(p, self.gold))
        else:
            chosen = p == p.max(axis=1, keepdims=True)
        shares = self.gold / self.gold.sum(axis=1, keepdims=True)
        loss = -(shares * log_probabilities).sum(axis=1).mean()
        return DevFigures(macro_f1(chosen, self.gold), float(loss))


def gold_matrix(gold: Sequence[Sequence[str]], taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Return gold labels as (rows, labels)."""
    matrix = np.zeros((len(gold), len(taxonomy)), dtype=np.bool_)
    for row, names in enumerate(gold):
        matrix[row, [taxonomy.index(name) for name in names]] = True
    return matrix
