"""What the tests of writers share: an explanation's material, from a labeler whose answers anyone can work out."""

from tests.agent.reasoning.conftest import WordScorer
from tests.retrieval.conftest import LetterEmbedder, passage
from thymos.adapters.sample import Sample, Turn
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.agent.reasoning.values import Step
from thymos.agent.reasoning.writing import Material, write_steps
from thymos.retrieval.knowledge_base import KnowledgeBase

SAID = Sample(
    id="1",
    text='Yesterday we won the "cup", and after the party I walked home alone through the rain.',
    speaker="Ann",
    context=(Turn("You lost again, they say?", "Bob"), Turn("Who says so?", "Ann")),
)


def base() -> KnowledgeBase:
    found = KnowledgeBase(LetterEmbedder())
    found.add(
        [
            passage("definition-joy", "Joy follows gain. It is bright.", kind="definition", emotions=("joy",)),
            passage("appraisal-joy", "Something wished for came true.", kind="appraisal", emotions=("joy",)),
        ]
    )
    return found


def material(sample: Sample = SAID, known: KnowledgeBase | None = None) -> Material:
    kept: list[Material] = []

    def keep(found: Material) -> tuple[Step, ...]:
        kept.append(found)
        return write_steps(found)

    Reasoner(WordScorer(), "t", known or base(), writer=keep).reason(sample)
    return kept[0]
