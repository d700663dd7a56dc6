"""Which decoder writes with a model: the packed one where it can, transformers' own `generate` where it can't.

Takes a loaded model, or its name; gives something that takes requests. Knows nothing of chat.
"""

from typing import Any, Protocol

from thymos.adapters.generation.reply import Reply
from thymos.adapters.generation.values import Request
from thymos.adapters.llm.load import LanguageModel
from thymos.adapters.machine import machine
from thymos.prompts.errors import InputError, ModelError

SLOTS = 8
CONTEXT = 2048
FORMATS = ("auto", "float32", "bfloat16", "int8")
_LANES = 8  # of the vectors in which `products` computes
_MOST_SLOTS = 32  # one token of each must fit a step


class Writes(Protocol):
    """What `Decoder` and `GeneralDecoder` have in common."""

    @property
    def context(self) -> int:
        """Longest sequence, tokens."""

    def submit(self, request: Request) -> Reply:
        """Begin to write."""

    def close(self) -> None:
        """End."""


def resolve_decoder(
    model: LanguageModel,
    *,
    forward: Any = None,
    weights: str = "auto",
    slots: int = SLOTS,
    context: int = CONTEXT,
    threads: int | None = None,
) -> Writes:
    """Choose what writes; the packed decoder takes the model's weights over.

    Args:
        model: loaded.
        forward: a `TightLlama` that took its weights over before, for scoring; it can be used on, its weights are read.
        weights: number format that the packed decoder reads them in: auto is the smallest that loses nothing, int8
            rounds them and is the fastest.
        slots: texts that are written together, and kept to go on from; each takes memory for what is in it.
        context: longest sequence, tokens; the model's own limit where that is shorter.
        threads: that compute together; as many as this process may use when None.

    Raises:
        InputError: a number is out of range.
        ModelError: the format is unknown, or can't be had for this model.
    """
    if weights not in FORMATS:
        raise ModelError(f"weights must be one of {', '.join(FORMATS)}, got {weights!r}; choose one of them")
    if not 1 <= slots <= _MOST_SLOTS:
        raise InputError(f"slots must be 1 to {_MOST_SLOTS}, got {slots}; choose one in between")
    context = min(context, int(getattr(model.model.config, "max_position_embeddings", context)))
    if context < 2:
        raise InputError(f"context must be at least 2, got {context}; choose more")
    ends = _ends(model)
    steps = _packed(model, forward, weights, slots, context, threads)
    if steps is None:
        from thymos.adapters.generation.general import GeneralDecoder

        return GeneralDecoder(model.model, model.tokenizer, ends, context=context)
    from thymos.adapters.generation.decoder import Decoder

    return Decoder(steps, model.tokenizer, ends, warm=True)


def _packed(model: LanguageModel, forward: Any, weights: str, slots: int, context: int, threads: int | None) -> Any:
    """Return the packed model; None where it can't be had and nobody asked for it."""
    from thymos.adapters.scoring.tight import TightLlama, supports

    config = model.model.config
    fits = model.load_in is None and model.device == "cpu" and supports(config)
    if not fits or any(width % _LANES for width in (config.hidden_size, config.intermediate_size, config.head_dim)):
        if weights != "auto":
            raise ModelError(
                f"weights must be auto for {model.name!r} ({config.model_type}), which only its own code can compute, "
                f"got {weights}; leave it out"
            )
        return None
    from thymos.adapters.generation.llama import PackedLlama  # numba: seconds

    form: Any = None if weights == "auto" else weights
    parts = (forward or TightLlama(model.model)).parts
    usable = machine(look_for_gpus=False).usable_cores
    return PackedLlama(parts, slots=slots, context=context, form=form, threads=threads or usable)


def _ends(model: LanguageModel) -> set[int]:
    """Return the tokens that end a text, by the model's settings and its tokenizer's."""
    named = getattr(model.model.generation_config, "eos_token_id", None)
    ends = set(named) if isinstance(named, list) else {named}
    return {int(each) for each in (*ends, model.tokenizer.eos_token_id) if each is not None}
