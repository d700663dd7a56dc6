"""Alignment: soft tokens become the words of their labels, each stream for itself, and nothing else changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name the whole field uses
from transformers import AutoTokenizer

from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Frames, Stream
from thymos.adapters.sample import Sample
from thymos.finetune.instruct.corpora import Left, TrainingCorpus
from thymos.finetune.training.align import align
from thymos.prompts.catalogue import load_taxonomy

LABELS = ("joy", "fear", "anger")
STREAMS = tuple(Stream(name, f"test-{name}", "f" * 64, 3, 1, "attention", 2, 16) for name in ("speech", "face"))


def corpus(rows: int) -> TrainingCorpus:
    """Rows whose label is the place of the one in their frames; every third brings one modality alone."""
    chance = np.random.default_rng(1)
    samples, frames = [], []
    for row in range(rows):
        label = row % 3
        made: list[Frames | None] = [
            (np.eye(3)[label] + chance.normal(scale=0.1, size=(4, 3))).astype(np.float16) for _ in STREAMS
        ]
        if row % 9 < 2:
            made[row % 9] = None
        samples.append(Sample(id=str(row), text="so", gold=(LABELS[label],)))
        frames.append(tuple(made))
    return TrainingCorpus("made", load_taxonomy("ekman"), (), tuple(samples), (), Left(), {}, tuple(frames))


def test_soft_tokens_become_the_words_of_their_labels(tiny_model: Path) -> None:
    taxonomy, tokenizer = load_taxonomy("ekman"), AutoTokenizer.from_pretrained(tiny_model)
    embedding = torch.randn(len(tokenizer), 48, generator=torch.Generator().manual_seed(2))
    torch.manual_seed(0)
    projectors = Projectors(STREAMS, size=48, norm=1.0)
    before = embedding.clone()
    align(projectors, [corpus(90)], tokenizer, embedding, epochs=20, peak=5e-3, seed=0)
    assert torch.equal(before, embedding)
    words = torch.stack([embedding[tokenizer(f" {word}")["input_ids"]].mean(0) for word in taxonomy.words])
    for place in range(2):  # each stream alone
        for label, name in enumerate(LABELS):
            row: list[Frames | None] = [None, None]
            row[place] = np.eye(3)[[label] * 4].astype(np.float16)
            table = projectors.eval().table([row])
            assert table is not None
            cosines = F.normalize(table, dim=1).mean(0) @ F.normalize(words, dim=1).T
            assert taxonomy.names[int(cosines.argmax())] == name


def test_a_token_becomes_what_was_measured_and_the_tokens_together_stay_the_label(tiny_model: Path) -> None:
    taxonomy, tokenizer = load_taxonomy("ekman"), AutoTokenizer.from_pretrained(tiny_model)
    embedding = torch.randn(len(tokenizer), 48, generator=torch.Generator().manual_seed(2))
    made = corpus(90)
    said = ("high pitch", "low pitch")
    cues = tuple({"speech": (said[row % 2], "always said")} for row in range(90))
    frames = tuple(  # whose last number tells the cue
        tuple(
            each if each is None else np.concatenate([each[:, :2], np.full((4, 1), row % 2 * 2 - 1)], 1) for each in of
        )
        for row, of in enumerate(made.train_frames or ())
    )
    made = replace(made, train_frames=frames, train_cues=cues)

    def aligned(weight: float) -> tuple[float, float]:
        torch.manual_seed(0)
        projectors = Projectors(STREAMS, size=48, norm=1.0)
        align(projectors, [made], tokenizer, embedding, epochs=30, peak=5e-3, seed=0, cues=weight)
        phrases = torch.stack([embedding[tokenizer(f" {each}")["input_ids"]].mean(0) for each in said])
        words = torch.stack([embedding[tokenizer(f" {word}")["input_ids"]].mean(0) for word in taxonomy.words])
        right = [0, 0]
        for row in range(18):
            if frames[row][0] is None:
                continue
            table = projectors.eval().table([(frames[row][0], None)])
            assert table is not None
            soft = F.normalize(table, dim=1)
            right[0] += int((soft @ F.normalize(phrases, dim=1).T).amax(0).argmax()) == row % 2
            right[1] += taxonomy.names[int((soft.mean(0) @ F.normalize(words, dim=1).T).argmax())] == LABELS[row % 3]
        return right[0] / 16, right[1] / 16

    cued, labelled = aligned(0.5)
    assert cued == 1.0 and labelled >= 0.9
    assert aligned(0.0)[0] < 0.9  # nobody told it


def test_the_same_seed_aligns_alike_and_no_epochs_change_nothing(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    embedding = torch.randn(len(tokenizer), 48, generator=torch.Generator().manual_seed(2))
    made = []
    for epochs in (0.0, 1.0, 1.0):
        torch.manual_seed(0)
        projectors = Projectors(STREAMS, size=48, norm=1.0)
        fresh = {name: weight.clone() for name, weight in projectors.state_dict().items()}
        align(projectors, [corpus(90)], tokenizer, embedding, epochs=epochs, peak=1e-3, seed=0)
        same = all(torch.equal(weight, fresh[name]) for name, weight in projectors.state_dict().items())
        assert same == (not epochs)
        made.append(projectors.state_dict())
    assert all(torch.equal(made[1][name], made[2][name]) for name in made[1])


def test_rows_that_bring_nothing_are_passed_over(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    projectors = Projectors(STREAMS, size=48, norm=1.0)
    silent = replace(corpus(9), train_frames=((None, None),) * 9)
    align(projectors, [silent], tokenizer, torch.randn(len(tokenizer), 48), epochs=1, peak=1e-3, seed=0)
