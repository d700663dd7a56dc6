"""An adapter as Thymos stores it: peft's files, and `thymos.json` with what it was tuned for and its confidence.

Takes a name, a folder or a hub id; gives the folder and an `AdapterCard`. Adapters that ship lie in `shipped/` beside
this package, each under its name. Loads no weights.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from thymos.adapters.confidence import Confidence
from thymos.adapters.llm.files import CARD, hub_folder
from thymos.adapters.weights import DEFAULT
from thymos.prompts.errors import ModelError
from thymos.prompts.taxonomy import Taxonomy

WEIGHTS = "adapter_model.safetensors"
AUTO, NO_ADAPTER = "auto", "none"
VERSION = 1
WORDLESS = "wordless"  # in the facts of a card: it learnt from recordings without what was said in them

_SHIPPED = Path(__file__).parents[1] / "shipped"
SHIPPED = ("goemotions", "meld", "empathetic", "face", "voice", "writer")  # what comes with the installation
DEFAULT_ADAPTERS: Mapping[str, str] = MappingProxyType(
    {DEFAULT: "goemotions"}
)  # base model -> used unless told otherwise
WRITERS: Mapping[str, str] = MappingProxyType(
    {DEFAULT: "writer"}
)  # base model -> adapter with which it writes, likewise


@dataclass(frozen=True, slots=True)
class AdapterCard:
    """What is stored beside the weights of an adapter, or of a fully tuned model.

    Attributes:
        name: of the adapter.
        description: one sentence.
        licence: of its weights.
        base: base model, as its tuner named it.
        base_sha256: of the base model's files; another base is refused.
        prompt: template that it was tuned with.
        confidence: by taxonomy.
        context_turns: by taxonomy, how many earlier turns were shown.
        facts: whatever else its tuner noted, as JSON values.
    """

    name: str
    description: str
    licence: str
    base: str
    base_sha256: str
    prompt: str
    confidence: Mapping[str, Confidence]
    facts: Mapping[str, Any]
    context_turns: Mapping[str, int] = field(default_factory=dict)

    def confidence_for(self, taxonomy: Taxonomy) -> Confidence | None:
        """Return the calibration for a taxonomy, if it was fitted for just these labels and words."""
        found = self.confidence.get(taxonomy.name)
        return found if found is not None and found.fits(taxonomy) else None

    def as_json(self) -> dict[str, Any]:
        """Return plain values, in the order of a file."""
        return {
            "version": VERSION,
            "name": self.name,
            "description": self.description,
            "licence": self.licence,
            "base": self.base,
            "base_sha256": self.base_sha256,
            "prompt": self.prompt,
            "context_turns": dict(self.context_turns),
            "confidence": {name: each.as_json() for name, each in self.confidence.items()},
            "facts": dict(self.facts),
        }


def shipped_adapters() -> tuple[str, ...]:
    """Return the names of the adapters that come with the installation."""
    return SHIPPED


def default_adapter(model: str) -> str | None:
    """Return the adapter that is used with a model unless told otherwise, if it is there."""
    name = DEFAULT_ADAPTERS.get(model)
    return name if name in SHIPPED else None


def wished_adapter(model: str, adapter: str | None) -> str | None:
    """Return the adapter that a wish means for a model: `auto` is the model's default, `none` and None are none."""
    wished = default_adapter(model) if adapter == AUTO else adapter
    return None if wished == NO_ADAPTER else wished


def adapter_folder(name: str) -> Path:
    """Return the folder of an adapter: a shipped name, a folder here, or a hub id, which is fetched.

    Raises:
        ModelError: there is none, or it holds no safetensors.
    """
    if name in SHIPPED:
        return _SHIPPED / name
    folder = Path(name).expanduser()
    if not folder.is_dir():
        if "/" not in name:
            raise ModelError(
                f"adapter must be one of {', '.join((*SHIPPED, NO_ADAPTER))}, a folder or a hub id (owner/name), "
                f"got {name!r}; `thymos adapters list` shows what is here"
            )
        folder = hub_folder(name, what="adapter")
    if not (folder / WEIGHTS).is_file() and (folder / CARD).is_file() and any(folder.glob("*.safetensors")):
        raise ModelError(f"adapter must be a folder with {WEIGHTS}, got the whole model {name}; it needs none")
    if not (folder / WEIGHTS).is_file():
        raise ModelError(f"adapter must be a folder with {WEIGHTS}, got {name}; save it again as safetensors")
    return folder


def tuned_folder(name: str) -> Path:
    """Return the folder of what was tuned: an adapter, or a whole model that Thymos saved.

    Raises:
        ModelError: there is none.
    """
    folder = Path(name).expanduser()
    whole = name not in SHIPPED and (folder / CARD).is_file() and (folder / "config.json").is_file()
    return folder if whole else adapter_folder(name)


def read_card(folder: Path) -> AdapterCard | None:
    """Return the card in a folder; None where there is none, as in an adapter that peft alone saved.

    Raises:
        ModelError: the card is damaged, or of a later version.
    """
    path = folder / CARD
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["version"] != VERSION:
            raise ModelError(f"{CARD} must be of version {VERSION}, got {values['version']} in {folder}; update Thymos")
        plain = {name: values[name] for name in ("name", "description", "licence", "base", "base_sha256", "prompt")}
        confidence = {name: Confidence.from_json(each) for name, each in values["confidence"].items()}
        turns = {str(taxonomy): int(number) for taxonomy, number in values.get("context_turns", {}).items()}
        return AdapterCard(
            **plain,
            confidence=MappingProxyType(confidence),
            facts=MappingProxyType(values["facts"]),
            context_turns=MappingProxyType(turns),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{CARD} must be whole, got {error!r} in {folder}; fetch or save the adapter again") from error


def check_base(card: AdapterCard, adapter: str, model: str, sha256: str) -> None:
    """Refuse an adapter that was tuned on another base model.

    Raises:
        ModelError: the base is another.
    """
    if card.base_sha256 != sha256:
        raise ModelError(
            f"adapter must be for the base model {model!r}, got {adapter!r}, which was tuned on {card.base!r} "
            f"({card.base_sha256[:12]}, not {sha256[:12]}); pass --model {card.base} or --adapter {NO_ADAPTER}"
        )
