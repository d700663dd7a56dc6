"""Whisper's weights, wherever they lie, into openai-whisper's module.

Takes the embedded `whisper-tiny.en` (a `model.bin` of CTranslate2), or a folder or file of safetensors in the names of
transformers or of openai-whisper; gives a `SpeechModel`. Nothing is ever unpickled. Reading `model.bin` anew takes as
long as reading a converted copy would, so there is none in the cache. Knows nothing of sound.
"""

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.weights import EMBEDDED, locate, verify
from thymos.prompts.errors import ModelError

DEFAULT_SPEECH = "whisper-tiny.en"
HEAD_WIDTH = 64  # of every published size of Whisper (Radford et al. 2022, arXiv:2212.04356, table 1)
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}  # CTranslate2's numbers of data types, without bfloat16
_HF = (  # transformers' names -> openai-whisper's, tried in order on every name
    (r"^model\.", ""),
    (r"\.layers\.", ".blocks."),
    (r"encoder_attn_layer_norm", "cross_attn_ln"),
    (r"self_attn_layer_norm", "attn_ln"),
    (r"encoder_attn\.", "cross_attn."),
    (r"self_attn\.", "attn."),
    (r"q_proj", "query"),
    (r"k_proj", "key"),
    (r"v_proj", "value"),
    (r"out_proj", "out"),
    (r"final_layer_norm", "mlp_ln"),
    (r"fc1", "mlp.0"),
    (r"fc2", "mlp.2"),
    (r"embed_tokens", "token_embedding"),
    (r"embed_positions\.weight", "positional_embedding"),
    (r"encoder\.layer_norm", "encoder.ln_post"),
    (r"decoder\.layer_norm", "decoder.ln"),
)


@dataclass(frozen=True, slots=True, eq=False)
class SpeechModel:
    """Whisper in memory, in fp32 on the CPU.

    Attributes:
        model: `whisper.model.Whisper` in evaluation mode.
        name: as the user named it.
        sha256: over the files of weights.
    """

    model: Any
    name: str
    sha256: str


def load_whisper(name: str = DEFAULT_SPEECH) -> SpeechModel:
    """Load a Whisper of any size.

    Args:
        name: `whisper-tiny.en`, a folder with safetensors, or a `.safetensors` file.

    Raises:
        ModelError: it is not there, is a pickle, is damaged, or is no Whisper.
    """
    if name in EMBEDDED:
        if EMBEDDED[name].package != EMBEDDED[DEFAULT_SPEECH].package:
            raise ModelError(f"speech model must be a Whisper, got {name!r}; leave it out for {DEFAULT_SPEECH}")
        path = locate(name)
        verify(name, path)
        return SpeechModel(_build(read_ctranslate2(path), name), name, EMBEDDED[name].sha256)
    files = _files(name)
    tensors: dict[str, NDArray[Any]] = {}
    digest = hashlib.sha256()
    for file in files:
        tensors |= _read_safetensors(file)
        with file.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return SpeechModel(_build(openai_names(tensors), name), name, digest.hexdigest())


def read_ctranslate2(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a CTranslate2 `model.bin` under openai-whisper's names.

    The layout is that of CTranslate2 4's model reader: version, specification, revision, then named arrays.

    Raises:
        ModelError: the file is damaged or holds no Whisper in fp32 or fp16.
    """
    try:
        with path.open("rb") as file:
            return dict(_renamed(dict(_arrays(file))))
    except (struct.error, KeyError, ValueError, UnicodeDecodeError) as error:
        raise ModelError(f"{path.name} must be a Whisper of CTranslate2 in fp16 or fp32, got {error}") from error


def _arrays(file: BinaryIO) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield names and arrays of a CTranslate2 file."""

    def take(kind: str) -> Any:
        return struct.unpack(kind, file.read(struct.calcsize(kind)))[0]

    def text() -> str:
        return file.read(take("<H")).rstrip(b"\0").decode()

    if (version := take("<I")) != 6 or (kind := text()) != "WhisperSpec":
        raise ValueError(f"version {version}" if version != 6 else f"a {kind}")
    take("<I")  # revision of the specification
    for _ in range(take("<I")):
        name = text()
        shape = [take("<I") for _ in range(take("<B"))]
        dtype = np.dtype(_TYPES[take("<B")])
        yield name, np.frombuffer(file.read(take("<I")), dtype).reshape(shape)


def _renamed(arrays: dict[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield CTranslate2's arrays under openai-whisper's names, fused projections apart."""
    places = {
        "encoder/position_encodings/encodings": "encoder.positional_embedding",
        "decoder/position_encodings/encodings": "decoder.positional_embedding",
        "decoder/embeddings/weight": "decoder.token_embedding.weight",
    }
    parts = {
        "self_attention/layer_norm": "attn_ln",
        "attention/layer_norm": "cross_attn_ln",
        "ffn/layer_norm": "mlp_ln",
        "ffn/linear_0": "mlp.0",
        "ffn/linear_1": "mlp.2",
        "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
        "self_attention/linear_1": "attn.out",
        "attention/linear_0": "cross_attn.query",
        "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
        "attention/linear_2": "cross_attn.out",
    }
    ends = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}
    for name, array in arrays.items():
        side, *middle, end = name.split("/")
        if name in places:
            yield places[name], array
        elif end not in ends:
            continue  # settings of the engine
        elif middle == ["layer_norm"]:
            yield f"{side}.ln{'_post' if side == 'encoder' else ''}.{ends[end]}", array
        elif middle[0].startswith("conv"):
            yield f"{side}.{middle[0]}.{end}", array
        elif middle[0].startswith("layer_"):
            to, block = parts["/".join(middle[1:])], f"{side}.blocks.{middle[0][6:]}"
            targets = (to,) if isinstance(to, str) else to
            for target, part in zip(targets, np.split(array, len(targets)), strict=True):
                if not (target.endswith(".key") and end == "bias"):  # Whisper's keys have none; these are zeros
                    yield f"{block}.{target}.{ends[end]}", part


def openai_names(tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return tensors under openai-whisper's names, whichever of the two layouts they came in."""
    renamed = {}
    for name, tensor in tensors.items():
        if name == "proj_out.weight":
            continue  # the embedding again
        for pattern, to in _HF:
            name = re.sub(pattern, to, name)
        renamed[name] = tensor
    return renamed


def _files(name: str) -> list[Path]:
    """Return the safetensors that a path means."""
    path = Path(name).expanduser()
    found = sorted(path.glob("*.safetensors")) if path.is_dir() else [path] if path.is_file() else []
    pickles = [*path.glob("*.pt"), *path.glob("*.bin")] if path.is_dir() else found
    if not found and not pickles:
        raise ModelError(
            f"speech model must be {DEFAULT_SPEECH}, a folder with safetensors or such a file, got {name!r}; "
            "there is no such thing here"
        )
    if not found or found[0].suffix != ".safetensors":
        raise ModelError(
            f"speech weights must be safetensors, got {pickles[0].name}: a pickle can run code; where you trust it, "
            "convert it with safetensors.torch.save_file(torch.load(path, weights_only=True)['model_state_dict'], new)"
        )
    return found


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return {name: tensor.to(torch.float32).numpy() for name, tensor in load_file(path).items()}
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"speech weights must be whole safetensors, got {path}: {error}; fetch them again") from error


def _build(tensors: dict[str, NDArray[Any]], name: str) -> Any:
    """Return the module that tensors fill completely, each of the shape that it should have."""
    import torch
    from whisper.model import ModelDimensions, Whisper

    try:
        mels, state = tensors["encoder.conv1.weight"].shape[1], tensors["encoder.conv1.weight"].shape[0]
        vocabulary, text_state = tensors["decoder.token_embedding.weight"].shape
        blocks = [
            1 + max(int(match[1]) for key in tensors if (match := re.match(rf"{side}\.blocks\.(\d+)\.", key)))
            for side in ("encoder", "decoder")
        ]
        dims = ModelDimensions(
            n_mels=mels,
            n_audio_ctx=len(tensors["encoder.positional_embedding"]),
            n_audio_state=state,
            n_audio_head=max(1, state // HEAD_WIDTH),
            n_audio_layer=blocks[0],
            n_vocab=vocabulary,
            n_text_ctx=len(tensors["decoder.positional_embedding"]),
            n_text_state=text_state,
            n_text_head=max(1, text_state // HEAD_WIDTH),
            n_text_layer=blocks[1],
        )
        model = Whisper(dims)
        model.load_state_dict({key: torch.from_numpy(array.astype(np.float32)) for key, array in tensors.items()})
    except (KeyError, ValueError, RuntimeError) as error:
        why = " ".join(str(error).split())[:200]
        raise ModelError(f"speech model must be a whole Whisper, got {name!r}: {why}; fetch it again") from error
    return model.eval().requires_grad_(False)
