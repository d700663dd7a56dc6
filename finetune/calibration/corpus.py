"""Everything that is fitted on one corpus after a model was tuned: the votes of its words, and confidence.

Takes a training corpus and what scores; gives a `Fit`. Dev rows alone decide weights, temperature and thresholds.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thymos.adapters.confidence import Confidence
from thymos.adapters.projectors.store import Projectors
from thymos.adapters.scoring.scorer import Forward
from thymos.finetune.calibration.fit import fit_confidence
from thymos.finetune.calibration.weight import best_weight
from thymos.finetune.instruct.batches import RowEncoder
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.finetune.training.dev import DevSplit, gold_matrix
from thymos.retrieval.votes import Votes, Weighed, pool, save_votes, votes_file


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What was fitted.

    Attributes:
        confidence: of the probabilities, votes included.
        votes: of the training rows' words; None where they were not wished or do not help.
        figures: of dev, for the cards.
    """

    confidence: Confidence
    votes: Weighed | None
    figures: Mapping[str, Any]


def fit_corpus(
    corpus: TrainingCorpus,
    forward: Forward,
    encoder: RowEncoder,
    prompt: str,
    *,
    votes: bool,
    projectors: Projectors | None = None,
) -> Fit:
    """Score all dev rows of a corpus and fit what is stored with a model.

    Args:
        corpus: with training rows, whose words vote, and dev rows.
        forward: the tuned model.
        encoder: of rows.
        prompt: name of the prompt template.
        votes: whether words may vote.
        projectors: of the frames, where rows bring any.
    """
    split = DevSplit(corpus, encoder, prompt, rows=None, seed=0, streams=projectors.streams if projectors else ())
    scores = split.log_probabilities(forward, projectors=projectors)
    figures: dict[str, Any] = asdict(split.figures(scores))
    weighed = None
    if votes:
        samples = [sample for sample in corpus.train if (sample.text or "").strip()]
        gold = gold_matrix([sample.gold or () for sample in samples], corpus.taxonomy)
        found = Votes.fit([sample.text or "" for sample in samples], gold, corpus.taxonomy.names, shared=True)
        shares = found.log_shares(split.texts)
        weight = best_weight(scores, shares, split.gold)
        scores = pool(scores, shares, weight)
        figures |= {f"{name}_with_votes": value for name, value in asdict(split.figures(scores)).items()}
        figures["votes_weight"] = weight
        weighed = Weighed(found, weight) if weight else None
    confidence = fit_confidence(scores, split.gold, corpus.taxonomy)
    figures |= {"rows": confidence.rows, "temperature": confidence.temperature}
    return Fit(confidence, weighed, figures)


def write_votes(folder: Path, fits: Mapping[str, Fit]) -> None:
    """Write the votes of each taxonomy beside a model's weights; those of before go.

    Raises:
        OutputError: the disk is full or refuses.
    """
    for old in folder.glob(votes_file("*")):
        old.unlink()
    for taxonomy, fit in fits.items():
        if fit.votes is not None:
            save_votes(folder / votes_file(taxonomy), fit.votes)
