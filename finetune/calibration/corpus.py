"""Everything that is fitted for a label set after a model was tuned: votes of words and recordings, and confidence.

Takes training corpora and what scores; gives a `Fit` for each label set. Dev rows alone decide weights, temperature and
thresholds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.confidence import Confidence
from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Stream
from thymos.adapters.sample import Sample
from thymos.adapters.scoring.scorer import Forward
from thymos.finetune.calibration.fit import fit_confidence
from thymos.finetune.calibration.temperature import best_temperature
from thymos.finetune.calibration.weight import best_weight
from thymos.finetune.instruct.batches import RowEncoder
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.finetune.training.dev import DevSplit, gold_matrix
from thymos.retrieval.frame_votes import (
    FrameVotes,
    StreamVotes,
    WeighedStream,
    frame_votes_file,
    save_frame_votes,
    there,
)
from thymos.retrieval.votes import Votes, Weighed, pool, save_votes, votes_file

_HOTTEST = 40.0  # temperature of votes that outweigh a model


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What was fitted.

    Attributes:
        of: names of the corpora whose dev rows it was fitted on.
        context_turns: earlier turns that their rows show, at most.
        confidence: of the probabilities, votes included.
        votes: of the training rows' words; None where they were not wished or do not help.
        frame_votes: of the training rows' recordings; likewise.
        figures: of dev, for the cards.
    """

    of: tuple[str, ...]
    context_turns: int
    confidence: Confidence
    votes: Weighed | None
    frame_votes: FrameVotes | None
    figures: Mapping[str, Any]


def fit_corpora(
    told: Sequence[tuple[TrainingCorpus, CorpusRecipe]],
    forward: Forward,
    encoder: RowEncoder,
    prompt: str,
    *,
    projectors: Projectors | None = None,
    voting: Sequence[bool] = (),
) -> dict[str, Fit]:
    """Score all dev rows and fit what is stored with a model, by label set; corpora of the same one are put together.

    Args:
        told: corpora, with training rows, whose words and recordings vote, and dev rows; and what the recipe says.
        forward: the tuned model.
        encoder: of rows.
        prompt: name of the prompt template.
        projectors: of the frames, where rows bring any.
        voting: of each stream, whether recordings may vote.
    """
    fits = {}
    for name in dict.fromkeys(corpus.taxonomy.name for corpus, _ in told):
        alike = [(corpus, each) for corpus, each in told if corpus.taxonomy.name == name]
        voters = [
            sample for corpus, each in alike if each.votes for sample in corpus.train if (sample.text or "").strip()
        ]
        corpus = _together([corpus for corpus, _ in alike])
        of, turns = tuple(corpus.name for corpus, _ in alike), max(each.context_turns for _, each in alike)
        fits[name] = Fit(of, turns, *_fit(corpus, forward, encoder, prompt, voters, projectors, voting))
    return fits


def dev_figures(fits: Mapping[str, Fit]) -> dict[str, Mapping[str, Any]]:
    """Return the figures of dev by the names of the corpora they are of."""
    return {", ".join(fit.of): fit.figures for fit in fits.values()}


def _together(corpora: Sequence[TrainingCorpus]) -> TrainingCorpus:
    """Return the rows of corpora of one label set as one."""
    if len(corpora) == 1:
        return corpora[0]
    heard = all(each.train_frames is not None for each in corpora)
    return replace(
        corpora[0],
        train=tuple(chain.from_iterable(each.train for each in corpora)),
        dev=tuple(chain.from_iterable(each.dev for each in corpora)),
        train_frames=tuple(chain.from_iterable(each.train_frames or () for each in corpora)) if heard else None,
        dev_frames=tuple(chain.from_iterable(each.dev_frames or () for each in corpora)) if heard else None,
    )


def _fit(
    corpus: TrainingCorpus,
    forward: Forward,
    encoder: RowEncoder,
    prompt: str,
    samples: Sequence[Sample],
    projectors: Projectors | None,
    voting: Sequence[bool],
) -> tuple[Confidence, Weighed | None, FrameVotes | None, Mapping[str, Any]]:
    """Fit one label set, to the last four of `Fit`; words of `samples` may vote."""
    split = DevSplit(corpus, encoder, prompt, rows=None, seed=0, streams=projectors.streams if projectors else ())
    scores = split.log_probabilities(forward, projectors=projectors)
    figures: dict[str, Any] = asdict(split.figures(scores))
    weighed = None
    if samples:
        gold = gold_matrix([sample.gold or () for sample in samples], corpus.taxonomy)
        found = Votes.fit([sample.text or "" for sample in samples], gold, corpus.taxonomy.names, shared=True)
        shares = found.log_shares(split.texts)
        weight = best_weight(scores, shares, split.gold)
        scores = pool(scores, shares, weight)
        figures |= {f"{name}_with_votes": value for name, value in asdict(split.figures(scores)).items()}
        figures["votes_weight"] = weight
        weighed = Weighed(found, weight) if weight else None
    heard, temperature = None, best_temperature(scores, split.gold)  # of rows with votes of recordings and without
    if projectors is not None and any(voting):
        heard = _heard(corpus, split, scores, projectors.streams, voting, temperature)
        scores = heard.pooled(scores, split.frames)
        figures |= {f"{name}_with_frame_votes": value for name, value in asdict(split.figures(scores)).items()}
        weights = [part.weight if part else 0.0 for part in heard.parts]
        figures["frame_votes_weights"] = dict(zip((each.encoder for each in projectors.streams), weights, strict=True))
        heard = heard if any(weights) else None
    confidence = fit_confidence(scores, split.gold, corpus.taxonomy, temperature)
    figures |= {"rows": confidence.rows, "temperature": confidence.temperature}
    return confidence, weighed, heard, figures


def _heard(
    corpus: TrainingCorpus,
    split: DevSplit,
    scores: NDArray[np.float64],
    streams: Sequence[Stream],
    voting: Sequence[bool],
    temperature: float,
) -> FrameVotes:
    """Fit the votes of each stream on training rows, and then their weights on dev rows, one stream after the other."""
    gold = gold_matrix([sample.gold or () for sample in corpus.train], corpus.taxonomy)
    parts: list[WeighedStream | None] = []
    for place, votes in enumerate(voting):
        learnt, signals = there([frames[place] for frames in corpus.train_frames or ()])
        asked = [frames[place] for frames in split.frames]
        scored, heard = there(asked)
        parts.append(None)
        if votes and learnt and scored:
            found = StreamVotes.fit(signals, gold[learnt])
            part = _weighed(found, scores[scored], found.log_shares(heard), split.gold[scored], temperature)
            if part.weight:
                parts[place], scores = part, part.pooled(scores, asked)
    return FrameVotes(corpus.taxonomy.names, tuple(each.fingerprint for each in streams), tuple(parts))


def _weighed(
    votes: StreamVotes,
    scores: NDArray[np.float64],
    shares: NDArray[np.float64],
    gold: NDArray[np.bool_],
    temperature: float,
) -> WeighedStream:
    """Return votes with the weight that is best on dev rows, and sharpened so that a temperature suits them as well."""
    weight = best_weight(scores, shares, gold, large=True)
    hot = best_temperature(pool(scores, shares, weight), gold, most=_HOTTEST)
    return WeighedStream(votes, weight, hot / temperature)


def write_votes(folder: Path, fits: Mapping[str, Fit]) -> None:
    """Write the votes of each taxonomy beside a model's weights; those of before go.

    Raises:
        OutputError: the disk is full or refuses.
    """
    for old in (*folder.glob(votes_file("*")), *folder.glob(frame_votes_file("*"))):
        old.unlink()
    for taxonomy, fit in fits.items():
        if fit.frame_votes is not None:
            save_frame_votes(folder / frame_votes_file(taxonomy), fit.frame_votes)
        if fit.votes is not None:
            save_votes(folder / votes_file(taxonomy), fit.votes)
