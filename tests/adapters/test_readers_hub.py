"""Hub ids: told apart from paths, and a sentence when the hub is out of reach."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thymos.adapters.readers import open_corpus
from thymos.adapters.readers.hub import hub_id
from thymos.prompts.errors import InputError

SUFFIXES = (".csv", ".jsonl")


def test_hub_ids_are_told_from_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    assert hub_id("owner/name", SUFFIXES) == ("owner/name", None)
    assert hub_id("owner/name:test", SUFFIXES) == ("owner/name", "test")
    assert hub_id("hub:data/reviews.csv:test", SUFFIXES) == ("data/reviews.csv", "test")
    for path in ("data/reviews", "data/reviews.csv", "owner/reviews.csv", "reviews", "/owner/name", "a/b/c"):
        assert hub_id(path, SUFFIXES) is None
    with pytest.raises(InputError, match="hub id must look like hub:owner/name"):
        hub_id("hub:name", SUFFIXES)


OUT_OF_REACH = """
from thymos.adapters.readers import open_corpus
from thymos.prompts.errors import InputError
asked = (("owner/name", "auto"), ("hub:owner/name:test", "goemotions"), ("owner/name", "datasets"))
for named, kind in asked:
    try:
        open_corpus(named, format=kind)
    except InputError as error:
        print(error)
"""


def test_a_hub_out_of_reach_is_a_sentence(tmp_path: Path) -> None:
    # a process of its own, since the hub's client reads its switch when it is imported
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_REACH], env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 3
    for sentence in done.stdout.splitlines():
        assert sentence.startswith("corpus must be a file here or a data set that the hub gives, got 'owner/name'")
        assert "offline mode is enabled" in sentence
        assert sentence.endswith("HF_HUB_OFFLINE")


def test_a_hub_data_set_is_no_text_file() -> None:
    with pytest.raises(InputError, match="format csv must be a file, got owner/name"):
        open_corpus("owner/name", format="csv")
