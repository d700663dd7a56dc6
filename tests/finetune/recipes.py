"""What the tests of fine-tuning share: two small corpora of invented lines, and a recipe over them."""

import csv
import json
import random
from pathlib import Path
from typing import Any

from thymos.finetune.recipe import Recipe

SAID = {
    "joy": ("sun", "party", "won", "sweet", "danced"),
    "sadness": ("rain", "alone", "lost", "grave", "wept"),
    "anger": ("shout", "unfair", "slam", "liar", "fists"),
    "fear": ("dark", "howl", "ran", "shiver", "knife"),
}
FILLER = ("the", "a", "and", "then", "we", "so", "at", "last")


def lines(number: int, seed: int, labels: tuple[str, ...] = tuple(SAID)) -> list[tuple[str, str]]:
    """Texts that name their label by their words."""
    chance = random.Random(seed)
    rows = []
    for _ in range(number):
        label = chance.choice(labels)
        words = chance.choices(SAID[label], k=2) + chance.choices(FILLER, k=chance.randint(1, 6))
        chance.shuffle(words)
        rows.append((" ".join(words), label))
    return rows


def write_corpus(folder: Path, name: str, rows: int, seed: int) -> None:
    for split, count, own in (("train", rows, seed), ("dev", rows // 3, seed + 1)):
        with (folder / f"{name}-{split}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "emotion"), *lines(count, own)])


def write_dialogues(folder: Path) -> None:
    """Thirty conversations of six turns to learn from, five to look at."""
    chance = random.Random(3)
    for split, count in (("train", 30), ("dev", 5)):
        turns = [
            {"dialogue": f"{split}{dialogue}", "speaker": "AB"[turn % 2], "text": text, "emotion": label}
            for dialogue in range(count)
            for turn, (text, label) in enumerate(lines(6, chance.randrange(10**6)))
        ]
        (folder / f"said-{split}.jsonl").write_text("".join(json.dumps(turn) + "\n" for turn in turns))


def dialogues() -> dict[str, Any]:
    """What a recipe says of `write_dialogues`."""
    told = {"name": "said", "train": "said-train.jsonl", "dev": "said-dev.jsonl", "context_turns": 100}
    return told | {"taxonomy": "ekman", "label_column": "emotion", "licence": "CC0-1.0", "source": "made in the test"}


def recipe(model: Path, **changes: Any) -> Recipe:
    """A recipe of about 20 steps; `changes` go over its parts."""
    told: dict[str, Any] = {
        "name": "tiny",
        "description": "Invented lines to Ekman's labels.",
        "licence": "CC0-1.0",
        "model": str(model),
        "corpora": [
            {
                "name": "invented",
                "train": "invented-train.csv",
                "dev": "invented-dev.csv",
                "taxonomy": "ekman",
                "also_as": ["sentiment"],
                "label_column": "emotion",
                "licence": "CC0-1.0",
                "source": "made in the test",
            }
        ],
        "lora": {"rank": 4, "alpha": 8},
        "train": {"epochs": 2, "learning_rate": 5e-3, "token_budget": 400, "evaluations": 2, "average": 0.9},
    }
    for key, value in changes.items():
        told[key] = told[key] | value if isinstance(value, dict) and key in told else value
    return Recipe.model_validate(told)
