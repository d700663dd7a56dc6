"""What was fitted decides unless a user says otherwise, and what was not fitted is told."""

import math
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from thymos.adapters.confidence import Confidence
from thymos.adapters.llm.adapter import AdapterCard
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.agent.calibrated import resolve_calibration, rule_for
from thymos.agent.labeler import Labeler
from thymos.finetune.calibration.fit import fit_confidence
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError, ModelError
from thymos.prompts.template import load_prompt


@pytest.fixture(scope="module")
def fitted() -> Confidence:
    chance = np.random.default_rng(0)
    p = chance.dirichlet(np.full(28, 0.2), size=400)
    gold = p == p.max(axis=1, keepdims=True)
    gold[:100] = np.roll(gold[:100], 1, axis=1)
    return fit_confidence(np.log(np.maximum(p, 1e-9)), gold, load_taxonomy("goemotions"))


def test_fitted_thresholds_are_used_unless_one_is_given(fitted: Confidence) -> None:
    assert rule_for(fitted, None, 0.0, None, None).threshold == fitted.thresholds
    assert rule_for(fitted, 0.3, 0.0, None, None).threshold == 0.3
    assert rule_for(None, None, 0.0, None, None).threshold == 0.25


def test_coverage_and_accuracy_become_what_was_fitted_for_them(fitted: Confidence) -> None:
    rule = rule_for(fitted, None, 0.0, 0.7, 0.9)
    assert rule.set_from == fitted.set_threshold(0.9)
    assert rule.abstain_below == fitted.answer_threshold(0.7)


@pytest.mark.parametrize(("accuracy", "coverage"), [(0.8, None), (None, 0.9)])
def test_without_a_fit_they_are_refused(accuracy: float | None, coverage: float | None) -> None:
    with pytest.raises(InputError, match="not calibrated"):
        rule_for(None, None, 0.0, accuracy, coverage)


def test_abstention_is_wished_one_way(fitted: Confidence) -> None:
    with pytest.raises(InputError, match="one of them"):
        rule_for(fitted, None, 0.4, 0.8, None)


def carded(model: Path, fitted: Confidence) -> LanguageModel:
    """The tiny model as if it had been tuned and calibrated."""
    confidence = MappingProxyType({"goemotions": fitted})
    card = AdapterCard("t", "d", "CC0-1.0", str(model), "0" * 64, "tuned", confidence, MappingProxyType({}))
    return replace(load_language_model(str(model)), card=card)


def test_the_temperature_that_was_fitted_is_applied(tiny_model: Path, fitted: Confidence) -> None:
    taxonomy = load_taxonomy("goemotions")
    prompt = load_prompt("tuned", taxonomy)

    def p(calibration: Any) -> np.ndarray[Any, Any]:
        labeler = Labeler(carded(tiny_model, fitted), taxonomy, prompt, calibration=calibration)
        return np.array(list(labeler.label(["So it goes."])[0].probabilities.values()))

    own, sharpened = p("none"), p("auto")
    expected = own ** (1 / fitted.temperature)
    assert sharpened == pytest.approx(expected / expected.sum(), abs=2e-3)
    assert abs(sharpened - own).max() > 0.01


def test_auto_goes_by_what_is_there(tiny_model: Path, fitted: Confidence) -> None:
    model = carded(tiny_model, fitted)
    assert resolve_calibration("auto", fitted, model) == "fitted"
    assert resolve_calibration("auto", None, model) == "none"
    assert resolve_calibration("auto", None, replace(model, card=None)) == "content-free"
    assert resolve_calibration("content-free", fitted, model) == "content-free"
    with pytest.raises(InputError, match="auto, content-free or none"):
        resolve_calibration("fitted", None, model)


def test_another_prompt_or_label_set_is_not_calibrated(tiny_model: Path, fitted: Confidence) -> None:
    model = carded(tiny_model, fitted)
    for taxonomy, prompt, wanted in (
        ("goemotions", "tuned", "fitted"),
        ("goemotions", "instruct", "none"),
        ("ekman", "tuned", "none"),
    ):
        labels = load_taxonomy(taxonomy)
        labeler = Labeler(
            replace(model, model=load_language_model(str(tiny_model)).model), labels, load_prompt(prompt, labels)
        )
        assert labeler.identity()["calibration"] == wanted
        assert "label_weights" not in labeler.identity(), "runs of before know none, and go on"


def test_what_to_aim_at_is_fitted_for_single_label_sets(fitted: Confidence) -> None:
    chance = np.random.default_rng(3)
    told = load_taxonomy("dailydialog")
    p = chance.dirichlet(np.full(len(told), 0.4), size=300)
    single = fit_confidence(np.log(np.maximum(p, 1e-9)), p == p.max(axis=1, keepdims=True), told)
    assert rule_for(single, None, 0.0, None, None, "emotions").neutral_from == single.neutral_from
    assert rule_for(single, None, 0.0, None, None, "balance").label_weights == single.label_weights
    plain = rule_for(single, None, 0.0, None, None)
    assert (plain.neutral_from, plain.label_weights) == (0, None)
    earlier = replace(single, neutral_from=None, label_weights=None)
    for aim in ("emotions", "balance"):
        for uncalibrated, said in (
            (fitted, "one label a row.*; choose another aim"),
            (earlier, "calibrated again"),
            (None, "not calibrated"),
        ):
            with pytest.raises(InputError, match=f"aim must be likeliest .*{said}"):
                rule_for(uncalibrated, None, 0.0, None, None, aim)
        with pytest.raises(InputError, match=f"accuracy must go with the likeliest label, got the aim {aim}"):
            rule_for(single, None, 0.0, 0.8, None, aim)
    assert Confidence.from_json(single.as_json()) == single
    for wrong in ([1.0], 1.0, [0.5] * 8, [0.5] * 6 + [0], [0.5] * 6 + [2], [0.5] * 6 + ["1"], [0.5] * 6 + [math.nan]):
        with pytest.raises(ModelError, match="calibration must weigh its 7 labels by numbers above 0"):
            Confidence.from_json(single.as_json() | {"label_weights": wrong})
