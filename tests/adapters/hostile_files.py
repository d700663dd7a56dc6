"""Makes hostile files of every format, and reads them as the tests of the readers do."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import open_corpus
from thymos.prompts.errors import InputError

TEXT_KINDS = ["csv", "tsv", "jsonl", "json", "txt", "goemotions", "dair", "meld", "dailydialog"]
TEXT_KINDS += ["empatheticdialogues"]
PACKERS: list[Callable[[bytes], bytes]] = [
    gzip.compress,
    lambda content: bz2.compress(content, 1),  # blocks of 100 kB; nothing comes out of half a block
    lambda content: lzma.compress(content, preset=0),
]


def line(kind: str, text: str, number: int) -> str:
    """One row (or a dialogue of one turn) in the layout of a format, without its line end."""
    turn = {"role": "speaker", "speaker": "A", "text": text, "emotion": "joy"}
    return {
        "csv": f"{number},{text}",
        "tsv": f"{number}\t{text}",
        "txt": text,
        "goemotions": f"{text}\t17\tid{number}",
        "dair": f"{text};joy",
        "meld": f"{text},Ross,joy,{number},0",
        "dailydialog": json.dumps({"dialogue_id": str(number), "turns": [turn]}, ensure_ascii=False),
        "empatheticdialogues": json.dumps(
            {"conv_id": str(number), "emotion": "joy", "turns": [turn]}, ensure_ascii=False
        ),
    }.get(kind, json.dumps({"id": number, "text": text}, ensure_ascii=False))


HEADERS = {
    "csv": "id,text\n",
    "tsv": "id\ttext\n",
    "meld": "Utterance,Speaker,Emotion,Dialogue_ID,Utterance_ID\n",
}


def content(kind: str, texts: list[str], end: str = "\n") -> str:
    rows = [line(kind, text, number) for number, text in enumerate(texts, start=1)]
    if kind == "json":
        return "[" + ("," + end).join(rows) + "]"
    return HEADERS.get(kind, "").replace("\n", end) + "".join(row + end for row in rows)


def told(path: Path, kind: str, **options: Any) -> list[str]:
    """The texts of good rows and the reasons of bad ones, in order, with row numbers checked."""
    found: list[str] = []
    for row in open_corpus(path, format=kind, **options):
        if isinstance(row, BadRow):
            assert row.row == len(found) + 1
            assert row.excerpt is None or len(row.excerpt) <= 400
            json.dumps(row.excerpt, ensure_ascii=False).encode("utf-8")
        found.append(f"BAD {row.reason}" if isinstance(row, BadRow) else str(row.text))
    return found


def refused(path: Path | str, match: str, **options: Any) -> None:
    with pytest.raises(InputError, match=match) as caught:
        list(open_corpus(path, **options))
    assert "\n" not in str(caught.value)
