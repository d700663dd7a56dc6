"""The choice of engine, and what the compiled one may differ by."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest
from torch import Tensor

from thymos.adapters.llm.load import load_language_model
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.engine import COMPILE_FROM, Engine, can_compile, resolve_engine
from thymos.adapters.scoring.general import GeneralForward
from thymos.adapters.scoring.scorer import LabelScorer
from thymos.adapters.scoring.tight import TightLlama
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import ModelError
from thymos.prompts.template import load_prompt


def test_auto_takes_the_fast_forward_for_llama_and_the_models_own_for_the_rest(tiny_model: Path) -> None:
    name, forward = resolve_engine(load_language_model(str(tiny_model)), "auto")
    assert (name, type(forward)) == ("eager", TightLlama)
    other = load_language_model(str(tiny_model))
    other.model.config.attention_bias = True
    name, forward = resolve_engine(other, "auto")
    assert (name, type(forward)) == ("general", GeneralForward)


def test_a_fast_engine_for_a_model_it_cannot_compute_is_refused(tiny_model: Path) -> None:
    other = load_language_model(str(tiny_model))
    other.model.config.attention_bias = True
    with pytest.raises(ModelError, match="--engine general"):
        resolve_engine(other, "compiled")


def test_auto_compiles_only_where_many_rows_pay_for_it(tiny_model: Path) -> None:
    few, _ = resolve_engine(load_language_model(str(tiny_model)), "auto", expected_rows=COMPILE_FROM - 1)
    many, _ = resolve_engine(load_language_model(str(tiny_model)), "auto", expected_rows=COMPILE_FROM)
    assert few == "eager"
    assert many == ("compiled" if can_compile() else "eager")


_GLIBC = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.memset.argtypes, libc.free.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t], [ctypes.c_void_p]
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
"""


def in_glibc(work: str) -> str:
    """Return what a program prints that allocates by hand, in a process of its own."""
    command = [sys.executable, "-c", _GLIBC + work]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="goes by glibc's allocator")
def test_threads_that_freed_their_memory_do_not_hold_it_each() -> None:
    work = """
import threading
from thymos.adapters.scoring.engine import SCORING, keep_freed_memory
keep_freed_memory(SCORING)
begun, freed, left, lock = threading.Barrier(33), threading.Barrier(33), threading.Event(), threading.Lock()
def allocate():
    begun.wait()
    with lock:
        blocks = [libc.malloc(10_000_000) for _ in range(2)]
        for block in blocks:
            libc.memset(block, 1, 10_000_000)
        for block in blocks:
            libc.free(block)
    freed.wait()
    left.wait()
threads = [threading.Thread(target=allocate) for _ in range(32)]
for thread in threads:
    thread.start()
before = resident()
begun.wait()
freed.wait()
print(resident() - before)
left.set()
"""
    done = in_glibc(work)
    assert int(done) < 150_000_000  # of 640 MB that were freed


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="goes by glibc's allocator")
def test_holes_in_the_heap_are_given_back() -> None:
    work = """
from thymos.adapters.scoring.engine import TRAINING, give_back_freed_memory, keep_freed_memory
keep_freed_memory(TRAINING)
blocks = [libc.malloc(10_000_000) for _ in range(40)]
for block in blocks:
    libc.memset(block, 1, 10_000_000)
held = resident()
for block in blocks[:-1]:  # the last one stays, so that the end of the heap can't be given back
    libc.free(block)
give_back_freed_memory(10**12)  # far more than there is: nothing happens
kept = resident()
give_back_freed_memory(held // 2)
print(held - kept, held - resident())
"""
    done = in_glibc(work)
    kept, given = map(int, done.split())
    assert kept < 50_000_000 and given > 350_000_000  # of 390 MB that were freed


@pytest.mark.slow
@pytest.mark.skipif(not can_compile(), reason="needs a C++ compiler")
def test_no_engine_is_further_from_full_precision_than_another(shared: Path) -> None:
    lines = (shared / "data/text/goemotions/dev.tsv").read_text(encoding="utf-8").splitlines()[:500]
    taxonomy = load_taxonomy("goemotions")
    prompt = load_prompt("instruct", taxonomy)

    def probabilities(engine: Engine, dtype: str | None = None) -> tuple[Tensor, str]:
        model = load_language_model(dtype=dtype)
        _, forward = resolve_engine(model, engine)
        encoder = PromptEncoder(model.tokenizer, prompt.system, taxonomy.words, answer=prompt.answer)
        rows = [encoder.row(prompt.row(line.split("\t")[0])) for line in lines]
        return LabelScorer(forward, encoder).log_probabilities(rows).exp(), model.dtype

    exact, _ = probabilities("general", "float32")
    engines: tuple[Engine, ...] = ("eager", "compiled", "general")
    found = {engine: probabilities(engine) for engine in engines}
    errors = {engine: float((score - exact).abs().mean()) for engine, (score, _) in found.items()}
    worst = {engine: float((score - exact).abs().max()) for engine, (score, _) in found.items()}
    print(errors, worst)
    if found["eager"][1] == "float32":
        assert worst["compiled"] <= 0.02 and worst["eager"] <= 1e-3
    else:  # in bf16 all round, each in its own order
        assert max(errors.values()) <= 1.5 * min(errors.values()) and max(worst.values()) <= 0.1
