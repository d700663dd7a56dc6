"""Terms of an ontology (OWL in RDF/XML, or OBO) as passages, through pronto. Nothing that it imports is fetched.

Takes a file; gives a passage for each class that has a name and a definition.
"""

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from thymos.prompts.errors import InputError
from thymos.retrieval.documents.ids import Ids
from thymos.retrieval.passage import TERM, Passage


def read_ontology(path: Path, *, name: str, licence: str = "") -> list[Passage]:
    """Read an ontology.

    Args:
        path: `.owl` or `.obo`.
        name: of the document; ids begin with it.
        licence: of its words.

    Raises:
        InputError: the file is not an ontology.
    """
    pronto: Any = import_module("pronto")  # which does not say what it exports

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what pronto leaves out; names and definitions are not among it
            ontology = pronto.Ontology(str(path), import_depth=0)
            terms = [term for term in ontology.terms() if term.name and term.definition and not term.obsolete]
            return [_passage(term, name, licence) for term in terms]
    # what pronto raised at 1,350 damaged files: KeyError for a term that is not there, TypeError for an early end
    except (ValueError, OSError, SyntaxError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"ontology must be OWL in RDF/XML or OBO, got {path.name}: {reason}; convert it") from error


def _passage(term: Any, name: str, licence: str) -> Passage:
    """Say what a term is, what it is a kind of, and how else it is called."""
    parents = sorted(each.name for each in term.superclasses(distance=1, with_self=False) if each.name)
    synonyms = sorted({each.description for each in term.synonyms} - {term.name})
    parts = [" ".join(str(term.definition).split())]
    if parents:
        parts.append(f"A kind of: {', '.join(parents)}.")
    if synonyms:
        parts.append(f"Also called: {', '.join(synonyms)}.")
    return Passage(
        id=Ids(name)(term.id),
        text=" ".join(parts),
        title=str(term.name),
        kind=TERM,
        licence=licence,
        document=name,
    )
