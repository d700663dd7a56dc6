"""The model of a fine-tuning: base LLM, what is trained on it, and the forward pass that scores with gradients.

Takes the settings of a recipe; gives a `Trainee`. The only file of the training that knows peft. Knows nothing of data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from thymos.adapters.llm.adapter import WEIGHTS, adapter_folder, check_base, read_card
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.llm.quiet import quiet
from thymos.adapters.machine import machine
from thymos.adapters.projectors.listening import Listening
from thymos.adapters.projectors.store import Projectors, load_projectors
from thymos.adapters.projectors.streams import Stream
from thymos.adapters.scoring.engine import TRAINING, can_compile, keep_freed_memory, let_freed_matrices_go
from thymos.adapters.scoring.general import GeneralTuned
from thymos.adapters.scoring.tuned import TunedLlama, supports_tuning
from thymos.finetune.recipe_parts import LoraRecipe, TrainRecipe
from thymos.finetune.training.processes import share_out
from thymos.prompts.errors import InputError, ModelError


@dataclass(frozen=True, slots=True, eq=False)
class Trainee:
    """A model that learns.

    Attributes:
        base: what it starts from; its `model` is part of `module`.
        module: forward(prefix, rows, trie, felt) -> (rows, choices), with gradients.
        engine: which forward pass that is.
        fresh: whether there are projectors, and none of them is another adapter's.
        shared: frozen weights of which each process holds a part, all parts together; 0 where each holds all.
    """

    base: LanguageModel
    module: nn.Module
    engine: str
    fresh: bool = False
    shared: int = 0

    @property
    def peft_model(self) -> Any:
        """The model as peft or transformers knows it, for saving."""
        return self.module.model

    @property
    def projectors(self) -> Projectors | None:
        """What turns frames into soft tokens; None where text alone is read."""
        found: Projectors | None = getattr(self.module, "projectors", None)
        return found

    def trained(self) -> dict[str, nn.Parameter]:
        """Return the parameters that are trained, by name."""
        return {name: p for name, p in self.module.named_parameters() if p.requires_grad}

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of what was trained."""
        return {name: p.detach().clone() for name, p in self.trained().items()}

    @torch.no_grad()
    def load(self, weights: dict[str, Tensor]) -> None:
        """Put weights in the place of those that are trained."""
        for name, parameter in self.trained().items():
            parameter.copy_(weights[name])


def build(
    model: str,
    lora: LoraRecipe,
    train: TrainRecipe,
    *,
    start_from: str | None = None,
    device: str | None = None,
    streams: Sequence[Stream] = (),
    processes: int = 1,
) -> Trainee:
    """Load the base model and prepare what is trained.

    Args:
        model: as in `load_language_model`.
        lora: the update, unless all weights are trained.
        train: method, frozen layers, engine and seed are read.
        start_from: adapter whose weights are learnt on.
        device: torch device; a GPU if there is one when None.
        streams: to listen to beside the text.
        processes: of the training, which may share out frozen weights.

    Raises:
        ModelError: the model can't be used here, or not so.
        InputError: the recipe asks for what the model does not have.
    """
    torch.manual_seed(train.seed)
    shares = train.shard and processes > 1
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    base = _base(model, train.method, device, shares=shares)
    tuned = _full(base.model, train.freeze_layers) if train.method == "full" else with_lora(base, lora, train)
    if start_from is not None:
        learn_on(tuned, start_from, model, base.sha256)
    tuned.train()
    if train.method == "projectors":
        tuned.requires_grad_(False)
    fast = train.method in ("lora", "projectors") and not train.shard and supports_tuning(tuned)
    engine = train.engine
    if engine == "auto":
        on_gpu = not device.startswith("cpu")  # a process of several says "cpu:0"
        engine = ("compiled" if on_gpu and can_compile() else "eager") if fast else "general"
    if engine != "general" and not fast:
        raise ModelError(
            f"engine must be general for {train.method} on {model!r} with these settings, got {engine}; the fast one "
            "trains LoRA without dropout, DoRA or shard on Llama architectures"
        )
    embedding = base.model.get_input_embeddings().weight.detach().float()
    norm = float(embedding.square().mean().sqrt())
    general = engine == "general"
    module: nn.Module = GeneralTuned(tuned) if general else TunedLlama(tuned, compiled=engine == "compiled")
    if shares:
        return Trainee(replace(base, device=device), module, engine, shared=share_out(tuned, device, processes))
    if streams:
        projectors = Projectors(streams, size=embedding.shape[1], norm=norm, dropout=train.projector_dropout)
        fresh = start_from is None or not _start_projectors(projectors, start_from)
        return Trainee(base, Listening(module, projectors.to(base.device)), engine, fresh)
    return Trainee(base, module, engine)


def _base(model: str, method: str, device: str, *, shares: bool) -> LanguageModel:
    """Load the base; into the memory of the CPU where its layers will be shared out, layer by layer."""
    if shares:
        let_freed_matrices_go()
        return load_language_model(
            model, device="cpu", dtype=machine().best_dtype("cuda" if device.startswith("cuda") else "cpu")
        )
    keep_freed_memory(TRAINING)
    return load_language_model(
        model,
        load_in="4bit" if method == "qlora" else None,
        device=device,
        dtype="float32" if method == "full" else None,  # small updates vanish in 16 bits
    )


def _start_projectors(projectors: Projectors, adapter: str) -> bool:
    """Put the projectors of an adapter where new ones were made, if it listened to the same; say whether it did.

    The LLM of one that listened to something else has still learnt to read soft tokens.
    """
    found = load_projectors(adapter_folder(adapter))
    if found is None or found.streams != projectors.streams:
        return False
    projectors.load_state_dict(found.state_dict())
    return True


def with_lora(base: LanguageModel, lora: LoraRecipe, train: TrainRecipe) -> Any:
    """Put LoRA on a model.

    Raises:
        InputError: the recipe names layers that the model does not have.
    """
    with quiet():  # bitsandbytes, which it imports, tells of a kernel that nobody needs
        from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    names = _linears(base.model)
    targets = names if lora.targets == "all-linear" else lora.targets
    if missing := [target for target in targets if target not in names]:
        raise InputError(f"lora.targets must be linear layers ({', '.join(names)}), got {missing[0]!r}; name those")
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # a float scales as well
        target_modules=list(targets),
        layers_to_transform=_trained_layers(base.model, train.freeze_layers),
        lora_dropout=lora.dropout,
        use_rslora=lora.rslora,
        use_dora=lora.dora,
        task_type="CAUSAL_LM",
    )
    with quiet():
        model: Any = base.model
        if train.method == "qlora":
            prepare: Any = prepare_model_for_kbit_training
            model = prepare(model, use_gradient_checkpointing=False)
            _never_pack(model)
        return get_peft_model(model, config)


def _never_pack(model: Any) -> None:
    """Keep 4-bit weights in the form through which gradients flow.

    On processors with AVX512-BF16, bitsandbytes packs them anew in the first forward pass in evaluation mode, a look at
    dev, and the products of packed weights have no backward pass: training would go on with wrong gradients.
    """
    for part in model.modules():
        if hasattr(part, "support_avx512bf16_for_cpu"):
            part.support_avx512bf16_for_cpu = False


def learn_on(model: Any, adapter: str, base: str, base_sha256: str) -> None:
    """Put the weights of an adapter where LoRA was begun anew.

    Args:
        model: from `with_lora`.
        adapter: shipped name, folder or hub id.
        base: how the base model is named.
        base_sha256: of its weights.

    Raises:
        InputError: the shapes differ.
        ModelError: there is no such adapter, it is damaged, or it belongs to another base.
    """
    with quiet():  # bitsandbytes, which it imports, tells of a kernel that nobody needs
        from peft import LoraConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not isinstance(model, PeftModel):
        raise InputError(
            f"start_from must be left out in full fine-tuning, got {adapter!r}; merge it into the base first"
        )
    folder = adapter_folder(adapter)
    card = read_card(folder)
    if card is not None:
        check_base(card, adapter, base, base_sha256)
    try:
        weights = load_file(folder / WEIGHTS)
        shape: Any = LoraConfig.from_pretrained(str(folder))
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelError(f"adapter must be whole, got {adapter!r}: {error}; fetch or save it again") from error
    own = get_peft_model_state_dict(model)
    mine: Any = model.peft_config["default"]
    alike = own.keys() == weights.keys() and all(own[name].shape == weights[name].shape for name in own)
    if not alike or (mine.lora_alpha, mine.use_rslora, mine.use_dora) != (
        shape.lora_alpha,
        shape.use_rslora,
        shape.use_dora,
    ):
        raise InputError(
            f"lora and train.freeze_layers must be those of the adapter that is started from, got another shape than "
            f"{adapter!r} (rank {shape.r}, alpha {shape.lora_alpha}, layers {shape.layers_to_transform}); change them"
        )
    set_peft_model_state_dict(model, weights)


def _full(model: Any, freeze_layers: int) -> Any:
    """Mark the decoder layers that are trained; embedding and head stay."""
    trained = set(_trained_layers(model, freeze_layers))
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for number, layer in enumerate(model.model.layers):
        layer.requires_grad_(number in trained)
    return model


def _trained_layers(model: Any, freeze_layers: int) -> list[int]:
    layers = model.config.num_hidden_layers
    if freeze_layers >= layers:
        raise InputError(
            f"train.freeze_layers must be below the model's {layers} layers, got {freeze_layers}; train some"
        )
    return list(range(freeze_layers, layers))


def _linears(model: Any) -> tuple[str, ...]:
    """Return the names of the linear layers inside decoder layers, without their path."""
    from transformers.pytorch_utils import Conv1D

    inside = [(name, part) for name, part in model.named_modules() if ".layers." in name or ".h." in name]
    return tuple(
        dict.fromkeys(name.rpartition(".")[2] for name, part in inside if isinstance(part, nn.Linear | Conv1D))
    )
