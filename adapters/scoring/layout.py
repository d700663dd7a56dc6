"""Where the tokens of a batch stand: packs of rows and copies of the label trie as one padded matrix with a mask.

Takes rows of token ids and a trie; gives tokens, positions, the attention mask and where each decision is read. A
pack's trunk is causal; the tokens of its branches, and the trie behind each row, hang on it as a tree: each sees its
ancestors and itself (tree attention, Cai et al. 2024, arXiv:2401.10774). Knows no model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from thymos.adapters.scoring.pack import Pack, pack
from thymos.adapters.scoring.trie import LabelTrie


@dataclass(frozen=True, slots=True)
class Layout:
    """A batch.

    Attributes:
        tokens: ids, (packs, size); padded on the right.
        positions: of each token behind the shared prefix, from 0, (packs, size).
        mask: 0 where a token is seen, -inf elsewhere, (packs or 1, 1, 1, size, size).
        reads: place of each row's decisions in the flattened batch, (rows, decisions).
    """

    tokens: Tensor
    positions: Tensor
    mask: Tensor
    reads: Tensor


class _Tree:
    """What hangs on one trunk: token, parent and position of each node, behind `width` columns of trunk."""

    def __init__(self, width: int) -> None:
        self._width = width
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.positions: list[int] = []

    def grow(self, token: int, parent: int) -> int:
        """Hang a token on a column; return its own."""
        above = parent if parent < self._width else self.positions[parent - self._width]
        self.tokens.append(token)
        self.parents.append(parent)
        self.positions.append(above + 1)
        return self._width + len(self.tokens) - 1


def arrange(rows: Sequence[Sequence[int]], trie: LabelTrie, like: Tensor) -> Layout:
    """Lay out rows.

    Args:
        rows: token ids of each row, each at least one.
        trie: the label words.
        like: a tensor of the device and dtype that the mask shall have.
    """
    packs = pack(rows)
    width = max(len(each.trunk) for each in packs)
    hung = [_hang(each, trie, width) for each in packs]
    trees = [tree for tree, _ in hung]
    size = width + max(len(tree.tokens) for tree in trees)
    tokens = torch.zeros(len(packs), size, dtype=torch.long)
    positions = torch.arange(size).repeat(len(packs), 1)
    parents = torch.zeros(len(packs), size - width, dtype=torch.long)
    reads: list[list[int]] = [[]] * len(rows)
    for place, (each, (tree, columns)) in enumerate(zip(packs, hung, strict=True)):
        nodes = slice(width, width + len(tree.tokens))
        tokens[place, : len(each.trunk)] = torch.tensor(each.trunk)
        tokens[place, nodes] = torch.tensor(tree.tokens, dtype=torch.long)
        positions[place, nodes] = torch.tensor(tree.positions, dtype=torch.long)
        parents[place, : len(tree.parents)] = torch.tensor(tree.parents, dtype=torch.long)
        for row, read in columns.items():
            reads[row] = [place * size + column for column in read]
    return Layout(
        tokens=tokens.to(like.device),
        positions=positions.to(like.device),
        mask=_mask(parents, width, size).to(like),
        reads=torch.tensor(reads, device=like.device),
    )


def causal(size: int, like: Tensor) -> Tensor:
    """Mask of -inf where a key is later than the query, (1, 1, 1, size, size)."""
    return _causal(size).to(like)[None, None, None]


def _causal(size: int) -> Tensor:
    return torch.full((size, size), float("-inf")).triu(1)


def _hang(each: Pack, trie: LabelTrie, width: int) -> tuple[_Tree, dict[int, list[int]]]:
    """Hang branches and tries on a trunk; return the tree, and for each row the columns of its decisions."""
    tree = _Tree(width)
    ends = []
    for branch in each.branches:
        end = branch.start - 1
        for token in branch.tokens:
            end = tree.grow(token, end)
        ends.append(end)
    ends.append(len(each.trunk) - 1)
    reads = {}
    for row, end in zip(each.rows, ends, strict=True):
        nodes: list[int] = []
        for token, parent in zip(trie.tokens, trie.parents, strict=True):
            nodes.append(tree.grow(token, end if parent < 0 else nodes[parent]))
        reads[row] = [end if decision.node < 0 else nodes[decision.node] for decision in trie.decisions]
    return tree, reads


def _mask(parents: Tensor, width: int, size: int) -> Tensor:
    """Mask over trunks and trees, (packs or 1, 1, 1, size, size).

    Trunk tokens see earlier ones: padding lies behind them and needs no mask.
    """
    mask = _causal(size)
    if size == width:
        return mask[None, None, None]
    batch = mask.repeat(len(parents), 1, 1)
    every = torch.arange(len(parents))
    for node in range(size - width):
        batch[:, width + node] = batch[every, parents[:, node]]
        batch[:, width + node, width + node] = 0.0
    return batch[:, None, None]
