"""From rows that `thymos synth` kept to lessons: what was asked, and the text that met it.

Takes a JSONL file of that command; gives lessons. A turn that was read as something else than it was asked with is
learnt without that wish. Knows nothing of gates.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thymos.adapters.readers.jsonl import parse
from thymos.finetune.writing.lessons import Lesson
from thymos.finetune.writing.recipe import KeptRecipe
from thymos.prompts.errors import InputError
from thymos.prompts.wish import INTENSITIES, WORDS, WrittenWish, stage


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows of one file.

    Attributes:
        told: what the recipe says of them.
        lessons: one a row.
        sha256: of the file.
    """

    told: KeptRecipe
    lessons: tuple[Lesson, ...]
    sha256: str


def read_kept(told: KeptRecipe, data: Path) -> KeptRows:
    """Read the rows that a recipe names.

    Args:
        told: part of the recipe.
        data: folder that its paths are relative to.

    Raises:
        InputError: the file can't be read, is empty, or a row is none of `thymos synth`.
    """
    path = data / told.rows
    try:
        content = path.read_bytes()
        lines = content.decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"kept rows must be a readable file, got {str(path)!r} ({error}); check kept.rows") from error
    lessons = []
    for number, line in enumerate(lines, start=1):
        try:
            lessons.append(_lesson(parse(line)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"kept rows must be JSON lines of `thymos synth`, got another in line {number} of {path} "
                f"({type(error).__name__}: {error}); write them anew"
            ) from error
    if not lessons:
        raise InputError(f"kept rows must be at least one, got none in {path}; leave the file out")
    return KeptRows(told, tuple(lessons), hashlib.sha256(content).hexdigest())


def _lesson(row: Mapping[str, Any]) -> Lesson:
    plan, turns = row["plan"], row["turns"]
    if plan["intensity"] not in INTENSITIES or plan["length"] not in WORDS:
        raise ValueError(f"intensity {plan['intensity']!r}, length {plan['length']!r}")
    said = [" ".join(turn["text"].split()) for turn in turns]
    single = len(said) == 1
    stages = [
        stage(place, turn["label"], weakly=place in plan["milder"])
        for place, turn in enumerate(turns)
        if turn["label"] and not single
    ]
    wish = WrittenWish(
        label=plan["label"],
        intensity=plan["intensity"],
        length=plan["length"],
        turns=len(said),
        stages=tuple(stages),
        situation=row["situation"],
    )
    answer = said[0] if single else "\n".join(f"{'AB'[place % 2]}: {text}" for place, text in enumerate(said))
    return Lesson(wish, answer)
