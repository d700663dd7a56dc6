"""Tool `synthesise`: sentences for a label, written by the language model, kept where the labeler reads them so.

Takes a call with a label and a number; gives `Written`. The labeler did not write them, sees no wish, and its reading
is shown with each. `thymos synth` is for corpora.
"""

import re
from collections.abc import Iterator

from thymos.adapters.sample import Sample
from thymos.agent.chat.calls import Call
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Event, Found, Progress
from thymos.agent.chat.findings import Moment, Written
from thymos.prompts.catalogue import builtin_taxonomies
from thymos.prompts.errors import InputError, RowError
from thymos.prompts.template import render

_ROUNDS = 4  # of writing, at most
_EACH = 8  # sentences of a round
_TOKENS = 28  # of a sentence
_SHORTEST = 4  # words
_LONGEST = 200  # characters


def synthesise(call: Call, desk: Desk) -> Iterator[Event]:
    """Write sentences for the label of a call.

    Raises:
        InputError: no label of the label set is named.
        ModelError: the model can't write here.
    """
    name = call.taxonomy or desk.taxonomy
    sets = map(desk.engines.taxonomy, (name, *builtin_taxonomies()))
    pairs = ((each, label) for each in sets for label in call.labels if label in each.names)
    taxonomy, label = next(pairs, (desk.engines.taxonomy(name), ""))
    name = taxonomy.name
    if not label:
        raise InputError(
            f"sentences must be for a label of {name}, got none that it has; it has {', '.join(taxonomy.names)}"
        )
    described = taxonomy.labels[taxonomy.index(label)].description
    scorer, _ = desk.engines.reads(name)
    yield Progress(share=0.02, says="waking the writer")
    writer = desk.writer()
    kept: dict[str, Moment] = {}
    tried = 0
    system, request = render("write/system"), render("write/request", label=label, described=described)
    for number in range(_ROUNDS):
        yield Progress(share=0.05 + 0.95 * number / _ROUNDS, says=f"{len(kept)} of {call.count} sentences kept")
        said = [_tidy(each) for each in writer.write(system, request, count=_EACH, tokens=_TOKENS, seed=number)]
        fresh = list(dict.fromkeys(each for each in said if each and each not in kept))
        tried += len(said)
        answers = scorer.label_batch([Sample(id=str(place), text=each) for place, each in enumerate(fresh)])
        for text, answer in zip(fresh, answers, strict=True):
            if not isinstance(answer, RowError) and label in answer.labels:
                told = {each: round(float(p), 4) for each, p in answer.probabilities.items()}
                kept[text] = Moment(text=text, labels=answer.labels, probabilities=told)
        if len(kept) >= call.count:
            break
    surest = sorted(kept.values(), key=lambda each: -each.probabilities[label])[: call.count]
    finding = Written(label=label, taxonomy=name, kept=tuple(surest), tried=tried, writer=writer.name)
    yield Found(finding=finding)


def _tidy(text: str) -> str:
    """Return the first sentence that a model wrote, or nothing where there is none to keep."""
    line = next((each.strip() for each in text.splitlines() if each.strip()), "")
    line = re.sub(r"^(?:[-*•\d.)\s]+|[A-Z][a-z]+:\s+)", "", line).strip(" \"“”'")
    match = re.match(r".*?[.!?]+(?=\s|$)", line)
    line = match[0] if match else ""
    return line if len(line.split()) >= _SHORTEST and len(line) <= _LONGEST else ""
