"""`LabelTrie`: label words as a tree of tokens, and the decisions along it.

Takes the token ids of each label's verbaliser; gives the positions at which the model must be read and how
their scores combine. Knows no model.

The probability of a label is that of constrained decoding emitting it: at every node of the tree where more
than one token may follow, the model's next-token distribution is restricted to these tokens and renormalised;
a label's probability is the product along its path (Willard and Louf 2023, arXiv:2307.09702, sample from the
same distribution). Where all words differ in their first token this is one softmax at one position. A word
that begins another ("joy", "joyful") ends by the end-of-turn token, which then competes with the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from thymos.prompts.errors import TaxonomyError


@dataclass(frozen=True, slots=True)
class Decision:
    """A node where the model chooses.

    Attributes:
        node: index into the tree's tokens after which the choice is made; -1 for the end of the prompt.
        path: tokens from the root to the node.
        tokens: what may follow.
    """

    node: int
    path: tuple[int, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LabelTrie:
    """Label words as a tree of tokens.

    Attributes:
        tokens: token of each inner node that must be fed to the model, parents before children.
        parents: index of each node's parent, -1 for the root.
        depths: distance of each node from the last prompt token, minus one (0 for a first token).
        decisions: where the model chooses, the root first.
        steps: for each label, the (decision, choice) pairs along its path.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    depths: tuple[int, ...]
    decisions: tuple[Decision, ...]
    steps: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def choices(self) -> int:
        """Number of scores to read for each row, over all decisions."""
        return sum(len(decision.tokens) for decision in self.decisions)

    def log_probabilities(self, scores: torch.Tensor) -> torch.Tensor:
        """Combine scores into label log-probabilities.

        Args:
            scores: logits of every decision's tokens, decisions one after another, (rows, choices).

        Returns:
            (rows, labels), float32; each row's probabilities sum to 1.
        """
        widths = [len(decision.tokens) for decision in self.decisions]
        chosen = [part.log_softmax(-1) for part in torch.split(scores.float(), widths, dim=1)]
        columns = [
            torch.stack([chosen[decision][:, choice] for decision, choice in path]).sum(0) for path in self.steps
        ]
        return torch.stack(columns, dim=1)


def build_trie(words: Sequence[Sequence[int]], end: int) -> LabelTrie:
    """Build the tree of label words.

    Args:
        words: token ids of each label's verbaliser, in label order.
        end: the token that ends the model's turn.

    Raises:
        TaxonomyError: two words have the same tokens, or one has none.
    """
    if any(not word for word in words):
        raise TaxonomyError("label words must have at least one token, got an empty one; give it a `word:`")
    if len({tuple(word) for word in words}) != len(words):
        raise TaxonomyError("label words must differ in their tokens, got two alike; give one another `word:`")
    ended = [(*word, end) for word in words]
    branches = _branches(ended)
    nodes = _nodes(branches)
    index = {path: position for position, path in enumerate(nodes)}
    decisions = tuple(Decision(node=index.get(path, -1), path=path, tokens=tokens) for path, tokens in branches.items())
    order = {decision.path: position for position, decision in enumerate(decisions)}
    return LabelTrie(
        tokens=tuple(path[-1] for path in nodes),
        parents=tuple(index.get(path[:-1], -1) for path in nodes),
        depths=tuple(len(path) - 1 for path in nodes),
        decisions=decisions,
        steps=tuple(
            tuple(
                (order[word[:length]], branches[word[:length]].index(word[length]))
                for length in range(len(word))
                if word[:length] in branches
            )
            for word in ended
        ),
    )


def _branches(words: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Return path -> tokens that may follow, where there are several; shorter paths first."""
    follows: dict[tuple[int, ...], dict[int, None]] = {}
    for word in words:
        for length in range(len(word)):
            follows.setdefault(word[:length], {})[word[length]] = None
    branching = {path: tuple(tokens) for path, tokens in follows.items() if len(tokens) > 1}
    return dict(sorted(branching.items(), key=lambda item: len(item[0])))


def _nodes(branches: dict[tuple[int, ...], tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return every path that must be fed so that each branch can be read, parents before children."""
    needed = {path[: length + 1] for path in branches for length in range(len(path))}
    return sorted(needed, key=lambda path: (len(path), path))
