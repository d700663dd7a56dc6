"""Projectors taught the LLM's words before the LLM runs: soft tokens drawn towards the embedding of the gold label's
word, and, where that is wished, towards the words of what was measured in the recording.

Takes projectors, corpora with frames and the LLM's token embeddings; changes the projectors alone. Each stream is
taught for itself, by a softmax over the cosines between its soft tokens and the label words, as images and captions are
aligned (Radford et al. 2021, arXiv:2103.00020). All of a signal's tokens together say its label; a cue (`high pitch`)
may be said by any one of them. It costs seconds, since no layer of the LLM is computed, and the LLM then reads soft
tokens that already mean something to it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F  # noqa: N812 - the name the whole field uses
from torch import Tensor

from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Frames, gather
from thymos.finetune.instruct.corpora import TrainingCorpus
from thymos.finetune.training.average import Average
from thymos.finetune.training.steps import rate
from thymos.prompts.taxonomy import Taxonomy

_ROWS = 32  # of a step
_SHARPNESS = (
    5.0  # what cosines are multiplied by; a small one asks for vectors that are the words, not only nearest to them
)
_WARMUP = 0.03  # share of the steps
_DECAY = 0.01  # of AdamW, its usual value
_AVERAGE = 0.98
_TELLING = (0.02, 0.98)  # share of the rows that have a cue: what nearly none or nearly all have tells nothing


def align(
    projectors: Projectors,
    corpora: Sequence[TrainingCorpus],
    tokenizer: Any,
    embedding: Tensor,
    *,
    epochs: float,
    peak: float,
    seed: int,
    cues: float = 0.0,
) -> list[str]:
    """Teach projectors; return a sentence for each modality on the cues that it learns, where any were asked for.

    Args:
        projectors: changed in place.
        corpora: with frames.
        tokenizer: of the LLM.
        embedding: of its tokens, (vocabulary, size).
        epochs: passes over the corpora.
        peak: learning rate.
        seed: of the order.
        cues: weight of the cues beside the labels; 0 leaves them out.
    """
    rows: list[tuple[Frames | None, ...]] = []
    golds: list[Tensor] = []  # a distribution over the words of all corpora, on the labels of the row's own
    words = [_words(corpus.taxonomy.words, tokenizer, embedding) for corpus in corpora]
    said: list[Mapping[str, tuple[str, ...]]] = []
    for number, corpus in enumerate(corpora):
        cued = corpus.train_cues or ({},) * len(corpus.train)
        for sample, frames, told in zip(corpus.train, corpus.train_frames or (), cued, strict=True):
            if any(each is not None for each in frames):
                rows.append(frames)
                golds.append(_target(sample.gold or (), corpus.taxonomy, words, number))
                said.append(told)
    if not rows or not epochs:
        return []
    kinds = {stream.modality for stream in projectors.streams} if cues else set()
    cued_by = {kind: _Cues.of([told.get(kind, ()) for told in said], tokenizer, embedding) for kind in sorted(kinds)}
    targets, label_words = torch.stack(golds), F.normalize(torch.cat(words), dim=1)
    chance = torch.Generator().manual_seed(seed)
    steps = max(1, round(epochs * len(rows) / _ROWS))
    parameters = dict(projectors.named_parameters())
    optimizer = torch.optim.AdamW(parameters.values(), weight_decay=_DECAY)
    average = Average(_AVERAGE, parameters)
    projectors.train()
    order = torch.empty(0, dtype=torch.long)
    for step in range(steps):
        if len(order) < _ROWS:
            order = torch.cat([order, torch.randperm(len(rows), generator=chance)])
        places, order = order[:_ROWS], order[_ROWS:]
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, peak, _WARMUP)
        here = {kind: (each.words, each.targets[places]) for kind, each in cued_by.items() if each is not None}
        loss = _loss(projectors, [rows[int(place)] for place in places], targets[places], label_words, here, cues)
        torch.autograd.backward(loss)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        average.update(parameters, step)
    with torch.no_grad():
        for name, weight in parameters.items():
            weight.copy_(average.weights[name])
    return [
        f"soft tokens of {kind} learn {len(each.words)} cues" if each else f"no cue of {kind} tells rows apart"
        for kind, each in cued_by.items()
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Cues:
    """What can be said of the recordings of one modality.

    Attributes:
        words: unit embeddings, (cues, size).
        targets: equal shares of the cues that a row has, (rows, cues); a row of zeros where it has none.
    """

    words: Tensor
    targets: Tensor

    @classmethod
    def of(cls, said: Sequence[Sequence[str]], tokenizer: Any, embedding: Tensor) -> Self | None:
        """Return those that tell rows apart; None where there are none."""
        counts = Counter(cue for told in said for cue in set(told))
        least, most = (share * sum(map(bool, said)) for share in _TELLING)
        known = sorted(cue for cue, count in counts.items() if least <= count <= most)
        if not known:
            return None
        targets = torch.tensor([[float(cue in told) for cue in known] for told in said])
        return cls(F.normalize(_words(known, tokenizer, embedding), dim=1), targets / targets.sum(1, True).clamp(min=1))


def _loss(
    projectors: Projectors,
    rows: Sequence[tuple[Frames | None, ...]],
    targets: Tensor,
    words: Tensor,
    cued: Mapping[str, tuple[Tensor, Tensor]],
    weight: float,
) -> Tensor:
    """Return the mean cross entropy over the signals of all streams, in nats.

    Args:
        projectors: give soft tokens.
        rows: frames of each.
        targets: of the labels, (rows, words); -1 at words of other corpora.
        words: unit embeddings of the labels, (words, size).
        cued: modality -> unit embeddings of its cues and the targets of these rows.
        weight: of the cues.
    """
    felt = gather(rows, projectors.streams)
    table = projectors(felt)
    assert table is not None  # every row brings something
    losses, begin = [], 0
    for place, stream in enumerate(projectors.streams):
        present = [row for row, frames in enumerate(rows) if frames[place] is not None]
        if not present:
            continue
        here = table[begin : begin + len(present) * stream.tokens]
        soft = F.normalize(here.reshape(len(present), stream.tokens, -1), dim=-1)
        begin += len(present) * stream.tokens
        gold = targets[present].to(soft)
        own = gold >= 0  # words of other corpora are no answers
        scores = (_SHARPNESS * (soft.mean(1) @ words.T)).masked_fill(~own, float("-inf")).log_softmax(-1)
        loss = -(gold.clamp(min=0) * scores.masked_fill(~own, 0.0)).sum(-1)
        if stream.modality in cued:
            cues, asked = cued[stream.modality]
            said = (_SHARPNESS * (soft @ cues.T).amax(1)).log_softmax(-1)  # (signals, cues)
            loss = loss - weight * (asked[present].to(soft) * said).sum(-1)
        losses.append(loss)
    return torch.cat(losses).mean()


def _words(words: Sequence[str], tokenizer: Any, embedding: Tensor) -> Tensor:
    """Return the mean embedding of the tokens of each word or phrase, (words, size)."""
    vectors = []
    for word in words:
        ids = tokenizer(f" {word}", add_special_tokens=False)["input_ids"]
        vectors.append(embedding[torch.tensor(ids)].float().mean(0))
    return torch.stack(vectors)


def _target(gold: Sequence[str], taxonomy: Taxonomy, words: Sequence[Tensor], number: int) -> Tensor:
    """Return equal shares of the gold labels among the words of one corpus, -1 at those of others."""
    target = torch.full((sum(map(len, words)),), -1.0)
    begin = sum(map(len, words[:number]))
    target[begin : begin + len(taxonomy)] = 0.0
    for name in gold:
        target[begin + taxonomy.index(name)] = 1 / len(gold)
    return target
