"""`thymos doctor`: one screen, JSON, and an exit code that says whether labelling can start."""

import json

import pytest

from thymos.agent.cli.doctor import PACKAGES, diagnose, doctor
from thymos.prompts.errors import ThymosError


def test_the_screen_is_one_screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    doctor()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100


def test_json_tells_the_same_as_the_diagnosis(capsys: pytest.CaptureFixture[str]) -> None:
    doctor(as_json=True)
    told = json.loads(capsys.readouterr().out)
    found = diagnose()
    assert told["versions"] == found.versions
    assert tuple(told["machine"]["features"]) == found.machine.features
    assert told["dtype"] == found.dtype
    assert [check["name"] for check in told["weights"]] == [check.name for check in found.weights]


@pytest.mark.parametrize("hashed", [True, False])
def test_weights_are_hashed_only_when_asked(hashed: bool) -> None:
    assert {check.checked for check in diagnose(hash_weights=hashed).weights} == {hashed}


def test_the_cache_size_is_the_sum_of_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    (cache / "a").mkdir()
    (cache / "a" / "one").write_bytes(b"\0" * 10)
    (cache / "two").write_bytes(b"\0" * 5)
    monkeypatch.setenv("THYMOS_CACHE", str(cache))
    assert diagnose().cache_size == 15


def test_what_is_missing_is_named_with_a_remedy_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(ThymosError, match=r"transformers must be installed.*run `make`") as caught:
        doctor(as_json=True)
    assert caught.value.exit_code == 1
    told = json.loads(capsys.readouterr().out)
    assert [told["versions"][name] for name in PACKAGES] == [None] * len(PACKAGES)
    assert any("smollm2-135m" in problem for problem in told["problems"])
    assert not any("minilm" in problem for problem in told["problems"])  # nothing uses it yet
