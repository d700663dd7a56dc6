"""Which models a wish means: what writes, what reads without knowing the label; and loading them.

Takes names, addresses and adapters; gives writers and labelers. Knows nothing of gates.
"""

from typing import TYPE_CHECKING

from thymos.adapters.llm.adapter import AUTO, NO_ADAPTER, WRITERS, adapter_folder, read_card
from thymos.adapters.weights import DEFAULT
from thymos.agent.prediction import BatchLabeler
from thymos.agent.synth.gates.relabel import Agree
from thymos.agent.synth.plan import Plan
from thymos.agent.synth.request import Manner
from thymos.agent.synth.values import Writer
from thymos.agent.synth.writers import GUIDANCE, TEMPERATURE, LocalBatchWriter
from thymos.prompts.errors import InputError
from thymos.prompts.template import EXPLAINING, PROMPTS, WRITING
from thymos.retrieval.heard import Heard

if TYPE_CHECKING:
    from thymos.agent.chat.engines import Engines

SLOTS = 16  # texts that a local model writes together


def is_address(name: str | None) -> bool:
    """Say whether a writer is behind an address, and no model of this machine."""
    return name is not None and name.startswith(("http://", "https://"))


def writer_adapter(name: str | None, adapter: str) -> str | None:
    """Return the adapter that a wish means for a writer: `auto` is what ships for it, `none` is none.

    Args:
        name: of the model, an address, or None for the default.
        adapter: as told.
    """
    if adapter != AUTO:
        return None if adapter == NO_ADAPTER else adapter
    return WRITERS.get(DEFAULT if name is None else name)


def manner_of(name: str | None, adapter: str | None) -> Manner:
    """Return how a writer is best asked: as it was tuned, whole, or in the plainest words where it was not.

    Args:
        name: of the model, an address, or None for the default.
        adapter: from `writer_adapter`.

    Raises:
        ModelError: there is no such adapter, or its card is damaged.
        InputError: it labels.
    """
    if is_address(name):
        return "tagged"
    if adapter is None:
        return "plain"
    card = read_card(adapter_folder(adapter))
    if card is not None and card.prompt in (*PROMPTS, EXPLAINING):
        does = "explains" if card.prompt == EXPLAINING else "labels"
        raise InputError(f"writer adapter must be one that writes, got {adapter!r}, which {does}; choose another")
    return "tuned" if card is not None and card.prompt == WRITING else "tagged"


def heard_by(adapter: str | None) -> Heard | None:
    """Return what a writer's adapter learnt from, if that lies beside its weights.

    Raises:
        ModelError: there is no such adapter, or it is damaged.
    """
    return None if adapter is None else Heard.load(adapter_folder(adapter))


def load_writer(
    engines: "Engines",
    name: str | None,
    adapter: str | None,
    device: str | None,
    *,
    temperature: float = TEMPERATURE,
    guidance: float = GUIDANCE,
) -> Writer:
    """Load what writes.

    Args:
        engines: of the labeler, whose base model writes where no other is named.
        name: of a local model, or the address of a server; None for the labeler's.
        adapter: LoRA adapter of a local one.
        device: torch device of a local one.
        temperature: of the draws.
        guidance: of a local one, see `LocalBatchWriter`.

    Raises:
        ModelError: it can't be used here.
        InputError: an adapter or guidance is wished for a server.
    """
    from thymos.agent.synth.writers import server_writer

    if name is not None and is_address(name):
        if adapter is not None:
            raise InputError("writer adapter must be for a local writer, got a server's address; leave it out")
        if guidance != 1:
            raise InputError(f"guidance must be 1 for a writer behind an address, got {guidance:g}; leave it out")
        return server_writer(name, temperature=temperature)
    slots = SLOTS if guidance == 1 else 2 * SLOTS  # two sequences a text
    if adapter is None and name in (None, engines.model):
        return LocalBatchWriter(*engines.writing(slots=slots), slots=SLOTS, temperature=temperature, guidance=guidance)
    from thymos.adapters.generation.load import resolve_decoder
    from thymos.adapters.llm.load import load_language_model

    loaded = load_language_model(name or engines.model, adapter=adapter, device=device)
    decoder = resolve_decoder(loaded, slots=slots)
    return LocalBatchWriter(decoder, loaded, slots=SLOTS, temperature=temperature, guidance=guidance)


def load_labeler(
    engines: "Engines", plan: Plan, taxonomy: str, agree: Agree, coverage: float, device: str | None = None
) -> BatchLabeler:
    """Load what reads without knowing the label: as the chat reads, or with conformal label sets.

    Raises:
        InputError: label sets are asked for and were not fitted.
        ModelError: the model can't be used here.
    """
    if agree == "top":
        return engines.for_runs(taxonomy)
    from thymos.agent.labeler import Labeler

    return Labeler.from_pretrained(
        engines.model, taxonomy=plan.taxonomy, adapter=engines.adapter, coverage=coverage, device=device
    )
