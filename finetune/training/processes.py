"""What several processes of one training agree on: how batches are dealt out, and who holds which weights.

Takes settings and models; refuses what can't be shared, and shares out the frozen weights of a base that is too large
for one device. Knows nothing of recipes or data.
"""

import os
from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from thymos.prompts.errors import InputError, ModelError

_OTHER_WAYS = {"ACCELERATE_USE_FSDP": "FSDP", "ACCELERATE_USE_DEEPSPEED": "DeepSpeed"}  # as accelerate's launcher sets


def check_launch(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse processes that were told to wrap the model in a way that training does not know.

    Raises:
        InputError: they were launched for FSDP or DeepSpeed.
    """
    for name, way in _OTHER_WAYS.items():
        if environment.get(name, "").lower() == "true":
            raise InputError(
                f"processes must be launched as data-parallel (accelerate launch --multi_gpu), got {way}; to share out "
                "the base's weights say --set train.shard=true (docs/TRAINING.md)"
            )


def leads(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether this process speaks for all: the first of several, or the only one."""
    return environment.get("RANK", "0") == "0"


def check_alone(what: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse several processes where each would do the whole.

    Raises:
        InputError: they are several.
    """
    if (several := environment.get("WORLD_SIZE", "1")) != "1":
        raise InputError(f"{what} must run in one process, got {several}; start it without accelerate launch")


def check_processes(accumulate: int, processes: int) -> None:
    """Refuse a number of batches a step that can't be dealt out.

    Raises:
        InputError: it is no multiple of the processes.
    """
    if accumulate % processes:
        raise InputError(
            f"train.accumulate must be a multiple of the {processes} processes, got {accumulate}; each "
            f"step's batches are dealt out to them: say --set train.accumulate={processes}"
        )


def share_out(model: Any, device: str, processes: int) -> int:
    """Let each process hold its share of the frozen weights in the layers of a model, in place.

    A layer's weights are gathered when it is computed, forwards and backwards, and let go after it (torch's
    `fully_shard`; ZeRO stage 3, Rajbhandari et al. 2020, arXiv:1910.02054). What is trained stays whole in each, and so
    do embedding and head. All processes must call the model as often as each other.

    Args:
        model: with its trained parameters marked; in the memory of the CPU, so that a device never holds it whole.
        device: of this process.
        processes: how many share.

    Returns:
        Number of the weights that are shared out, in all processes together.

    Raises:
        ModelError: the layers can't be found.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.partition(":")[0], (processes,))
    parent, layers = _decoder(model)
    # By their ids: whoever held the weights themselves would keep them whole beside the shares.
    inside = {id(weight) for layer in layers for weight in layer.parameters() if not weight.requires_grad}
    whole = {weight for weight in model.parameters() if id(weight) not in inside}
    shared: int = sum(weight.numel() for weight in model.parameters() if id(weight) in inside)
    for layer in layers:
        fully_shard(layer, mesh=mesh, ignored_params=whole)
    fully_shard(parent, mesh=mesh, ignored_params=whole)  # gathers the next layer while one is computed
    model.to(device)
    return shared


def data_parallel(module: nn.Module) -> nn.Module:
    """Return a module whose gradients are averaged over the processes, where they share out frozen weights.

    accelerate would refuse it on GPUs, though shares that nobody trains need no average.
    """
    names = [name for name, weight in module.named_parameters() if isinstance(weight, DTensor)]
    torchs: Any = DistributedDataParallel
    torchs._set_params_and_buffers_to_ignore_for_model(module, names)
    return DistributedDataParallel(module)


def shares_weights(module: nn.Module) -> bool:
    """Say whether this process holds its share of some weights alone, so that others must go along with every pass."""
    return any(isinstance(weight, DTensor) for weight in module.parameters())


def _decoder(model: Any) -> tuple[nn.Module, nn.ModuleList]:
    """Return the layers of a causal LM, and the module that calls them."""
    number = model.config.num_hidden_layers
    for parent in model.modules():
        for part in parent.children():
            if isinstance(part, nn.ModuleList) and len(part) == number:
                return parent, part
    raise ModelError(
        f"train.shard must be false for {model.config.model_type} models, got true: their {number} layers are in no "
        "one list; use train.method qlora"
    )
