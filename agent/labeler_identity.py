"""What makes a labeler's answers its answers, for the fingerprint of a run and for votes that hold for it alone.

Takes the parts of a labeler; gives JSON values, and a digest of those that decide its probabilities.
"""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version

from thymos.adapters.llm.load import LanguageModel
from thymos.adapters.scoring.encode import ChatFrame
from thymos.agent.calibrated import Calibration, Correction
from thymos.agent.decide import Rule
from thymos.prompts.catalogue import taxonomy_identity
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.template import LabelPrompt

# What decides probabilities: votes weighed for another model would mean nothing.
_DECIDES = (
    "model_sha256",
    "adapter_sha256",
    "load_in",
    "prompt_sha256",
    "labels",
    "calibration",
    "temperature",
    "votes",
)


def labeler_identity(
    model: LanguageModel,
    taxonomy: Taxonomy,
    prompt: LabelPrompt,
    frame: ChatFrame,
    rule: Rule,
    correction: Correction,
    *,
    engine: str,
    calibration: Calibration,
    max_tokens: int,
) -> dict[str, object]:
    """Return what makes a labeler's answers its answers, as JSON values."""
    return {
        "model": model.name,
        "model_sha256": model.sha256,
        "adapter": model.adapter,
        "adapter_sha256": model.adapter_sha256,
        "load_in": model.load_in,
        "dtype": model.dtype,
        "device": model.device.partition(":")[0],  # which of several equal GPUs does not matter
        "engine": engine,
        "torch": version("torch"),
        "prompt": prompt.name,
        "prompt_sha256": prompt.sha256,
        "chat_before": frame.before,
        "chat_after": frame.after,
        "taxonomy": taxonomy.name,
        "labels": taxonomy_identity(taxonomy),
        "calibration": calibration,
        "temperature": correction.temperature,
        "votes": correction.votes.weight if correction.votes else None,
        "threshold": rule.threshold,
        "abstain_below": rule.abstain_below,
        "neutral_from": rule.neutral_from,
        **({} if rule.label_weights is None else {"label_weights": rule.label_weights}),  # runs of before know none
        "label_set_from": rule.set_from,
        "max_tokens": max_tokens,
    }


def labeler_digest(identity: Mapping[str, object]) -> str:
    """Return the SHA-256 of what decides a labeler's probabilities."""
    told = json.dumps({name: identity[name] for name in _DECIDES}, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
