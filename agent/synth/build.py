"""From what a user told to what works: plan, writer, labeler, gates, maker.

Takes plain arguments; loads nothing before all that needs no model is checked. Knows nothing of terminals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from thymos.agent.prediction import BatchLabeler
from thymos.agent.synth.corpora import Labelled, read_texts, test_name
from thymos.agent.synth.gates.leakage import CAP
from thymos.agent.synth.gates.registry import Gates, Material, build_gates
from thymos.agent.synth.gates.relabel import Agree, Readings
from thymos.agent.synth.guide import TurnGuide
from thymos.agent.synth.novelty import Choose, Novelty
from thymos.agent.synth.plan import Plan
from thymos.agent.synth.request import Manner, Requests
from thymos.agent.synth.seeds import Seeds
from thymos.agent.synth.values import Writer
from thymos.agent.synth.vectors import Vectors
from thymos.agent.synth.write import CANDIDATES, ROUNDS, Maker
from thymos.agent.synth.writers import LocalBatchWriter
from thymos.prompts.errors import InputError
from thymos.retrieval.heard import Heard

if TYPE_CHECKING:
    from thymos.retrieval.embedder import Embedder

TRIES = 1  # of an utterance or a turn: more are dear, and several conversations for a row give as many good ones sooner


@dataclass(frozen=True)
class Comparisons:
    """Texts that what is written is compared with.

    Attributes:
        tests: name -> texts of test sets.
        sources: texts that the writer learnt from.
        seeds: a user's examples.
        real: texts of real data.
        slurs: further words.
        bad: path -> rows that could not be read.
    """

    tests: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sources: Sequence[str] = ()
    seeds: Sequence[Labelled] = ()
    real: Sequence[str] = ()
    slurs: Sequence[str] = ()
    bad: Mapping[str, int] = field(default_factory=dict)


def read_comparisons(
    *,
    tests: Sequence[str] = (),
    trained_on: Sequence[str] = (),
    seeds: str | None = None,
    real: str | None = None,
    slurs: Path | None = None,
    label_column: str | None = None,
    corpus_format: str = "auto",
) -> Comparisons:
    """Read the corpora that a user named.

    Raises:
        InputError: one can't be read, or two test sets have one name.
    """
    bad: dict[str, int] = {}

    def rows(path: str) -> tuple[Labelled, ...]:
        read = read_texts(path, label_column=label_column, format=corpus_format)
        if read.bad:
            bad[path] = read.bad
        return read.rows

    named = {test_name(path): path for path in tests}
    if len(named) < len(tests):
        raise InputError(f"test sets must have names of their own, got {', '.join(map(test_name, tests))}; rename one")
    try:
        words = slurs.read_text(encoding="utf-8").split("\n") if slurs else []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"file of words must be readable text, got {str(slurs)!r} ({error}); check it") from error
    return Comparisons(
        tests={name: [row.text for row in rows(path)] for name, path in named.items()},
        sources=[row.text for path in trained_on for row in rows(path)],
        seeds=rows(seeds) if seeds else (),
        real=[row.text for row in rows(real)] if real else (),
        slurs=[word for word in words if word.strip()],
        bad=bad,
    )


@dataclass(frozen=True)
class Works:
    """What works in a run.

    Attributes:
        maker: writes and judges.
        gates: of the maker.
        vectors: of texts, or None.
    """

    maker: Maker
    gates: Gates
    vectors: Vectors | None


@dataclass(frozen=True)
class Models:
    """What loads the models of a run; each only when it is called.

    Attributes:
        writer: what writes.
        labeler: what reads without knowing the label.
        embedder: what makes vectors of texts; None for none.
    """

    writer: Callable[[], Writer]
    labeler: Callable[[], BatchLabeler]
    embedder: Callable[[], "Embedder"] | None


@dataclass(frozen=True)
class Options:
    """How texts are written and judged.

    Attributes:
        candidates: texts that are written for a row at a time.
        rounds: times that a row is tried.
        without: gates that shall not judge.
        agree: what counts as agreement of the labeler.
        sure: least probability that it gives the asked label.
        leak_cap: share of a label's kept rows that may name it.
        manner: of asking; see `Requests`.
        heard: what the writer learnt from, as hashes.
        tries: texts that a local writer writes for an utterance, or a turn with a label; the labeler chooses one.
        contrasted: whether the writer is led away from the wish with no feeling, or for neutral with another.
        choose: which of the texts that will do is kept: the surest read as asked, or the newest beside what is kept.
    """

    candidates: int = CANDIDATES
    rounds: int = ROUNDS
    without: Sequence[str] = ()
    agree: Agree = "top"
    sure: float = 0.0
    leak_cap: float = CAP
    manner: Manner = "tagged"
    heard: Heard | None = None
    tries: int = TRIES
    contrasted: bool = False
    choose: Choose = "surest"


def build(plan: Plan, compared: Comparisons, models: Models, options: Options) -> Works:
    """Load models and put all that works together.

    Args:
        plan: rows to come.
        compared: texts to compare with.
        models: load what works.
        options: how.

    Raises:
        InputError: a gate's name is unknown, or examples are given without an embedder.
        ModelError: a model can't be used here.
    """
    if compared.seeds and models.embedder is None:
        raise InputError("embedder must be there to choose examples, got none; leave --embedder or --seeds out")
    vectors = Vectors(models.embedder()) if models.embedder else None
    seeds = Seeds(compared.seeds, vectors) if compared.seeds and vectors else None
    sources = [*compared.sources, *(seeds.texts if seeds else ())]
    material = Material(
        tests=compared.tests,
        sources=sources,
        vectors=vectors,
        agree=options.agree,
        sure=options.sure,
        leak_cap=options.leak_cap,
        slurs=compared.slurs,
        heard=options.heard,
    )
    readings = Readings(models.labeler())
    gates = build_gates(plan, readings, material, options.without)
    writer = models.writer()
    if options.tries > 1:
        if not isinstance(writer, LocalBatchWriter):
            raise InputError(f"tries must be 1 for a writer that is not local, got {options.tries}; leave them out")
        writer = writer.guided(TurnGuide(readings.labeler), options.tries)
    maker = Maker(
        writer,
        Requests(plan.taxonomy, plan.grid, manner=options.manner, contrasted=options.contrasted),
        gates.alone,
        gates.among,
        readings,
        seeds=seeds,
        candidates=options.candidates,
        rounds=options.rounds,
        novelty=Novelty(vectors) if options.choose == "newest" else None,
    )
    return Works(maker, gates, vectors)
