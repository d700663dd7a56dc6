"""What a model's stored calibration means for one labeler: which correction it gets, and by what rule it decides.

Takes what a user wishes and what was fitted; gives a calibration, what it does to scores, and a `Rule`. Knows no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from thymos.adapters.confidence import Confidence
from thymos.adapters.llm.load import LanguageModel
from thymos.adapters.projectors.streams import Frames, Stream
from thymos.agent.decide import THRESHOLD, Rule
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Kind, Taxonomy
from thymos.prompts.template import LabelPrompt
from thymos.retrieval.frame_votes import FrameVotes, frame_votes_file, load_frame_votes
from thymos.retrieval.votes import Weighed, load_votes, votes_file

Aim = Literal["likeliest", "emotions", "balance"]
Calibration = Literal["auto", "fitted", "content-free", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What was fitted to a model's distribution.

    Attributes:
        votes: of labelled examples, weighed in first; None where there are none.
        temperature: by which log-probabilities are then divided; below 1 makes the model surer.
        frame_votes: of labelled recordings, weighed in likewise; None where there are none.
    """

    votes: Weighed | None = None
    temperature: float = 1.0
    frame_votes: FrameVotes | None = None

    def __call__(
        self,
        scores: NDArray[np.float32],
        texts: Sequence[str],
        frames: Sequence[Sequence[Frames | None]] | None = None,
    ) -> NDArray[np.float32]:
        """Return corrected log-probabilities, (rows, labels).

        Args:
            scores: log-probabilities, (rows, labels).
            texts: of the rows.
            frames: of the rows, for each stream; None where text alone is read.
        """
        if self.votes is None and self.frame_votes is None and self.temperature == 1.0:
            return scores
        pooled = np.asarray(scores, np.float64)
        if self.votes is not None and len(texts):
            pooled = self.votes.pooled(pooled, texts)
        if self.frame_votes is not None and frames:
            pooled = self.frame_votes.pooled(pooled, frames)
        corrected: NDArray[np.float32] = log_softmax(pooled / self.temperature, axis=1).astype(np.float32)
        return corrected


def stored_correction(
    model: LanguageModel, taxonomy: Taxonomy, temperature: float, streams: Sequence[Stream]
) -> Correction:
    """Return a correction with the votes that are stored beside a tuned model's weights for a label set, if any are.

    Args:
        model: that was tuned.
        taxonomy: the label set.
        temperature: that was fitted for it.
        streams: that are listened to.

    Raises:
        ModelError: a file of votes is damaged, or of other encoders.
    """
    words, frames = model.folder / votes_file(taxonomy.name), model.folder / frame_votes_file(taxonomy.name)
    return Correction(
        votes=load_votes(words)[0] if words.is_file() else None,
        temperature=temperature,
        frame_votes=load_frame_votes(frames, streams) if streams and frames.is_file() else None,
    )


def fitted_confidence(model: LanguageModel, taxonomy: Taxonomy, prompt: LabelPrompt) -> Confidence | None:
    """Return what was fitted for a model, a taxonomy and a prompt; None where nothing was for all three."""
    if model.card is None or model.card.prompt != prompt.name:
        return None
    return model.card.confidence_for(taxonomy)


def resolve_calibration(wish: Calibration, confidence: Confidence | None, model: LanguageModel) -> Calibration:
    """Return the calibration that is used."""
    if wish == "auto":
        return "fitted" if confidence else "none" if model.card else "content-free"
    if wish == "fitted" and confidence is None:
        raise InputError(_UNFITTED.format(what="calibration", wish="auto, content-free or none", got="fitted"))
    return wish


def rule_for(
    confidence: Confidence | None,
    threshold: float | None,
    abstain_below: float,
    accuracy: float | None,
    coverage: float | None,
    aim: Aim = "likeliest",
) -> Rule:
    """Put the decision together from what is wished and what was fitted."""
    neutral_from, label_weights = _aimed(confidence, aim, accuracy)
    if accuracy is not None:
        if abstain_below:
            raise InputError("abstention must be wished one way, got abstain-below and accuracy; give one of them")
        if confidence is None:
            raise InputError(_UNFITTED.format(what="accuracy", wish="left out", got=accuracy))
        abstain_below = confidence.answer_threshold(accuracy)
    if coverage is not None and confidence is None:
        raise InputError(_UNFITTED.format(what="coverage", wish="left out", got=coverage))
    fitted = confidence.thresholds if confidence else None
    return Rule(
        threshold=threshold if threshold is not None else fitted or THRESHOLD,
        abstain_below=abstain_below,
        neutral_from=neutral_from,
        label_weights=label_weights,
        set_from=confidence.set_threshold(coverage) if confidence and coverage is not None else None,
    )


def check_aim(aim: Aim, taxonomy: Taxonomy) -> None:
    """Refuse an aim that a label set cannot have, before a model is trained or loaded for it.

    Raises:
        InputError: several labels may be right, or none is neutral.
    """
    if aim == "likeliest" or (taxonomy.kind is Kind.SINGLE and (aim == "balance" or taxonomy.neutral is not None)):
        return
    raise InputError(_AIMLESS.format(aim=aim, least=_LEAST[aim]) + "; choose another aim or label set")


def _aimed(confidence: Confidence | None, aim: Aim, accuracy: float | None) -> tuple[float, tuple[float, ...] | None]:
    """Return from where on neutral is chosen, and the weights of the labels."""
    if aim == "likeliest":
        return 0.0, None
    if confidence is None:
        raise InputError(_UNFITTED.format(what="aim", wish="likeliest", got=aim))
    if accuracy is not None:
        raise InputError(f"accuracy must go with the likeliest label, got the aim {aim} too; give one of them")
    if aim == "emotions" and confidence.neutral_from is not None:
        return confidence.neutral_from, None
    if aim == "balance" and confidence.label_weights is not None:
        return 0.0, confidence.label_weights
    remedy = "choose another aim or label set"
    if confidence.thresholds is None:  # one label a row: it may only be that nothing was fitted for it
        remedy = (
            "what was calibrated by an earlier version is calibrated again with `thymos adapters calibrate`, or "
            "labelled examples with `thymos kb weigh`"
        )
    raise InputError(f"{_AIMLESS.format(aim=aim, least=_LEAST[aim])}; {remedy}")


_LEAST = {"emotions": "one label a row and a neutral one", "balance": "one label a row"}
_AIMLESS = "aim must be likeliest unless a label set has {least}, got {aim}"
_UNFITTED = (
    "{what} must be {wish} where the model was not calibrated for the label set and prompt, got {got}; "
    "`thymos adapters list` shows which adapter was calibrated for what"
)
