"""`load_language_model`: from a name to a model in memory, whatever the name stands for.

Takes embedded weights, a local folder, a GGUF file or a hub id, an optional LoRA adapter and optional 4- or
8-bit loading; gives a `LanguageModel`. Reads safetensors only and runs no code that a model brings. Errors of
transformers, peft and bitsandbytes become one sentence here. Knows nothing of scoring or prompts.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from thymos.adapters.inspection import inspect_model
from thymos.adapters.llm.adapter import AdapterCard, adapter_folder, check_base, read_card
from thymos.adapters.llm.files import files_digest, hub_folder
from thymos.adapters.llm.gguf import converted
from thymos.adapters.llm.quiet import quiet, quiet_products
from thymos.adapters.machine import machine
from thymos.adapters.weights import DEFAULT, EMBEDDED, locate
from thymos.prompts.errors import ModelError

LoadIn = Literal["4bit", "8bit"]


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel:
    """A causal LM with its tokenizer and what it is known by.

    Attributes:
        model: transformers model in evaluation mode; LoRA merged unless it is quantised.
        tokenizer: its tokenizer.
        name: as the user named it.
        sha256: over the weight files of the model.
        adapter: as the user named it, or None.
        adapter_sha256: over the adapter's weights and configuration, or None.
        card: of the adapter, or of a fully tuned model; None where nothing is known.
        folder: where the adapter lies, or else the model.
        load_in: 4bit, 8bit or None for the weights' own format.
        dtype: number format of the computation.
        device: where it lives.
    """

    model: Any
    tokenizer: Any
    name: str
    sha256: str
    adapter: str | None
    adapter_sha256: str | None
    card: AdapterCard | None
    folder: Path
    load_in: LoadIn | None
    dtype: str
    device: str


def load_language_model(
    name: str = DEFAULT,
    *,
    adapter: str | None = None,
    load_in: LoadIn | None = None,
    device: str | None = None,
    dtype: str | None = None,
) -> LanguageModel:
    """Load a model.

    Args:
        name: embedded weights (`smollm2-135m`), a folder, a `.gguf` file or a hub id.
        adapter: shipped name, folder or hub id of a LoRA adapter in peft's format.
        load_in: quantise while loading, through bitsandbytes.
        device: torch device; a GPU if there is one when None.
        dtype: bfloat16, float16 or float32; the fastest that the device multiplies natively when None.

    Raises:
        ModelError: something is not there, not safetensors, damaged, or can't run here.
    """
    import torch

    folder = _folder(name)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = dtype or machine().best_dtype("cuda" if device.startswith("cuda") else "cpu")
    sha256 = EMBEDDED[name].sha256 if name in EMBEDDED else files_digest(folder)
    card, adapter_sha256, where = read_card(folder), None, None
    if adapter is not None:  # before the weights are loaded, since much can be wrong with it
        where = adapter_folder(adapter)
        adapter_sha256, card = files_digest(where), read_card(where)
        if card is not None:
            check_base(card, adapter, name, sha256)
    model, tokenizer = _load(name, folder, load_in, device, dtype)
    if adapter is not None and where is not None:
        model = _with_adapter(model, where, adapter, merge=load_in is None)
    return LanguageModel(
        model=model.eval(),
        tokenizer=tokenizer,
        name=name,
        sha256=sha256,
        adapter=adapter,
        adapter_sha256=adapter_sha256,
        card=card,
        folder=where or folder,
        load_in=load_in,
        dtype=dtype,
        device=device,
    )


def _folder(name: str) -> Path:
    """Return the folder from which transformers is to load; a GGUF file is converted, a hub id fetched."""
    report = inspect_model(name)
    if report.refusal is not None and report.kind != "hub":
        raise ModelError(report.refusal)
    if name in EMBEDDED:
        return converted(locate(name), EMBEDDED[name].sha256)
    path = Path(name).expanduser()
    if report.kind == "GGUF file":
        return converted(path)
    return path if report.kind == "folder" else hub_folder(name, what="model")


def _load(name: str, folder: Path, load_in: LoadIn | None, device: str, dtype: str) -> tuple[Any, Any]:
    """Load weights and tokenizer, with errors as sentences."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"dtype": getattr(torch, dtype), "use_safetensors": True, "trust_remote_code": False}
    if load_in is not None:
        options |= {"quantization_config": _quantisation(load_in, options["dtype"]), "device_map": {"": device}}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            model: Any = AutoModelForCausalLM.from_pretrained(folder, **options)
            return (model if load_in else model.to(device)), tokenizer
    except SafetensorError as error:
        raise ModelError(f"weights must be whole safetensors files, got {folder}: {error}; fetch them again") from error
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"model must be loadable here, got {name!r}: {reason} "
            "Pass a folder with config.json, tokenizer and safetensors; `thymos models` tells what is usable."
        ) from error


def _quantisation(load_in: LoadIn, dtype: Any) -> Any:
    """Return the bitsandbytes settings: NF4 with double quantisation (Dettmers et al. 2023) or LLM.int8()."""
    import transformers

    settings: Any = transformers.BitsAndBytesConfig
    if load_in == "8bit":
        quiet_products()
        return settings(load_in_8bit=True)
    return settings(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )


def _with_adapter(model: Any, folder: Path, adapter: str, *, merge: bool) -> Any:
    """Put a LoRA adapter on a model; merged into the weights where these are not quantised."""
    with quiet():  # bitsandbytes, which it imports, tells of a kernel that nobody needs
        from peft import PeftModel
    from safetensors import SafetensorError

    try:
        with quiet():
            tuned = PeftModel.from_pretrained(model, str(folder), use_safetensors=True)
            return tuned.merge_and_unload() if merge else tuned
    except SafetensorError as error:
        raise ModelError(f"adapter must be whole safetensors, got {adapter!r}: {error}; fetch it again") from error
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"adapter must be a LoRA for this base model, got {adapter!r}: {reason} "
            "Pass the folder that peft saved for the same model."
        ) from error
