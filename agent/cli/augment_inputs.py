"""From the words of `thymos augment-eval` to an experiment: corpora read and kept apart, classifiers loaded.

Takes a `Wish`; gives the experiment, what identifies it, and what a reader must know before quoting its figures.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.opening import open_corpus
from thymos.finetune.augment.arms import Arms
from thymos.finetune.augment.cells import digest
from thymos.finetune.augment.classifiers import Embedded, Regression, tfidf
from thymos.finetune.augment.draw import counts
from thymos.finetune.augment.eda import WORDS_FROM
from thymos.finetune.augment.experiment import Experiment
from thymos.finetune.augment.pool import Read, apart, read_rows, read_synthetic, refuse_copies, words_of
from thymos.finetune.augment.values import ALL, CHEAP, TITLES, Arm, Classifier, Paraphraser, Row
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy

RECIPE = "recipe:"
CLASSIFIERS = ("tfidf", "minilm")


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; see the flags of the command."""

    synthetic: Path | None
    real: str
    test: str
    taxonomy: str
    at: str | None
    format: str
    text_column: str | None
    label_column: str | None
    label_separator: str | None
    sizes: tuple[str, ...]
    seeds: tuple[int, ...]
    classifiers: tuple[str, ...]
    edits: int | None
    paraphrase: bool
    without: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return it as JSON values, files by their names."""
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        files = ("real", "test", "synthetic")
        return told | {name: Path(str(told[name])).name for name in files if told[name] is not None}


@dataclass(frozen=True, slots=True)
class Prepared:
    """An experiment that can begin.

    Attributes:
        experiment: what is compared.
        identity: what its results depend on beside the cell, JSON values.
        remarks: sentences on what was left out.
    """

    experiment: Experiment
    identity: dict[str, object]
    remarks: tuple[str, ...]


def prepared(wish: Wish, work: Path) -> Prepared:
    """Read and load what an experiment needs.

    Args:
        wish: what was asked for.
        work: folder that a recipe is trained in.

    Raises:
        InputError: a corpus, size or classifier cannot be used, or a synthetic row stands in the test set.
        ModelError: a model cannot be used here.
    """
    sizes, without = tuple(map(_size, wish.sizes)), _without(wish.without)
    taxonomy = load_taxonomy(wish.at or wish.taxonomy)
    real, test = (_read(wish, path, what) for path, what in ((wish.real, "real"), (wish.test, "test")))
    pool, same = apart(real.rows, test.rows)
    synthetic = read_synthetic(wish.synthetic, taxonomy) if wish.synthetic else Read((), {})
    refuse_copies(synthetic.rows, test.rows)
    paraphraser = _paraphraser() if wish.paraphrase else None
    arms = Arms(taxonomy.names, synthetic.rows, paraphraser, wish.edits, without)
    classifiers, identities = zip(
        *(_classifier(name, wish.at or wish.taxonomy, taxonomy, work) for name in wish.classifiers), strict=True
    )
    experiment = Experiment(taxonomy, pool, test.rows, arms, classifiers, sizes, wish.seeds)
    identity: dict[str, object] = {
        "labels": [taxonomy.kind.value, *taxonomy.names],
        "real": digest(pool),
        "test": digest(test.rows),
        "synthetic": digest(synthetic.rows),
        "edits": wish.edits,
        "edits_from": WORDS_FROM,
        "paraphraser": paraphraser.name if paraphraser else None,
        "classifiers": dict(zip(wish.classifiers, identities, strict=True)),
    }
    remarks = _remarks(real, test, synthetic, same, pool, sizes, taxonomy.names)
    if without:
        remarks += (f"not compared: {', '.join(TITLES[each] for each in CHEAP if each in without)}",)
    return Prepared(experiment, identity, remarks)


def _read(wish: Wish, path: str, what: str) -> Read:
    columns = Columns(text=wish.text_column, label=wish.label_column)
    corpus = open_corpus(
        path, format=wish.format, columns=columns, label_separator=wish.label_separator, context_turns=0
    )
    own = load_taxonomy(wish.taxonomy)
    if wish.at is None or wish.at == wish.taxonomy:
        return read_rows(corpus, own, what=what)
    return read_rows(corpus, load_taxonomy(wish.at), load_map(wish.taxonomy, wish.at), what=what)


def _size(word: str) -> int:
    """Read a size: a number of rows, or `all`."""
    if word == "all":
        return ALL
    if not word.isascii() or not word.isdecimal() or int(word) < 2:
        raise InputError(f"size must be a number from 2, or all, got {word!r}; such as --size 16 --size 64")
    return int(word)


def _without(names: tuple[str, ...]) -> frozenset[Arm]:
    """Read which cheap arms are left out."""
    known = {each: each for each in CHEAP if each != "paraphrase"}  # which is compared where it is asked for alone
    for name in names:
        if name not in known:
            raise InputError(f"--without must be {' or '.join(known)}, got {name!r}; choose one of these")
    return frozenset(known[name] for name in names if name in known)


def _classifier(name: str, given: str, taxonomy: Taxonomy, work: Path) -> tuple[Classifier, str]:
    """Load a classifier, with what its answers depend on."""
    if name == "tfidf":
        return Regression(name, tfidf, taxonomy), "1"
    if name == "minilm":
        from thymos.retrieval.embedder import SentenceEmbedder

        embedder = SentenceEmbedder()
        return Regression(name, Embedded(embedder), taxonomy), embedder.fingerprint
    if name.startswith(RECIPE):
        from thymos.agent.recipe_classifier import RecipeClassifier

        classifier = RecipeClassifier(name.removeprefix(RECIPE), given, work)
        return classifier, classifier.fingerprint
    raise InputError(f"classifier must be {', '.join(CLASSIFIERS)} or {RECIPE}NAME, got {name!r}; choose one of these")


def _paraphraser() -> Paraphraser:
    from thymos.agent.chat.engines import Engines
    from thymos.agent.chat.local_writer import LocalWriter
    from thymos.agent.paraphrase import WriterParaphraser

    return WriterParaphraser(LocalWriter(*Engines().writing()))


def _remarks(
    real: Read,
    test: Read,
    synthetic: Read,
    same: int,
    pool: tuple[Row, ...],
    sizes: tuple[int, ...],
    labels: tuple[str, ...],
) -> tuple[str, ...]:
    """Say what was left out and what is scarcer than asked."""
    found = []
    for what, read in (("real", real), ("test", test), ("synthetic", synthetic)):
        found += [f"left out: {number:,} {what} rows with {reason}" for reason, number in read.left_out.items()]
    if same:
        found.append(f"left out: {same:,} real rows that stand in the test set too")
    has = counts(pool, labels)
    short = [name for name in labels if has[name] < max(sizes)]
    if short:
        found.append(f"fewer real rows than asked: {', '.join(f'{name} ({has[name]:,})' for name in short)}")
    known = {words_of(row.text) for row in pool}
    copies = sum(words_of(row.text) in known for row in synthetic.rows)
    if copies:
        found.append(
            f"{copies:,} synthetic rows are copies of real rows, which the draws need not hold: gains may be too large"
        )
    return tuple(found)
