"""`Tracer`: rows of a corpus explained as `Reasoner` explains them, as lessons for a small model.

Takes a labeler and a knowledge base; gives steps with what they rest on, and the sentences that the templates write of
it. Knows nothing of training.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Self

from thymos.adapters.sample import Sample
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.agent.reasoning.step_requests import answer, model_written, step_requests
from thymos.agent.reasoning.values import Step
from thymos.agent.reasoning.writing import Material, write_steps
from thymos.prompts.errors import RowError
from thymos.prompts.steps import StepLesson
from thymos.retrieval.builtin import shipped_passages
from thymos.retrieval.knowledge_base import KnowledgeBase

BUDGET = 24  # scorings of a row


class Tracer:
    """Explains rows to learn from."""

    def __init__(self, labeler: Any, base: KnowledgeBase, *, budget: int = BUDGET) -> None:
        """Keep what explains.

        Args:
            labeler: a `thymos.agent.labeler.Labeler`.
            base: what is known.
            budget: scorings of one row.
        """
        self._labeler, self._base, self._budget = labeler, base, budget
        self._reasoner = Reasoner(labeler, labeler.taxonomy.name, base, budget=budget, writer=self._keep)
        self._lessons: list[StepLesson] = []

    @classmethod
    def of_shipped(cls, labeler: Any) -> Self:
        """Return one that knows the passages that come with Thymos, whatever a user added."""
        base = KnowledgeBase()
        base.add(shipped_passages())
        return cls(labeler, base)

    def identity(self) -> Mapping[str, object]:
        """Return what decides the explanations."""
        passages = sorted((each.id, each.text) for each in self._base.passages())
        return {
            **self._labeler.identity(),
            "embedder": self._base.embedder_name,
            "passages": hashlib.sha256(repr(passages).encode()).hexdigest(),
            "budget": self._budget,
        }

    def lessons(self, sample: Sample) -> list[StepLesson]:
        """Return the steps of one explanation; none where the row can't be labelled."""
        try:
            self._reasoner.reason(sample)
        except RowError:
            return []
        return self._lessons

    def _keep(self, material: Material) -> tuple[Step, ...]:
        steps = write_steps(material)
        written = {step.name: answer(model_written(step)) for step in steps}
        self._lessons = [
            StepLesson(asked.wish, written[asked.wish.step])  # type: ignore[index]
            for asked in step_requests(material, steps)
        ]
        return steps
