"""The built wheel holds exactly the project's modules and data: nothing vanishes, nothing leaks in."""

import subprocess
import sys
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest

from thymos.adapters.llm.adapter import adapter_folder, read_card, shipped_adapters

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("prompts", "adapters", "retrieval", "finetune", "agent")


@pytest.fixture(scope="module")
def wheel(tracked: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that is built from the sdist of a clean copy."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in tracked:
        if not (ROOT / name).is_symlink():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    built = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel_files(wheel: Path) -> set[str]:
    """Names inside it."""
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def test_the_wheel_holds_the_tracked_files_of_the_five_folders_and_no_others(
    wheel_files: set[str], tracked: tuple[str, ...]
) -> None:
    packaged = {name for name in wheel_files if ".dist-info/" not in name}
    assert packaged == {f"thymos/{name}" for name in tracked if name.split("/")[0] in LAYERS}


def test_the_wheel_carries_the_licence_and_the_command(wheel_files: set[str]) -> None:
    number = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"thymos-{number}.dist-info/licenses/LICENSE" in wheel_files
    assert f"thymos-{number}.dist-info/entry_points.txt" in wheel_files


def test_the_wheel_says_every_licence_that_something_in_it_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith(".dist-info/METADATA"))
        said = BytesParser().parsebytes(opened.read(name))["License-Expression"]
    cards = [read_card(adapter_folder(each)) for each in shipped_adapters()]
    assert set(said.split(" AND ")) == {"Apache-2.0", *(card.licence for card in cards if card is not None)}
