"""The default base: made on first use, brought up to date with the installation, and what a user added stays."""

import json
from pathlib import Path

import pytest

from tests.retrieval.conftest import passage
from thymos.retrieval.builtin import DOCUMENT, default_folder, open_base, shipped_passages
from thymos.retrieval.folder import MANIFEST
from thymos.retrieval.search import Options


def test_a_base_of_an_earlier_installation_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THYMOS_KB", str(tmp_path / "kb"))
    told: list[tuple[int, int]] = []
    base = open_base(on_progress=lambda *each: told.append(each))
    assert len(base) == len(shipped_passages())
    assert told[-1][0] == told[-1][1] > len(base), "passages and their sentences"
    base.add([passage("definition-gone", "Said no longer.", document=DOCUMENT)], documents={"mine": {}})
    base.add([passage("mine", "A kestrel over the motorway.", document="mine")])
    base.save(default_folder())
    manifest = default_folder() / MANIFEST
    said = json.loads(manifest.read_text())
    said["documents"][DOCUMENT] = {"sha256": "of an earlier one"}
    manifest.write_text(json.dumps(said))
    again = open_base()
    assert {each.id for each in again.passages()} == {"mine", *(each.id for each in shipped_passages())}
    assert again.search("bird of prey above a road", Options(k=1))[0].passage.id == "mine"
    told.clear()
    open_base(on_progress=lambda *each: told.append(each))
    assert told == [], "the same installation embeds nothing again"


def test_the_default_place_goes_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THYMOS_KB", "/somewhere/else")
    assert default_folder() == Path("/somewhere/else")
    monkeypatch.delenv("THYMOS_KB")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_folder() == Path("/data/thymos/kb")
