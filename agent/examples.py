"""`Examples`: labelled examples of a knowledge base that vote beside a labeler, as they were weighed for it.

Takes the folder of a base; gives what `thymos kb weigh` fitted there, or says why it can't be used. One file for each
label set, beside the base's own: it names the labeler and the examples that it holds for.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from thymos.adapters.confidence import Confidence
from thymos.agent.calibrated import Correction
from thymos.prompts.errors import InputError, ModelError
from thymos.prompts.taxonomy import Taxonomy
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.votes import Weighed, load_votes, save_votes, votes_file

_LABELER, _EXEMPLARS, _CONFIDENCE = "labeler", "exemplars", "confidence"


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What was weighed.

    Attributes:
        votes: of the examples, with their weight.
        confidence: of the distribution with the votes in it.
        labeler: digest of the labeler that they were weighed for.
        sha256: of the file; "" before it is written.
    """

    votes: Weighed
    confidence: Confidence
    labeler: str
    sha256: str = ""

    @property
    def correction(self) -> Correction:
        """What is done to the labeler's distribution."""
        return Correction(self.votes, self.confidence.temperature)


def save_examples(folder: Path, base: KnowledgeBase, examples: Examples) -> Path:
    """Write what was weighed into the folder of a base.

    Raises:
        OutputError: the disk is full or refuses.
    """
    taxonomy = examples.confidence.taxonomy
    path = folder / votes_file(taxonomy)
    notes = {
        _LABELER: examples.labeler,
        _EXEMPLARS: base.exemplars(taxonomy).sha256,
        _CONFIDENCE: examples.confidence.digest_text(),
    }
    save_votes(path, examples.votes, notes)
    return path


def forget_examples(folder: Path, taxonomy: Taxonomy) -> None:
    """Take away what was weighed for a label set before."""
    (folder / votes_file(taxonomy.name)).unlink(missing_ok=True)


def are_weighed(folder: Path, taxonomy: Taxonomy) -> bool:
    """Say whether a base has votes for a label set."""
    return (folder / votes_file(taxonomy.name)).is_file()


def open_examples(folder: Path, taxonomy: Taxonomy) -> Examples:
    """Read what was weighed.

    Args:
        folder: of a knowledge base.
        taxonomy: whose votes.

    Raises:
        InputError: the base has no votes for the label set, or its examples changed since.
        ModelError: the file is damaged.
    """
    base = KnowledgeBase.open(folder)
    if not are_weighed(folder, taxonomy):
        raise InputError(
            f"examples of the knowledge base must be weighed for {taxonomy.name}, got none in {folder}; add a labelled "
            "corpus with `thymos kb add --exemplars` and weigh it with `thymos kb weigh`; leave --kb out where "
            "they do not help"
        )
    path = folder / votes_file(taxonomy.name)
    weighed, notes = load_votes(path, base.embedder)
    if missing := {_LABELER, _EXEMPLARS, _CONFIDENCE} - notes.keys():
        raise ModelError(f"votes must be of `thymos kb weigh`, got {path} without {min(missing)}; weigh them again")
    confidence = Confidence.from_json(json.loads(notes[_CONFIDENCE]))
    if notes[_EXEMPLARS] != base.exemplars(taxonomy.name).sha256 or not confidence.fits(taxonomy):
        raise InputError(
            f"examples must be those that were weighed, got others for {taxonomy.name} in {folder}; weigh them again "
            "with `thymos kb weigh`"
        )
    return Examples(weighed, confidence, notes[_LABELER], hashlib.sha256(path.read_bytes()).hexdigest())
