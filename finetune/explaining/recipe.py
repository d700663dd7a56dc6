"""`ExplainerRecipe`: everything that the training of a model that explains was told, as one validated value.

The field names are the keys of the file; `task: explain` tells it from others. Knows nothing of models.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from thymos.finetune.recipe_parts import CorpusRecipe, Count
from thymos.finetune.writing.recipe import AnsweringRecipe, unweighed


class TracedCorpus(CorpusRecipe):
    """One corpus whose rows are explained, to learn from the explanations.

    Attributes:
        rows: to learn from, at most.
        dev_rows: to look at, at most.
    """

    rows: Count = 1000
    dev_rows: Count = 50


class ExplainerRecipe(AnsweringRecipe):
    """A whole training of a model that explains. `reader` labels the rows, with each phrase left out in turn.

    Attributes:
        task: what tells it from a recipe that labels.
        traces: corpora whose rows are explained.
        causes: corpora in the format `reccon`, of which is known which words brought a feeling about.
        feelings_as: label sets by whose words feelings of `causes` are called too.
    """

    task: Literal["explain"]
    traces: tuple[TracedCorpus, ...] = ()
    causes: Annotated[tuple[CorpusRecipe, ...], Field(min_length=1)]
    feelings_as: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _can_be_done(self) -> "ExplainerRecipe":
        unweighed(self.corpora)
        return self

    @property
    def corpora(self) -> tuple[CorpusRecipe, ...]:
        """All corpora, those whose rows are explained first."""
        return (*self.traces, *self.causes)
