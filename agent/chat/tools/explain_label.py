"""Tool `explain_label`: what labels mean, where they lie, what they are called elsewhere, and what parts two of them.

Takes a call with names of labels; gives a `LabelCard` for each and, for two, the passage on what parts them.
"""

from collections.abc import Iterator

from thymos.agent.chat.calls import Call
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Event, Found
from thymos.agent.chat.findings import LabelCard, Passages
from thymos.agent.chat.plane import place
from thymos.agent.reasoning.recall import as_evidence
from thymos.prompts.catalogue import builtin_taxonomies, load_map, maps_from
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy
from thymos.retrieval.search import Filter, Options

_KINDS = ("definition", "appraisal")
_MOST = 3  # labels at a time
_SHOWN_MAPS = ("ekman", "plutchik", "sentiment")


def explain_label(call: Call, desk: Desk) -> Iterator[Event]:
    """Explain the labels of a call, or all of its label set where none is named.

    Raises:
        InputError: none of them is a label.
    """
    asked = call.taxonomy or desk.taxonomy
    held = {name: _holding(name, asked, desk) for name in call.labels[:_MOST]}
    if held and not any(held.values()):
        known = desk.engines.taxonomy(asked)
        raise InputError(
            f"labels must be of a label set that is here, got {', '.join(held)}; {known.name} has "
            f"{', '.join(known.names)}"
        )
    for name, taxonomy in held.items():
        if taxonomy is not None:
            yield Found(finding=_card(name, taxonomy, desk))
    if not call.labels:
        for name in desk.engines.taxonomy(asked).names:
            yield Found(finding=_card(name, desk.engines.taxonomy(asked), desk, brief=True))
    if len(call.labels) >= 2:
        first, second = call.labels[:2]
        options = Options(k=9, least=-1, diversity=0)
        hits = desk.engines.base.search(
            f"{first} or {second}", options, Filter(kinds=("confusion",), emotions=(first,))
        )
        both = [as_evidence(hit) for hit in hits if second in hit.passage.emotions][:1]
        if both:
            yield Found(finding=Passages(query=f"{first} or {second}", passages=tuple(both)))


def _holding(name: str, asked: str, desk: Desk) -> Taxonomy | None:
    """Return the label set that is asked for if it has the label, else the first built-in one that has."""
    names = (asked, "goemotions", *builtin_taxonomies())
    return next((found for each in names if name in (found := desk.engines.taxonomy(each)).names), None)


def _card(name: str, taxonomy: Taxonomy, desk: Desk, *, brief: bool = False) -> LabelCard:
    label = taxonomy.labels[taxonomy.index(name)]
    passages = []
    if not brief:
        for kind in _KINDS:
            chosen = Filter(kinds=(kind,), emotions=(name,))
            passages += desk.engines.base.search(f"{name}: {label.description}", Options(k=1, least=-1), chosen)
    return LabelCard(
        name=name,
        taxonomy=taxonomy.name,
        description=label.description,
        place=place(taxonomy, {name: 1.0}),
        maps={} if brief else _maps(name, taxonomy.name),
        passages=tuple(map(as_evidence, passages)),
    )


def _maps(name: str, taxonomy: str) -> dict[str, tuple[str, ...]]:
    """Return the label's counterparts in the label sets that people know."""
    if taxonomy not in builtin_taxonomies():
        return {}
    targets = [each for each in _SHOWN_MAPS if each in maps_from(taxonomy)]
    return {each: load_map(taxonomy, each).labels([name]) for each in targets}
