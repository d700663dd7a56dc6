"""Which writer a name stands for: an adapter that was tuned to explain, or a model that writes as it likes.

Takes a name; gives a writer of steps.
"""

from pathlib import Path

from thymos.adapters.llm.adapter import read_card
from thymos.agent.reasoning.free_writing import FreeWriter, local_model
from thymos.agent.reasoning.held_writing import HeldWriter
from thymos.agent.reasoning.reasoner import Writer
from thymos.prompts.template import EXPLAINING


def writer_of(name: str, model: str, device: str | None = None) -> Writer:
    """Return what writes the steps of explanations.

    Args:
        name: folder of an adapter, or any model as in `load_language_model`.
        model: base model of an adapter.
        device: torch device; a GPU if there is one when None.

    Raises:
        ModelError: it can't be used here.
    """
    card = read_card(Path(name).expanduser())
    if card is not None and card.prompt == EXPLAINING:
        return HeldWriter.from_pretrained(name, model, device=device)
    return FreeWriter(local_model(name, device=device))
