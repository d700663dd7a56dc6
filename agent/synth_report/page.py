"""`page`: the report on a synthesis as one HTML page that needs nothing else.

Takes rows, real texts and what makes vectors; gives text. Everything that was written or read is escaped.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from thymos.agent.synth_report import measure, space, svg
from thymos.agent.synth_report.rows import Totals, Written
from thymos.retrieval.embedder import Embedder, Vectors

MADE, REAL = svg.Series("synthetic", "made"), svg.Series("real", "real")
_MOST = 2000  # texts of each sort that are embedded
_DRAWN = 700  # points of each sort on the map
_SHOWN = 10  # examples, and neighbours
_EACH_GATE = 3  # examples that one gate dropped


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A synthetic text and the real one nearest to it."""

    made: str
    real: str
    cosine: float
    same: bool


@dataclass(frozen=True, slots=True)
class Space:
    """What embeddings show.

    Attributes:
        picture: map.
        explained: share of the variance that the map holds.
        neighbours: of some synthetic texts.
        cosines: picture of how near the nearest real texts are; None without real texts.
        vendi: Vendi score of synthetic texts, and of as many real ones.
    """

    picture: Markup
    explained: float
    neighbours: tuple[Neighbours, ...]
    cosines: Markup | None
    vendi: tuple[float, float | None]


def page(
    kept: Sequence[Written],
    dropped: Sequence[Written],
    *,
    title: str,
    totals: Totals | None = None,
    real: Sequence[str] = (),
    embedder: Embedder | None = None,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Render a report.

    Args:
        kept: rows that passed the gates.
        dropped: rows that did not.
        title: first line.
        totals: what the run counted of all that was written, where that is known.
        real: texts to compare with; may be none.
        embedder: makes vectors; None leaves out what needs them.
        seed: of every choice.
        on_progress: called with texts embedded and texts to embed.
    """
    made = [text for row in kept for text in row.utterances if text.strip()]
    both = min(len(made), len(real)) if real else len(made)
    made_words = measure.measured(measure.some(made, both, seed))
    real_words = measure.measured(measure.some(real, both, seed)) if real else None
    environment = Environment(
        loader=FunctionLoader(lambda name: (files("thymos.agent.synth_report") / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja").render(
        title=title,
        kept=len(kept),
        written=totals.written if totals else len(kept) + len(dropped),
        writers=sorted({row.writer for row in (*kept, *dropped) if row.writer}),
        kinds=Counter(row.plan.get("kind", "dialogue" if len(row.turns) > 1 else "utterance") for row in kept),
        counts=measure.label_counts(kept, dropped),
        falls=measure.waterfall(kept, dropped, totals.spare if totals else 0),
        before=measure.readings_of(totals) if totals else measure.readings([*kept, *dropped]),
        after=measure.readings(kept),
        lengths=_lengths(made_words, real_words),
        growth=_growth(made_words, real_words),
        made=made_words,
        real=real_words,
        space=_space(made, real, embedder, seed, on_progress) if embedder is not None and made else None,
        examples=random.Random(f"kept {seed}").sample(list(kept), min(_SHOWN, len(kept))),
        refused=_refused(dropped, seed),
    )


def _lengths(made: measure.Words, real: measure.Words | None) -> Markup | None:
    """Draw how many words texts have."""
    groups: list[tuple[svg.Series, Sequence[float]]] = [(REAL, real.lengths)] if real and real.texts else []
    if made.texts:
        groups.append((MADE, made.lengths))
    return svg.histogram(groups, "words of a text", "share of texts by number of words") if groups else None


def _growth(made: measure.Words, real: measure.Words | None) -> Markup | None:
    """Draw how the vocabulary grows."""
    groups: list[tuple[svg.Series, Sequence[tuple[int, int]]]] = [(REAL, real.growth)] if real else []
    groups.append((MADE, made.growth))
    return svg.curves(groups, "words read", "different words", "different words by words read") if made.texts else None


def _space(
    made: Sequence[str],
    real: Sequence[str],
    embedder: Embedder,
    seed: int,
    on_progress: Callable[[int, int], None],
) -> Space:
    """Embed and compare."""
    made, real = measure.some(made, _MOST, seed), measure.some(real, _MOST, seed)
    vectors = embedder.embed([*made, *real], lambda done: on_progress(done, len(made) + len(real)))
    of_made, of_real = vectors[: len(made)], vectors[len(made) :]
    laid = space.flat_map(vectors)
    groups = [(REAL, laid.points[len(made) :][:_DRAWN]), (MADE, laid.points[: len(made)][:_DRAWN])]
    neighbours, cosines = _neighbours(made, real, of_made, of_real)
    both = min(len(made), len(real)) if real else len(made)
    return Space(
        svg.points(groups if real else groups[1:], "map of texts by meaning"),
        sum(laid.explained),
        neighbours,
        cosines,
        (space.vendi(of_made[:both]), space.vendi(of_real[:both]) if real else None),
    )


def _neighbours(
    made: Sequence[str], real: Sequence[str], of_made: Vectors, of_real: Vectors
) -> tuple[tuple[Neighbours, ...], Markup | None]:
    """Find the nearest real text of each synthetic one, and of each real one among the others, to compare."""
    if not real:
        return (), None
    places, cosines = space.nearest(of_made, of_real)
    shown = space.spread_out(cosines.tolist(), _SHOWN)
    found = tuple(
        Neighbours(
            made[place],
            real[places[place]],
            float(cosines[place]),
            measure.words_in(made[place]) == measure.words_in(real[places[place]]),
        )
        for place in shown
    )
    groups: list[tuple[svg.Series, Sequence[float]]] = [(MADE, np.clip(cosines, 0, 1).tolist())]
    if len(real) > 1:
        half = len(real) // 2
        _, among = space.nearest(of_real[:half], of_real[half:])
        groups.insert(0, (REAL, np.clip(among, 0, 1).tolist()))
    return found, svg.histogram(groups, "cosine to the nearest real text", "share of texts by cosine")


def _refused(dropped: Sequence[Written], seed: int) -> list[tuple[str, list[Written]]]:
    """Choose some texts that each gate dropped."""
    by_gate: dict[str, list[Written]] = {}
    for row in dropped:
        by_gate.setdefault(row.dropped_by or "not said", []).append(row)
    chance = random.Random(f"dropped {seed}")
    return [(gate, chance.sample(rows, min(_EACH_GATE, len(rows)))) for gate, rows in by_gate.items()]
