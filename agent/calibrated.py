"""What a model's stored calibration means for one labeler: which correction it gets, and by what rule it decides.

Takes what a user wishes and what was fitted; gives a calibration and a `Rule`. Knows nothing of scoring.
"""

from typing import Literal

from thymos.adapters.confidence import Confidence
from thymos.adapters.llm.load import LanguageModel
from thymos.agent.decide import THRESHOLD, Rule
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.template import LabelPrompt

Calibration = Literal["auto", "fitted", "content-free", "none"]


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
) -> Rule:
    """Put the decision together from what is wished and what was fitted."""
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
        set_from=confidence.set_threshold(coverage) if confidence and coverage is not None else None,
    )


_UNFITTED = (
    "{what} must be {wish} where the model was not calibrated for the label set and prompt, got {got}; "
    "`thymos adapters list` shows which adapter was calibrated for what"
)
