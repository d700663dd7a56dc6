"""What is recalled about an answer: what its label means, what parts it from the next one, what its language does.

Takes a text, the two likeliest labels and a knowledge base; gives evidence. Passages explain; they never move the
distribution, so words inside a passage can't change a label. Examples may, by their labels alone (`decide.py`).
"""

from thymos.adapters.sample import Sample
from thymos.agent.reasoning.values import Evidence
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.passage import EXEMPLAR, NOTE, TERM, Passage
from thymos.retrieval.search import Filter, Hit, Options

_NEAR = 0.35  # cosine from which a passage about language or regulation is worth telling
_OWN = 0.45  # likewise of a user's own notes


def recall(base: KnowledgeBase, sample: Sample, first: str, second: str) -> tuple[Evidence, ...]:
    """Recall passages for an answer.

    Args:
        base: what is known.
        sample: what was labelled.
        first: likeliest label.
        second: next likeliest.
    """
    text = sample.text or ""
    plans = [
        (f"{first}: what is it?", Filter(kinds=("definition",), emotions=(first,)), Options(k=1, least=-1)),
        (f"{first}: {text}", Filter(kinds=("appraisal",), emotions=(first,)), Options(k=1, least=-1)),
        (text, Filter(kinds=("language", "regulation"), modalities=("text",)), Options(k=1, least=_NEAR)),
        (text, Filter(kinds=(NOTE, TERM)), Options(k=1, least=_OWN)),
    ]
    hits = [hit for query, chosen, options in plans for hit in base.search(query, options, chosen)]
    hits += _apart(base, first, second)
    seen: dict[str, Evidence] = {}
    for hit in hits:
        seen.setdefault(hit.passage.id, as_evidence(hit))
    return tuple(seen.values())


def examples(base: KnowledgeBase, sample: Sample, k: int = 3) -> tuple[Evidence, ...]:
    """Recall labelled examples that say like things; turns of the sample's own dialogue are never among them."""
    options = Options(k=k, least=0.3, dialogue=sample.dialogue, exclude=(sample.id,))
    return tuple(as_evidence(hit) for hit in base.search(sample.text or "", options, Filter(kinds=(EXEMPLAR,))))


def _apart(base: KnowledgeBase, first: str, second: str) -> list[Hit]:
    """Return the passage about what parts two labels, if there is one about both."""
    options = Options(k=9, least=-1, diversity=0)
    hits = base.search(f"{first} or {second}", options, Filter(kinds=("confusion",), emotions=(first,)))
    return [hit for hit in hits if second in hit.passage.emotions][:1]


def as_evidence(hit: Hit) -> Evidence:
    """Return a hit as evidence that an answer can cite."""
    return as_evidence_of(hit.passage, hit.similarity)


def as_evidence_of(passage: Passage, similarity: float = 1.0) -> Evidence:
    """Return a passage as evidence, with its cosine to what was looked for."""
    return Evidence(
        id=passage.id,
        title=passage.title,
        text=passage.text,
        kind=passage.kind,
        similarity=round(similarity, 4),
        labels=passage.emotions,
        sources=passage.sources,
        licence=passage.licence,
    )
