"""The data card of a synthetic set, filled in by its run; a field that is missing is an error.

Takes what stands in the meta file, the splits and rows; gives Markdown with the hub's front matter.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, UndefinedError

from thymos.agent.synth.records import Record
from thymos.prompts.errors import OutputError

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_CODES = {
    "English": "en",
    "German": "de",
    "French": "fr",
    "Spanish": "es",
    "Italian": "it",
    "Portuguese": "pt",
    "Dutch": "nl",
}


def card(told: Mapping[str, Any], splits: Sequence[str], rows: Iterator[Record]) -> str:
    """Return the card.

    Args:
        told: what stands beside the output.
        splits: that there are.
        rows: of the output.

    Raises:
        OutputError: a field is missing.
    """
    counts = Counter((row["labels"][0], row["split"]) for row in rows)
    source = (files("thymos.agent.synth") / "card.md.jinja").read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    try:
        plan = told["identity"]["input"]
        front: dict[str, object] = {
            "license": told["about"]["licence"],
            "task_categories": ["text-classification"],
            "tags": ["synthetic", "emotion", "thymos"],
            "size_categories": [next((name for most, name in _SIZES if told["rows"] < most), "n>1M")],
            "configs": [
                {
                    "config_name": "default",
                    "data_files": [{"split": each, "path": f"data/{each}-*.parquet"} for each in splits],
                }
            ],
        }
        if plan["language"] in _CODES:
            front["language"] = [_CODES[plan["language"]]]
        return environment.from_string(source).render(
            front=yaml.safe_dump(front, sort_keys=False),
            told=told,
            plan=plan,
            made=told["identity"]["labeler"],
            splits=splits,
            counts=counts,
        )
    except (UndefinedError, KeyError) as error:
        raise OutputError(
            f"data card must have every field filled, got none for {error}; write the output again with --overwrite"
        ) from error
