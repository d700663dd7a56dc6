"""The face encoder as a folder that others can use: weights in half precision, facts as JSON, a card in words.

Takes averaged weights, recipe and figures; writes the folder whole or not at all. Knows no training.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from thymos.adapters.face.encoder import WEIGHTS
from thymos.adapters.face.network import DEPTHS, FER2013_LABELS, FERPLUS_LABELS, WIDTHS
from thymos.adapters.llm.files import CARD
from thymos.adapters.whole_file import whole_folder
from thymos.finetune.encoders.face_recipe import FaceRecipe
from thymos.finetune.encoders.face_score import FaceScore
from thymos.finetune.surroundings import commit, hardware, versions

DATA = "FER2013 (Goodfellow et al. 2013, arXiv:1307.0414) with FER+ votes (Barsoum et al. 2016, arXiv:1608.01041)"
LICENCE = (
    "research use: FER2013's pictures come from a web search and were released for the ICML 2013 challenge without an "
    "explicit licence by their authors; FER+'s votes are MIT (Microsoft)"
)
LIMITS = (
    "Posed and spontaneous faces from the web, at 48 x 48 grey pixels: no fine wrinkle, no colour, no motion.",
    "What a face shows to raters is not what a person feels; it serves as one cue beside words, voice and body.",
    "FER2013's labels are noisy: its authors found people right in 65 +- 5 % of the cases.",
    "Disgust, fear and contempt are rare in the data and are missed more often than the others.",
    "Age, gender and skin colour are not annotated, so that differences between groups were not measured. Not for "
    "decisions about people.",
    "The European Union's AI Act (Regulation 2024/1689, Article 5) forbids inferring people's emotions in workplaces "
    "and schools, with narrow exceptions for medical and safety reasons.",
)


def write_face_encoder(
    folder: Path, weights: Mapping[str, Tensor], recipe: FaceRecipe, scores: tuple[FaceScore, ...], rows: int
) -> None:
    """Write weights and cards.

    Args:
        folder: to write; one of that name is replaced.
        weights: of the network, by name.
        recipe: that it was trained with.
        scores: measured with these weights.
        rows: pictures it was trained on.

    Raises:
        OutputError: the disk is full or refuses.
    """
    facts = {
        "data": DATA,
        "licence": LICENCE,
        "rows": rows,
        "network": {"widths": WIDTHS, "depths": DEPTHS, "fer2013": FER2013_LABELS, "ferplus": FERPLUS_LABELS},
        "recipe": asdict(recipe),
        "figures": [asdict(each) for each in scores],
        "limits": LIMITS,
        "commit": commit(),
        "hardware": hardware(),
        "versions": versions(),
    }
    with whole_folder(folder, replace=True) as stage:
        save_file(halved(weights), stage / WEIGHTS, {"format": "pt"})
        (stage / CARD).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        (stage / "README.md").write_text(_card(facts, scores), encoding="utf-8")


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights as they are stored: numbers with a point in half precision."""
    return {
        name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in weights.items()
    }


def _card(facts: Mapping[str, Any], scores: tuple[FaceScore, ...]) -> str:
    """Return the card in words."""
    figures = "\n".join(
        f"| {each.split} | {100 * each.fer2013:.1f} % of {each.rows[0]:,} | {100 * each.ferplus:.1f} % of "
        f"{each.rows[1]:,} |"
        for each in scores
    )
    recipe = facts["recipe"]
    limits = "\n".join(f"- {each}" for each in facts["limits"])
    here = (facts["commit"] or {}).get("hash", "unknown")
    return f"""---
license: other
tags: [facial-expression-recognition, face, emotion]
---
# Face encoder

A small residual network over grey 48 x 48 faces, trained from scratch by Thymos. Its last map becomes frames for the
language model, its FER+ head the words of a cue ("looks happy to the face network, 83 %").

- Data: {facts["data"]}; {facts["rows"]:,} pictures, exact copies of valid and test pictures left out.
- Licence: {facts["licence"]}.
- Recipe: {recipe["epochs"]:g} epochs, seed {recipe["seed"]}, SGD with a rate of {recipe["rate"]:g}, averaged weights;
  both heads at once, FER+'s from the shares of its ten votes. `thymos.json` has every number.
- Commit: {here}; weights in half precision.

| split | FER2013, 7 labels | FER+, 8 labels |
|---|---|---|
{figures}

Accuracy, each face seen as it is and mirrored. Rows without a label (FER+: without a majority) are left out. The recipe
but for its length was chosen on valid.

## Limits
{limits}
"""
