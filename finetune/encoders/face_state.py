"""Everything that changes while the face network is trained, and how it is saved and restored.

Takes a recipe; gives a network, its optimizer and the moving average of its weights. Two states after the same steps
are equal whether or not one was saved in between. Knows no data.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from thymos.adapters.face.network import FaceNetwork, build_network
from thymos.finetune.encoders.face_recipe import FaceRecipe
from thymos.finetune.training import checkpoint


class FaceState:
    """Network, momentum and average after `step` steps."""

    def __init__(self, recipe: FaceRecipe, fingerprint: str) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.fingerprint, self.step = recipe, fingerprint, 0
        self.network = build_network()
        decayed = [value for value in self.network.parameters() if value.dim() > 1]
        free = [value for value in self.network.parameters() if value.dim() <= 1]
        groups: list[dict[str, Any]] = [{"params": decayed, "weight_decay": recipe.decay}, {"params": free}]
        self.optimizer = torch.optim.SGD(
            groups,
            lr=recipe.rate,
            momentum=recipe.momentum,
            nesterov=True,
        )
        for value in decayed + free:  # there from the start, so that restoring is copying
            self.optimizer.state[value]["momentum_buffer"] = torch.zeros_like(value)
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}

    def follow(self) -> None:
        """Count a step and move the average towards the weights; fast at first, when they say little."""
        self.step += 1
        keep = min(self.recipe.keep, self.step / (self.step + 10))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)

    def averaged(self) -> FaceNetwork:
        """Return a network with the averaged weights, for use."""
        return build_network(self.average).eval()

    def save(self, folder: Path) -> None:
        """Write a checkpoint.

        Raises:
            OutputError: the disk is full or refuses.
        """
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint.write(folder, checkpoint.Checkpoint(self.step, self.fingerprint, self._tensors(), {}))

    def restore(self, folder: Path) -> None:
        """Take over the newest checkpoint, if there is one.

        Raises:
            InputError: it is of another run.
        """
        found, _ = checkpoint.newest(folder, self.fingerprint)
        if found is not None:
            self.step = found.step
            with torch.no_grad():
                for name, value in self._tensors().items():
                    value.copy_(found.tensors[name])

    def _tensors(self) -> dict[str, Tensor]:
        """Return all tensors by name; they are the state's own."""
        named = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        named |= {f"average.{name}": value for name, value in self.average.items()}
        for name, value in self.network.named_parameters():
            named[f"momentum.{name}"] = self.optimizer.state[value]["momentum_buffer"]
        return named
