"""`merge_adapter`: base model and adapter as one folder in transformers' format, calibration and cards included.

Takes an adapter's name and a new folder. Whole or not at all.
"""

import shutil
from dataclasses import replace
from pathlib import Path

from thymos.adapters.llm.adapter import adapter_folder, read_card
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.projectors.store import PROJECTORS
from thymos.adapters.whole_file import whole_folder
from thymos.finetune.publish import write_card
from thymos.prompts.errors import InputError, ModelError
from thymos.retrieval.frame_votes import frame_votes_file
from thymos.retrieval.votes import votes_file

_BESIDE = (votes_file("*"), frame_votes_file("*"), PROJECTORS)  # what a model that was tuned brings beside its weights


def merge_adapter(adapter: str, output: Path) -> None:
    """Merge and save.

    Args:
        adapter: shipped name, folder or hub id; it must have been saved by Thymos, which knows its base model.
        output: folder to write.

    Raises:
        InputError: the folder is there already.
        ModelError: adapter or base can't be used here.
        OutputError: the disk is full or refuses.
    """
    if output.exists():
        raise InputError(f"output must be a new folder, got {str(output)!r}; choose another")
    card = read_card(adapter_folder(adapter))
    if card is None:
        raise ModelError(f"adapter must have been saved by Thymos, got {adapter!r}; merge it with peft itself")
    loaded = load_language_model(card.base, adapter=adapter, device="cpu")
    with whole_folder(output) as stage:
        loaded.model.save_pretrained(stage)
        loaded.tokenizer.save_pretrained(stage)
        facts = dict(card.facts) | {"merged": card.name}
        folder = adapter_folder(adapter)
        for beside in (file for name in _BESIDE for file in folder.glob(name)):
            shutil.copyfile(beside, stage / beside.name)
        write_card(stage, replace(card, facts=facts))
