"""`Listening`: a forward pass that scores with gradients, with projectors before it. What is trained on recordings.

Takes token ids and the frames of a batch; gives logits. Knows neither peft nor files.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Felt
from thymos.adapters.scoring.trie import LabelTrie


class Listening(nn.Module):
    """`TunedLlama` or `GeneralTuned` with projectors."""

    def __init__(self, inner: nn.Module, projectors: Projectors) -> None:
        """Keep both.

        Args:
            inner: forward(prefix, rows, trie, soft).
            projectors: of the frames.
        """
        super().__init__()
        self.inner = inner
        self.projectors = projectors
        self.packs = bool(inner.packs)

    @property
    def model(self) -> nn.Module:
        """The LLM as peft or transformers knows it."""
        model = self.inner.model
        assert isinstance(model, nn.Module)
        return model

    def forward(
        self,
        prefix: Sequence[int],
        rows: Sequence[Sequence[int]],
        trie: LabelTrie,
        felt: Felt | Tensor | None = None,
    ) -> Tensor:
        """Score every choice of the trie after each row, (rows, choices).

        Args:
            prefix: token ids of the instruction.
            rows: token ids of each row, negative ones for soft tokens.
            trie: label words.
            felt: frames of the batch; or soft tokens, (soft tokens, dim), where they were projected before.
        """
        soft = self.projectors(felt) if isinstance(felt, Felt) else felt
        logits: Tensor = self.inner(prefix, rows, trie, soft)
        return logits
