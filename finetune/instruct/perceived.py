"""The recordings of a training corpus as frames, and rows from which some of what they bring is left out.

Takes a corpus and encoders; gives the corpus with frames in memory. Each recording is encoded once, in this run or an
earlier one. Knows no LLM.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from thymos.adapters.perception import Percept, Perception
from thymos.adapters.projectors.baseline import Baselines
from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Frames, Stream
from thymos.adapters.sample import Sample
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.prompts.errors import InputError

_ALONE = 0.2  # of the training rows, read as if nothing else were known of their speaker
OnRow = Callable[[int, int], None]  # rows done, rows of all


def perceived(
    corpus: TrainingCorpus,
    perception: Perception,
    on_row: OnRow = lambda done, total: None,
    *,
    dev_alone: bool = False,
) -> TrainingCorpus:
    """Return a corpus with the frames of its rows; a row of which nothing can be used is left out.

    Args:
        corpus: with samples that name recordings.
        perception: encoders.
        on_row: called after so many rows as are worth asking for at once.
        dev_alone: whether the training rows stay as they are, without frames, where nothing asks for these.

    Raises:
        InputError: nothing can be used in a split.
    """
    read = () if dev_alone else corpus.train
    total = len(read) + len(corpus.dev)
    found: list[tuple[Sample, Percept]] = []
    waiting = iter((*read, *corpus.dev))
    while group := list(islice(waiting, perception.together)):
        found += zip(group, perception.perceive(group), strict=True)
        on_row(len(found), total)
    train = [each for each in found[: len(read)] if _usable(*each)]
    dev = [each for each in found[len(read) :] if _usable(*each)]
    for name, split, rows in (("train", train, read), ("dev", dev, corpus.dev)):
        if rows and not split:
            why = next((reason for _, percept in found for reason in percept.absent.values()), "no row names any")
            raise InputError(f"{name} rows of {corpus.name!r} must bring something that can be used, got none: {why}")
    dev_rows = tuple(sample for sample, _ in dev)
    dev_frames = tuple(percept.frames for _, percept in dev)
    if dev_alone:
        return replace(corpus, dev=dev_rows, dev_frames=dev_frames)
    bad = corpus.left.bad + len(corpus.train) - len(train)
    return replace(
        corpus,
        train=tuple(sample for sample, _ in train),
        dev=dev_rows,
        train_frames=tuple(percept.frames for _, percept in train),
        dev_frames=dev_frames,
        left=replace(corpus.left, bad=bad),
    )


def against_speakers(
    corpus: TrainingCorpus, projectors: Projectors, seed: int, on_remark: Callable[[str], None] = lambda remark: None
) -> TrainingCorpus:
    """Return a corpus whose frames are compared with what their speakers are like, where a stream is to be.

    A part of the training rows stays as it is, so that a single recording of somebody unknown can be read too.

    Args:
        corpus: with frames.
        projectors: standardised by the training rows.
        seed: of which rows stay.
        on_remark: called with a sentence where speakers are not known.
    """
    baselines = Baselines(projectors)
    if not baselines or corpus.train_frames is None or corpus.dev_frames is None:
        return corpus
    train, dev = corpus.train_frames, corpus.dev_frames
    speakers: list[str | None] = []
    for sample, frames in zip((*corpus.train, *corpus.dev), (*train, *dev), strict=True):
        baselines.meet(sample.speaker, frames)
        if any(frames[place] is not None for place in baselines.places):
            speakers.append(sample.speaker)
    if remark := baselines.alone(speakers):
        on_remark(f"{corpus.name}: {remark}")
    chance = random.Random(seed)
    return replace(
        corpus,
        train_frames=tuple(
            frames if chance.random() < _ALONE else baselines.moved(sample.speaker, frames)
            for sample, frames in zip(corpus.train, train, strict=True)
        ),
        dev_frames=tuple(
            baselines.moved(sample.speaker, frames) for sample, frames in zip(corpus.dev, dev, strict=True)
        ),
    )


def without_some(
    sample: Sample, frames: Sequence[Frames | None], streams: Sequence[Stream], share: float, chance: random.Random
) -> tuple[Sample, tuple[Frames | None, ...]]:
    """Return a sample and its frames without some of its modalities, so that every subset is learnt; one stays.

    Args:
        sample: whose words may go.
        frames: of each stream, all those of a modality go together.
        streams: what the frames are of.
        share: probability that a modality goes.
        chance: decides.
    """
    there = [stream.modality for stream, each in zip(streams, frames, strict=True) if each is not None]
    brought = [*dict.fromkeys(there), *(["text"] if (sample.text or "").strip() else [])]
    gone = {modality for modality in brought if chance.random() < share}
    if gone and len(gone) == len(brought):
        gone.remove(chance.choice(brought))
    kept = tuple(None if stream.modality in gone else each for stream, each in zip(streams, frames, strict=True))
    return (replace(sample, text=None, context=()) if "text" in gone else sample), kept


def _usable(sample: Sample, percept: Percept) -> bool:
    return bool((sample.text or "").strip()) or any(each is not None for each in percept.frames)
