"""`native_precision`: what encoders compute in, the number format that this processor multiplies fastest.

As the LLM does: bf16 where the processor has an instruction for it, else full precision. Between the two, frames differ
by about a hundredth of their spread, and a cache may hold both. Knows no encoder.
"""

from contextlib import AbstractContextManager
from functools import cache

import torch

from thymos.adapters.machine import machine


def native_precision() -> AbstractContextManager[object]:
    """Return a context in which matrix products and convolutions on the processor are computed so."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=_multiplies_bf16())


@cache
def _multiplies_bf16() -> bool:
    return machine(look_for_gpus=False).best_dtype("cpu") == "bfloat16"
