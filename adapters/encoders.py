"""The encoders by name: explicit, each loaded only when it is asked for.

Takes a name; gives an `Encoder`. Knows nothing of projectors or samples.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from thymos.adapters.modality import Encoder
from thymos.prompts.errors import ModelError

AnyEncoder = Encoder[Any, Any]


def _whisper(name: str) -> AnyEncoder:
    from thymos.adapters.speech.encoder import WhisperEncoder

    return WhisperEncoder.from_pretrained(name)


_ENCODERS: Mapping[str, Callable[[str], AnyEncoder]] = MappingProxyType({"whisper-tiny.en": _whisper})


def encoder_names() -> tuple[str, ...]:
    """Return the names of the encoders that come with the installation."""
    return tuple(_ENCODERS)


def load_encoder(name: str) -> AnyEncoder:
    """Load an encoder.

    Args:
        name: one of `encoder_names`, or such a name, a colon and a folder with other weights.

    Raises:
        ModelError: there is none of this name, or its weights can't be used.
    """
    kind, _, _ = name.partition(":")
    if kind not in _ENCODERS:
        raise ModelError(f"encoder must be one of {', '.join(_ENCODERS)}, got {name!r}; choose one of these")
    return _ENCODERS[kind](name)
