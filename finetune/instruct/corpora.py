"""Training corpora: rows with gold labels, without what is held out.

Takes the corpora of a recipe and a data folder; gives examples of train and dev in memory. Knows nothing of tokens or
models.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from thymos.adapters.corpus import BadRow, Corpus
from thymos.adapters.projectors.streams import Frames
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.sample import Sample
from thymos.adapters.words import SIGNS
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.errors import InputError
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Kind, Taxonomy

_WORD = re.compile(rf"\w[\w{SIGNS}]*")
_LONG = 4  # words: a text at least so long is not said twice by chance


@dataclass(frozen=True, slots=True)
class Left:
    """How many training rows were not taken, by reason.

    Attributes:
        held_out: the same text, or the same text after the same turns, is in a held-out split.
        repeated: an earlier training row is the same, gold labels included.
        unlabelled: without a gold label.
        bad: could not be read.
    """

    held_out: int = 0
    repeated: int = 0
    unlabelled: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class TrainingCorpus:
    """One corpus, ready to be learnt from.

    Attributes:
        name: as the recipe calls it.
        taxonomy: of the gold labels.
        translations: maps into the sets of `also_as`.
        train: rows to learn from.
        dev: rows to look at.
        left: training rows that were not taken.
        identity: what makes these rows these rows, by split.
        train_frames: for each row to learn from, the frames of each stream; None where text alone is read.
        dev_frames: likewise, for dev.
        weight: how many times as often its rows are drawn beside the others' as its size alone would have it.
        train_cues: for each row to learn from, modality -> what a person would say of its recording (`high pitch`);
            None where nobody asked.
    """

    name: str
    taxonomy: Taxonomy
    translations: tuple[LabelMap, ...]
    train: tuple[Sample, ...]
    dev: tuple[Sample, ...]
    left: Left
    identity: Mapping[str, Mapping[str, object]]
    train_frames: tuple[tuple[Frames | None, ...], ...] | None = None
    dev_frames: tuple[tuple[Frames | None, ...], ...] | None = None
    weight: float = 1.0
    train_cues: tuple[Mapping[str, tuple[str, ...]], ...] | None = None


def load_corpora(recipes: Iterable[CorpusRecipe], folder: Path, *, media: bool = False) -> tuple[TrainingCorpus, ...]:
    """Read corpora; see `load_corpus`.

    Raises:
        InputError: one can't be read so, or two have label sets of one name that are not the same.
    """
    corpora, sets = [], dict[str, Taxonomy]()
    for recipe in recipes:
        corpora.append(corpus := load_corpus(recipe, folder, media=media))
        if sets.setdefault(corpus.taxonomy.name, corpus.taxonomy) != corpus.taxonomy:
            raise InputError(
                f"label sets of two corpora must differ in name, got {corpus.taxonomy.name!r} twice with other labels "
                f"or words; rename that of {corpus.name}"
            )
    return tuple(corpora)


def load_corpus(recipe: CorpusRecipe, folder: Path, *, media: bool = False) -> TrainingCorpus:
    """Read a corpus and drop from its training rows what is held out, repeated, unlabelled or bad.

    Args:
        recipe: the corpus.
        folder: what its paths are relative to.
        media: whether rows without text, but with a recording, are learnt from.

    Raises:
        InputError: a file or column is not there, a label is outside the taxonomy, or a split is empty.
    """
    taxonomy = load_taxonomy(recipe.taxonomy)
    dev = [sample for sample in _samples(recipe, folder, recipe.dev, recipe.dev_where, media)[0] if sample.gold]
    _check(dev, taxonomy, recipe.dev)
    held_out: list[Sample] = list(dev)
    for path in recipe.held_out:
        held_out += _samples(recipe, folder, path, recipe.held_out_where, media)[0]
    read, bad = _samples(recipe, folder, recipe.train, recipe.train_where, media)
    labelled = [sample for sample in read if sample.gold]
    _check(labelled, taxonomy, recipe.train)
    clean = without_leaks(labelled, held_out)
    train = _without_repeats(clean)
    if not train:
        raise InputError(
            f"training split must have rows that are not held out, got none in {recipe.train}; check the recipe"
        )
    left = Left(len(labelled) - len(clean), len(clean) - len(train), len(read) - len(labelled), bad)
    return TrainingCorpus(
        name=recipe.name,
        taxonomy=taxonomy,
        translations=tuple(load_map(taxonomy.name, target) for target in recipe.also_as),
        train=tuple(train),
        dev=tuple(dev),
        left=left,
        identity=identities(recipe, folder),
        weight=recipe.weight,
    )


def without_leaks(train: Iterable[Sample], held_out: Iterable[Sample]) -> list[Sample]:
    """Return the training rows that no held-out row repeats.

    A row leaks when the same text comes after the same shown turns in a held-out split, or, for texts of four words
    or more, when the text alone does. Letters and digits are compared, without case; of texts without any, all. This
    finds the repeats that the corpora's own documentation lists: equal comments across GoEmotions' splits, whole
    dialogues of DailyDialog in two splits and those that share most of their longer turns.
    """
    alone, after = set(), set()
    for sample in held_out:
        key = _key(sample)
        after.add(key)
        if key.text.count(" ") + 1 >= _LONG and not key.media:
            alone.add(key.text)
    kept = []
    for sample in train:
        key = _key(sample)
        if key not in after and (key.media or key.text not in alone):
            kept.append(sample)
    return kept


def _without_repeats(samples: Iterable[Sample]) -> list[Sample]:
    """Return the first of all rows that say the same with the same gold labels."""
    seen, kept = set(), []
    for sample in samples:
        key = (_key(sample), frozenset(sample.gold or ()))
        if key not in seen:
            seen.add(key)
            kept.append(sample)
    return kept


class _Key(NamedTuple):
    """What a row says, what was said before it, and which recordings it brings: the same words may sound otherwise."""

    text: str
    turns: tuple[str, ...]
    media: tuple[str, ...]


def _key(sample: Sample) -> _Key:
    media = [
        f"{each.path}#{each.start},{each.end},{getattr(each, 'box', None)}"
        for each in (sample.speech, sample.face, sample.physiology)
        if each is not None
    ]
    return _Key(_plain(sample.text or ""), tuple(_plain(turn.text) for turn in sample.context), tuple(media))


def _plain(text: str) -> str:
    """Return the words alone; all of a text that has none, since smileys and marks may be all that it says."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text.casefold()))) or text.strip()


def identities(recipe: CorpusRecipe, folder: Path) -> dict[str, dict[str, object]]:
    """Return what makes the rows of each split these rows: which file, its hash, and how it is read."""
    return {split: dict(open_rows(recipe, folder / path, where).identity()) for split, path, where in _splits(recipe)}


def _splits(recipe: CorpusRecipe) -> Iterator[tuple[str, Path, tuple[str, ...]]]:
    yield "train", recipe.train, recipe.train_where
    yield "dev", recipe.dev, recipe.dev_where
    for number, path in enumerate(recipe.held_out, start=1):
        yield f"held_out_{number}", path, recipe.held_out_where


def open_rows(recipe: CorpusRecipe, path: Path, where: tuple[str, ...] = ()) -> Corpus:
    """Open a file as a recipe says.

    Args:
        recipe: the corpus, whose own conditions hold.
        path: of the file.
        where: further conditions on its rows.

    Raises:
        InputError: it cannot be read so.
    """
    columns = Columns(text=recipe.text_column, label=recipe.label_column)
    return open_corpus(
        str(path),
        format=recipe.format,
        columns=columns,
        context_turns=recipe.context_turns,
        label_separator=recipe.label_separator,
        where=(*recipe.where, *where),
    )


def _samples(
    recipe: CorpusRecipe, folder: Path, path: Path, where: tuple[str, ...], media: bool
) -> tuple[list[Sample], int]:
    """Return the rows of a file that can be learnt from, and how many could not be read."""
    rows, bad = [], 0
    for row in open_rows(recipe, folder / path, where):
        if isinstance(row, BadRow) or not ((row.text or "").strip() or (media and row.modalities)):
            bad += 1
        else:
            rows.append(row)
    return rows, bad


def _check(samples: list[Sample], taxonomy: Taxonomy, path: Path) -> None:
    """Refuse an empty split, labels outside the taxonomy and several labels where one is meant."""
    if not samples:
        raise InputError(f"split must have rows with gold labels, got none in {path}; name the label_column")
    known = frozenset(taxonomy.names)
    for sample in samples:
        gold = sample.gold or ()
        outside = [name for name in gold if name not in known]
        if outside:
            raise InputError(
                f"gold labels must be of taxonomy {taxonomy.name!r} ({', '.join(taxonomy.names)}), got {outside[0]!r} "
                f"in row {sample.id} of {path}; name another taxonomy, or mend the row"
            )
        if taxonomy.kind is Kind.SINGLE and len(set(gold)) > 1:
            raise InputError(
                f"gold must be one label of the single-label taxonomy {taxonomy.name!r}, got {', '.join(gold)} in row "
                f"{sample.id} of {path}; use a multi-label taxonomy"
            )
