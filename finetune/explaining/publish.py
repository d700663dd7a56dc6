"""`publish_explainer`: a finished training as a folder that `thymos ask --writer` takes. All or nothing.

Takes what `tune_explainer` gave; writes weights and cards. Knows nothing of the command line.
"""

from pathlib import Path

from thymos.finetune.explaining.recipe import ExplainerRecipe
from thymos.finetune.explaining.tune import TunedExplainer
from thymos.finetune.writing.publish import corpus_facts, save_answering
from thymos.prompts.template import EXPLAINING


def publish_explainer(tuned: TunedExplainer, recipe: ExplainerRecipe, output: Path) -> Path:
    """Save.

    Args:
        tuned: from `tune_explainer`.
        recipe: that it was tuned with.
        output: run folder.

    Returns:
        The folder `adapter` in the run folder.

    Raises:
        OutputError: the disk is full or refuses; what was there before stays.
    """
    corpora = [
        corpus_facts(corpus, told, told.also_as) for corpus, told in zip(tuned.corpora, recipe.corpora, strict=True)
    ]
    return save_answering(tuned.learnt, recipe, EXPLAINING, {"corpora": corpora, "lessons": tuned.lessons}, output)
