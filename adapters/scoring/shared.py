"""`SharedModel`: one base model in memory, and any number of adapters on it, each as if it were loaded alone.

Takes a base model's name; gives, for each adapter, a `LanguageModel` and a forward pass. An adapter costs its own few
megabytes: the low-rank updates are added beside the base's products instead of being merged into the weights, so that
changing from one to another loads nothing. Plain LoRA on the architectures that `TightLlama` computes.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from thymos.adapters.llm.adapter import WEIGHTS, adapter_folder, check_base, read_card
from thymos.adapters.llm.files import files_digest
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.scoring.engine import Engine, resolve_engine
from thymos.adapters.scoring.layer import Deltas, LowRank
from thymos.adapters.scoring.scorer import Forward
from thymos.adapters.scoring.tight import TightLlama
from thymos.adapters.scoring.tuned import is_plain
from thymos.adapters.weights import DEFAULT
from thymos.prompts.errors import ModelError

# The linears of a layer in the order of the fused matrices, as `tight` fuses them.
_FUSED = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "attention_out": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}


class SharedModel:
    """A base model that several adapters use.

    Example:
        >>> shared = SharedModel.load()
        >>> model, forward = shared.with_adapter("goemotions")
        >>> model.card.name
        'goemotions'
    """

    def __init__(self, model: LanguageModel, engine: Engine = "auto") -> None:
        """Take the weights over.

        Args:
            model: without an adapter.
            engine: auto, eager or compiled.

        Raises:
            ModelError: its architecture can't be shared.
        """
        self.base = model
        shapes = [_shapes(layer) for layer in model.model.model.layers] if hasattr(model.model, "model") else []
        if engine == "general":
            raise ModelError("engine must be auto, eager or compiled to share a model, got general; leave it out")
        self.engine, forward = resolve_engine(model, engine)
        if not isinstance(forward, TightLlama):
            raise ModelError(
                f"model must be of a Llama architecture in 16 or 32 bits to be shared, got {model.name!r}; load one "
                "labeler for each adapter"
            )
        self._tight = forward
        self._shapes = shapes
        self._updated: dict[str, tuple[LanguageModel, Forward]] = {}

    @classmethod
    def load(cls, model: str = DEFAULT, *, device: str | None = None, engine: Engine = "auto") -> Self:
        """Load a base model; as `load_language_model`."""
        return cls(load_language_model(model, device=device), engine)

    @property
    def tight(self) -> TightLlama:
        """What computes the base, for those that use its weights in another way."""
        return self._tight

    def with_adapter(self, adapter: str | None) -> tuple[LanguageModel, Forward]:
        """Return the model as it is known with an adapter, and what scores with it; None leaves the base as it is.

        Args:
            adapter: shipped name, folder or hub id. It is read the first time only.

        Raises:
            ModelError: it is damaged, for another base, or no plain LoRA.
        """
        if adapter is None:
            return self.base, self._tight
        if adapter not in self._updated:
            folder = adapter_folder(adapter)
            card = read_card(folder)
            if card is not None:
                check_base(card, adapter, self.base.name, self.base.sha256)
            known = replace(self.base, adapter=adapter, adapter_sha256=files_digest(folder), card=card, folder=folder)
            self._updated[adapter] = known, self._tight.updated(self._read(folder, adapter))
        return self._updated[adapter]

    def _read(self, folder: Path, adapter: str) -> list[Deltas]:
        """Read the updates of each layer."""
        with quiet():  # bitsandbytes, which it imports, tells of a kernel that nobody needs
            from peft import LoraConfig
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            weights = load_file(folder / WEIGHTS)
            config: Any = LoraConfig.from_pretrained(str(folder))
        except (SafetensorError, OSError, ValueError, TypeError) as error:
            raise ModelError(f"adapter must be whole, got {adapter!r}: {error}; fetch or save it again") from error
        if not is_plain(config):
            raise ModelError(
                f"adapter must be plain LoRA to share its base model, got {adapter!r} with more; load it alone"
            )
        parts = _by_linear(weights)
        layers = [f"layers.{number}" for number in range(len(self._shapes))]
        known = {f"{layer}.{name}" for layer in layers for names in _FUSED.values() for name in names}
        if unknown := parts.keys() - known:
            raise ModelError(
                f"adapter must update linear layers of {self.base.name!r} alone, got {adapter!r} with "
                f"{min(unknown)}; load it alone"
            )
        scale = config.lora_alpha / (config.r**0.5 if config.use_rslora else config.r)
        try:
            return [
                self._deltas(parts, layer, shapes, scale) for layer, shapes in zip(layers, self._shapes, strict=True)
            ]
        except (KeyError, RuntimeError) as error:
            raise ModelError(f"adapter must fit {self.base.name!r}, got {adapter!r}: {error!r}") from error

    def _deltas(
        self, parts: Mapping[str, Mapping[str, Tensor]], layer: str, shapes: Mapping[str, int], scale: float
    ) -> Deltas:
        """Fuse the updates of one layer; a part of a fused matrix without one gets zeros."""
        found: dict[str, LowRank | None] = {}
        for fused, names in _FUSED.items():
            own = [parts.get(f"{layer}.{name}") for name in names]
            like = next((each for each in own if each is not None), None)
            if like is None:
                found[fused] = None
                continue
            nothing = torch.zeros_like(like["lora_A"])
            downs = [each["lora_A"] if each is not None else nothing for each in own]
            ups = [
                each["lora_B"].float() * scale if each is not None else torch.zeros(shapes[name], len(nothing))
                for each, name in zip(own, names, strict=True)
            ]
            found[fused] = LowRank(down=self._like(torch.cat(downs)), ups=tuple(map(self._like, ups)))
        return Deltas(**found)

    def _like(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.base.device, getattr(torch, self.base.dtype))


def _shapes(layer: Any) -> dict[str, int]:
    """Return the output size of each linear of a layer."""
    return {name: layer.get_submodule(name).out_features for names in _FUSED.values() for name in names}


def _by_linear(weights: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Return `layers.N.part.linear` -> lora_A and lora_B, from peft's names."""
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in weights.items():
        linear, _, which = name.removesuffix(".weight").rpartition(".")
        found.setdefault(linear.removeprefix("base_model.model.model."), {})[which] = tensor
    return found
