"""The encoders by name: explicit, each loaded only when it is asked for.

Takes a name; gives an `Encoder`. Knows nothing of projectors or samples.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from thymos.adapters.modality import Encoder
from thymos.prompts.errors import ModelError

AnyEncoder = Encoder[Any, Any]


def _whisper(place: str | None) -> AnyEncoder:
    from thymos.adapters.speech.encoder import WhisperEncoder

    return WhisperEncoder.from_pretrained(place) if place else WhisperEncoder.from_pretrained()


def _prosody(place: str | None) -> AnyEncoder:
    from thymos.adapters.speech.prosody_encoder import ProsodyEncoder

    return ProsodyEncoder()


def _opensmile(place: str | None) -> AnyEncoder:
    from thymos.adapters.speech.opensmile import OpenSmileEncoder

    return OpenSmileEncoder(place) if place else OpenSmileEncoder()


def _face(place: str | None) -> AnyEncoder:
    from thymos.adapters.face.encoder import load_face_encoder

    return load_face_encoder(place) if place else load_face_encoder()


def _action_units(place: str | None) -> AnyEncoder:
    from thymos.adapters.face.openface import ActionUnitEncoder

    return ActionUnitEncoder()


def _physiology(place: str | None) -> AnyEncoder:
    from thymos.adapters.physiology.encoder import PhysiologyEncoder

    return PhysiologyEncoder(Path(place)) if place else PhysiologyEncoder()


_ENCODERS: Mapping[str, Callable[[str | None], AnyEncoder]] = MappingProxyType(
    {
        "whisper": _whisper,
        "prosody": _prosody,
        "opensmile": _opensmile,
        "face": _face,
        "action-units": _action_units,
        "physiology": _physiology,
    }
)


_WITHOUT_WEIGHTS = ("prosody", "action-units")


def encoder_names() -> tuple[str, ...]:
    """Return the names of the encoders that come with the installation."""
    return tuple(_ENCODERS)


def load_encoder(name: str) -> AnyEncoder:
    """Load an encoder.

    Args:
        name: one of `encoder_names` for the weights that come along (Whisper tiny.en, a network for faces and one for
            the body), or such a name, a colon and other weights: `whisper:FOLDER`, `face:OWNER/NAME`; for openSMILE's
            tables the feature set, `opensmile:is09`.

    Raises:
        ModelError: there is none of this name, or its weights can't be used.
    """
    kind, colon, place = name.partition(":")
    if kind not in _ENCODERS or (colon and (not place or kind in _WITHOUT_WEIGHTS)):
        raise ModelError(
            f"encoder must be one of {', '.join(_ENCODERS)}, or one with other weights (whisper:FOLDER), got {name!r}; "
            "choose one of these"
        )
    return _ENCODERS[kind](place or None)
