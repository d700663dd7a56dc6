"""Can this model be used here, and if not, why? Looks at names and small files; never loads weights.

Takes what a user would pass as `--model`: the name of embedded weights, a folder, a `.gguf` file or a hub
id. Gives a `ModelReport`. Runs no code that a model brings and refuses weights that are pickles. Knows
nothing of how a model is loaded or asked.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from thymos.adapters.weights import DEFAULT, EMBEDDED, locate
from thymos.prompts.errors import ModelError

Kind = Literal["embedded", "folder", "GGUF file", "hub"]

FAST_ARCHITECTURES = frozenset({"LlamaForCausalLM"})  # what the fast engine computes; others take the general one
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_HUB_ID = re.compile(r"\w[\w.-]*/[\w.-]+", re.ASCII)  # owner/name
_GGUF_WITHOUT_LLM = frozenset({"general", "tokenizer", "t5", "umt5"})  # of transformers' list of architectures


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What can be said of a model without loading it.

    Attributes:
        name: what to pass as `--model`.
        kind: where such a name is looked up.
        where: folder or file on this machine; None when it is not here.
        architecture: transformers' class name, or the GGUF architecture; None when unknown.
        size: bytes of its weights; None when unknown.
        licence: as its card says (SPDX where the card does); None when it says nothing.
        role: what it is for.
        engine: what would compute its answers; None when nothing can.
        refusal: why it cannot be used here and what to do; None when it can.
    """

    name: str
    kind: Kind
    where: Path | None = None
    architecture: str | None = None
    size: int | None = None
    licence: str | None = None
    role: str = "language model"
    engine: Literal["fast", "general"] | None = None
    refusal: str | None = None

    @property
    def usable(self) -> bool:
        """It can label on this machine now."""
        return self.refusal is None


def inspect_model(name: str) -> ModelReport:
    """Look at one model, named as for `--model`.

    Raises:
        ModelError: the name is neither embedded, nor something on disk, nor shaped like a hub id.
    """
    if name in EMBEDDED:
        return _embedded(name)
    path = Path(name).expanduser()
    if name and path.is_dir():
        return _folder(name, path)
    if path.is_file() and path.suffix == ".gguf":
        return _gguf(name, path)
    for report in hub_models():
        if report.name == name:
            return report
    if path.is_file() or not _HUB_ID.fullmatch(name) or path.suffix == ".gguf":
        raise ModelError(
            f"model must be one of {', '.join(EMBEDDED)}, a folder, a .gguf file or a hub id (owner/name), "
            f"got {name!r}; `thymos models` lists what is here"
        )
    absent = "no folder here has that name, nor is it in the Hugging Face cache; it is fetched at first use"
    return ModelReport(name, "hub", refusal=f"{absent} where the network is there")


def embedded_models() -> list[ModelReport]:
    """Look at the weights that come with the installation, the default first."""
    return [_embedded(name) for name in EMBEDDED]


def hub_models() -> list[ModelReport]:
    """Look at the models in the Hugging Face cache of this machine, by name."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    reports = []
    for repository in sorted(repositories, key=lambda repository: repository.repo_id):
        if repository.repo_type == "model" and repository.revisions:
            # a hub id means its main branch; without one, the newest download
            snapshot = max(repository.revisions, key=lambda revision: ("main" in revision.refs, revision.last_modified))
            reports.append(replace(_folder(repository.repo_id, snapshot.snapshot_path), kind="hub"))
    return reports


def _embedded(name: str) -> ModelReport:
    weights = EMBEDDED[name]
    report = ModelReport(name, "embedded", licence=weights.licence, role=weights.role)
    try:
        path = locate(name)
    except ModelError as error:
        return replace(report, refusal=str(error))
    report = replace(report, where=path, size=path.stat().st_size)
    if name != DEFAULT:
        return replace(report, refusal=f"it is for {weights.role}, which no command uses yet")
    return replace(report, architecture="LlamaForCausalLM", engine="fast")


def _folder(name: str, folder: Path) -> ModelReport:
    """Report on a folder in transformers' layout; reads only its JSON files and its card."""
    report = ModelReport(name, "folder", where=folder, licence=_licence(folder / "README.md"))
    try:
        architecture = _architecture(folder)
        size = _weights_size(folder)
        if not any((folder / file).is_file() for file in ("tokenizer.json", "tokenizer.model")):
            raise ModelError("it has no tokenizer.json or tokenizer.model; copy the one it was trained with")
    except ModelError as error:
        return replace(report, refusal=str(error))
    report = replace(report, architecture=architecture, size=size)
    if architecture not in FAST_ARCHITECTURES and architecture not in _causal_architectures():
        reason = "not a language model that transformers loads without running its author's code"
        return replace(report, refusal=f"{architecture} is {reason}; take another model")
    return replace(report, engine="fast" if architecture in FAST_ARCHITECTURES else "general")


def _architecture(folder: Path) -> str:
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise ModelError("it is an adapter, not a model; pass it with --adapter")
        if ggufs := sorted(path.name for path in folder.glob("*.gguf")):
            raise ModelError(f"it holds GGUF files; name one of them, such as {folder / ggufs[0]}")
        raise ModelError("it has no config.json; name a folder written by save_pretrained")
    match _json(folder / "config.json").get("architectures"):
        case [str(architecture), *_]:
            return architecture
        case _:
            raise ModelError("its config.json names no architecture; save it again with transformers")


def _weights_size(folder: Path) -> int:
    """Return the bytes of the safetensors weights that transformers would read.

    Raises:
        ModelError: there are none, only pickles, or parts are missing.
    """
    index = folder / "model.safetensors.index.json"
    parts = ["model.safetensors"]
    if index.is_file() and not (folder / parts[0]).is_file():
        weight_map = _json(index).get("weight_map")
        parts = sorted(set(map(str, weight_map.values()))) if isinstance(weight_map, dict) else []
    missing = [part for part in parts if not (folder / part).is_file()]
    if parts and not missing:
        return sum((folder / part).stat().st_size for part in parts)
    if index.is_file():
        raise ModelError(f"{len(missing)} of its {len(parts)} weight files are missing; fetch it again")
    if pickles := sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES):
        raise ModelError(f"its weights are pickles ({pickles[0]}), which can run code; convert them to safetensors")
    raise ModelError("it has no model.safetensors; fetch it again")


def _gguf(name: str, path: Path) -> ModelReport:
    from gguf import GGUFReader

    report = ModelReport(name, "GGUF file", where=path, size=path.stat().st_size)
    try:
        fields = GGUFReader(path).fields
        architecture = str(fields["general.architecture"].contents())
        licence = str(fields["general.license"].contents()) if "general.license" in fields else None
    except (OSError, ValueError, IndexError, KeyError) as error:
        return replace(report, refusal=f"it cannot be read as GGUF ({error}); fetch it again")
    report = replace(report, architecture=architecture, licence=licence)
    if architecture == "llama":
        return replace(report, engine="fast")
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES  # seconds

    if architecture in _GGUF_WITHOUT_LLM or architecture not in GGUF_SUPPORTED_ARCHITECTURES:
        return replace(report, refusal=f"transformers reads no {architecture!r} from GGUF; take a folder")
    return replace(report, engine="general")


def _causal_architectures() -> frozenset[str]:
    """Return the class names of the language models that transformers brings itself."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES  # seconds

    names: set[str] = set()
    for value in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values():
        names.update([value] if isinstance(value, str) else value)
    return frozenset(names)


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"its {path.name} cannot be read ({error}); fetch it again") from error
    if not isinstance(content, dict):
        raise ModelError(f"its {path.name} holds no JSON object; fetch it again")
    return content


def _licence(card: Path) -> str | None:
    """Return the licence named in a model card's YAML head, or None."""
    from huggingface_hub import metadata_load

    if not card.is_file():
        return None
    try:
        head = metadata_load(card)
    except (OSError, ValueError, yaml.YAMLError):  # an unreadable card says nothing
        return None
    licence = head.get("license") if head else None
    return licence if isinstance(licence, str) else None
