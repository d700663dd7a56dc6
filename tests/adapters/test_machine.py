"""`thymos.adapters.machine`: parsing what the system tells, and the rule for the number format."""

import subprocess
import sys

import psutil
import pytest

from thymos.adapters.machine import Gpu, Machine, cpu_quota, machine, processor_features, processor_name

X86 = """processor\t: 0
model name\t: Imaginary 9000
flags\t\t: fpu avx2 avx512f avx512_bf16 rdtscp

processor\t: 1
model name\t: Imaginary 9000
flags\t\t: fpu avx2 avx512f rdtscp
"""
ARM = """processor\t: 0
Features\t: fp asimd i8mm bf16
CPU implementer\t: 0x41
"""


def a_machine(*features: str, gpus: tuple[Gpu, ...] = ()) -> Machine:
    return Machine("Imaginary", 4, 8, features, 16 << 30, 8 << 30, gpus)


def test_a_feature_counts_only_when_every_core_has_it() -> None:
    assert processor_features(X86) == ("avx2", "avx512f")


def test_arm_features_are_read_from_their_own_key() -> None:
    assert processor_features(ARM) == ("asimd", "bf16", "i8mm")


def test_no_cpuinfo_means_no_known_features() -> None:
    assert processor_features("") == ()


@pytest.mark.parametrize(("text", "name"), [(X86, "Imaginary 9000"), (ARM, None)])
def test_processor_name_is_the_model_name_or_none(text: str, name: str | None) -> None:
    assert processor_name(text) == name


@pytest.mark.parametrize(
    ("text", "cores"),
    [("150000 100000", 1.5), ("50000", 0.5), ("max 100000", None), ("-1 100000", None), (None, None)],
)
def test_cpu_quota_is_quota_over_period(text: str | None, cores: float | None) -> None:
    assert cpu_quota(text) == cores


@pytest.mark.parametrize("feature", ["avx512_bf16", "amx_bf16", "bf16"])
def test_a_processor_that_multiplies_bf16_computes_in_it(feature: str) -> None:
    assert a_machine("avx2", feature).best_dtype() == "bfloat16"


def test_a_processor_without_bf16_computes_in_float32() -> None:
    assert a_machine("avx2", "avx512f", "avx512_vnni").best_dtype() == "float32"


def test_a_gpu_decides_unless_the_processor_is_asked_for() -> None:
    old, new = Gpu("old", 8 << 30, bfloat16=False), Gpu("new", 8 << 30, bfloat16=True)
    assert a_machine("avx2", gpus=(new,)).best_dtype() == "bfloat16"
    assert a_machine("avx512_bf16", gpus=(old,)).best_dtype() == "float16"
    assert a_machine("avx512_bf16", gpus=(new, old)).best_dtype("cuda") == "float16"
    assert a_machine("avx2", gpus=(new,)).best_dtype("cpu") == "float32"


def test_this_machine_is_within_what_psutil_counts() -> None:
    this = machine(look_for_gpus=False)
    assert 1 <= this.usable_cores <= (psutil.cpu_count() or 1)
    assert 0 < this.memory_available <= this.memory_total <= psutil.virtual_memory().total
    assert this.gpus == ()


def test_looking_at_the_machine_without_gpus_leaves_torch_alone() -> None:
    code = (
        "import sys; from thymos.adapters.machine import machine; "
        "machine(look_for_gpus=False); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
