"""Renders the cards of an adapter.

Takes an `AdapterCard`; gives the text of `README.md` and `DATA.md`. A field that is missing is an error, so that no
card goes out with a hole in it.
"""

from importlib.resources import files

import yaml
from jinja2 import Environment, FunctionLoader, StrictUndefined, UndefinedError

from thymos.adapters.llm.adapter import AdapterCard
from thymos.prompts.errors import OutputError
from thymos.prompts.template import EXPLAINING, WRITING

_METHODS = {
    "lora": "LoRA",
    "qlora": "QLoRA (4-bit base while training)",
    "full": "full fine-tuning",
    "projectors": "projectors alone, the LLM as it was",
}


def model_card(card: AdapterCard) -> str:
    """Return the model card in the hub's form: YAML front matter, then Markdown.

    Raises:
        OutputError: a field is missing.
    """
    method = _METHODS[card.facts["recipe"]["train"]["method"]]
    writes = card.prompt in (WRITING, EXPLAINING)
    full, merged = card.facts["recipe"]["train"]["method"] == "full", "merged" in card.facts
    whole = full or merged
    kind = (
        "A fully tuned model" if full else "A LoRA adapter, merged into its base model," if merged else "A LoRA adapter"
    )
    front = {
        "license": card.licence.lower(),
        "base_model": card.base,
        "library_name": "transformers" if whole else "peft",
        "pipeline_tag": "text-generation" if writes else "text-classification",
        "language": "en",
        "tags": ["emotion", "thymos", *([] if full else ["lora"])],
        "datasets": list(
            dict.fromkeys(
                [corpus["name"] for corpus in card.facts["corpora"]]
                + [each["corpus"] for each in card.facts.get("through", ())]
            )
        ),
    }
    if writes:
        return _render(
            "explainer" if card.prompt == EXPLAINING else "writer",
            card,
            front=yaml.safe_dump(front, sort_keys=False),
            kind=kind,
            flag=f"--writer {card.name}" if whole else f"--writer-adapter {card.name}",
            method=method,
        )
    return _render(
        "model",
        card,
        front=yaml.safe_dump(front, sort_keys=False),
        kind=kind,
        flag=f"--model {card.name}" if whole else f"--adapter {card.name}",
        method=method,
        calibrated=list(card.confidence),
        first=next(iter(card.confidence)),
    )


def data_card(card: AdapterCard) -> str:
    """Return the data card.

    Raises:
        OutputError: a field is missing.
    """
    return _render("data", card)


def _render(name: str, card: AdapterCard, **more: object) -> str:
    environment = Environment(
        loader=FunctionLoader(lambda path: (files("thymos.finetune") / "cards" / path).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        autoescape=False,  # Markdown
        keep_trailing_newline=True,
    )
    try:
        return environment.get_template(f"{name}.md.jinja").render(card=card, facts=card.facts, **more)
    except UndefinedError as error:
        raise OutputError(
            f"{name} card must have every field filled, got none for {error}; fill it in the facts"
        ) from error
