"""Which forward pass computes the scores: the fast one where it can, any model's own where it can't.

Takes a loaded model and a wish; gives the forward and the name of what was chosen. The names are recorded with
every run, since engines agree to rounding only.
"""

import ctypes
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Literal

import psutil

from thymos.adapters.llm.load import LanguageModel
from thymos.adapters.scoring.general import GeneralForward
from thymos.adapters.scoring.scorer import Forward
from thymos.adapters.scoring.tight import TightLlama, supports
from thymos.adapters.weights import cache_dir
from thymos.prompts.errors import ModelError

Engine = Literal["auto", "eager", "compiled", "general"]
COMPILERS = ("g++", "clang++", "c++")
COMPILE_FROM = 10_000  # rows: below, compiling takes longer than it saves

SCORING, TRAINING = 128 << 20, 1 << 30  # bytes that are kept: some layers' buffers, all activations
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
_LARGEST = 1 << 30  # bytes of a block that is kept
_MATRIX = 1 << 20  # bytes of a block that is large where none is kept
_ARENAS = 2  # each keeps what its threads freed, so that one per thread would hold many times what is in use


def resolve_engine(
    model: LanguageModel, wish: Engine = "auto", *, expected_rows: int | None = None
) -> tuple[Engine, Forward]:
    """Choose the forward pass.

    Args:
        model: loaded; "eager" and "compiled" take its weights over.
        wish: "auto" is "eager" for Llama architectures in bf16, fp16 or fp32, "compiled" where at least `COMPILE_FROM`
            rows are expected and a C++ compiler is there, and "general" for all else.
        expected_rows: how many rows are to come, where that is known.

    Raises:
        ModelError: the wish can't be granted for this model or machine.
    """
    fast = model.load_in is None and supports(model.model.config)
    if wish == "auto":
        many = expected_rows is not None and expected_rows >= COMPILE_FROM
        wish = ("compiled" if many and can_compile() else "eager") if fast else "general"
    if wish == "general":
        return wish, GeneralForward(model.model)
    if not fast:
        raise ModelError(
            f"engine must be general for {model.name!r} ({model.model.config.model_type}"
            f"{', ' + model.load_in if model.load_in else ''}), got {wish}; use --engine general or auto"
        )
    if wish == "compiled" and model.device.startswith("cpu") and not can_compile():
        raise ModelError("engine compiled must have a C++ compiler, got none; install g++ or use --engine eager")
    keep_freed_memory(SCORING)
    if wish == "compiled":  # where inductor keeps what it built, so that only the first run compiles
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_dir() / "inductor"))
    return wish, TightLlama(model.model, compiled=wish == "compiled")


def can_compile() -> bool:
    """Say whether torch.compile can build for the CPU here."""
    return any(shutil.which(name) for name in COMPILERS)


def keep_freed_memory(most: int) -> None:
    """Tell glibc to keep freed blocks for the next batch instead of giving them back to the kernel.

    A layer's buffers are megabytes; faulting them in anew for every product costs a quarter of the time. Elsewhere than
    on glibc this does nothing.

    Args:
        most: bytes that are kept at the end of the heap, `SCORING` or `TRAINING`.
    """
    _tell_malloc({_M_MMAP_THRESHOLD: _LARGEST, _M_TRIM_THRESHOLD: most, _M_ARENA_MAX: _ARENAS})


def let_freed_matrices_go() -> None:
    """Tell glibc to give large blocks back to the kernel as soon as they are freed: for layers that come and go."""
    _tell_malloc({_M_MMAP_THRESHOLD: _MATRIX})


def _tell_malloc(settings: Mapping[int, int]) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
    if mallopt is not None:
        for name, value in settings.items():
            mallopt(name, value)


def give_back_freed_memory(resident: int = 0) -> None:
    """Give freed blocks back to the kernel, those in the middle of the heap too; does nothing elsewhere than on glibc.

    Batches of many shapes leave holes that the next one does not fit into, so that the heap grows batch by batch.

    Args:
        resident: bytes of the process in memory below which they are kept, since faulting them in anew takes time.
    """
    if resident and psutil.Process().memory_info().rss < resident:
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)
