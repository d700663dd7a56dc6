"""The built wheel holds exactly the project's modules and data: nothing vanishes, nothing leaks in."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("prompts", "adapters", "retrieval", "finetune", "agent")


@pytest.fixture(scope="module")
def wheel_files(tracked: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names inside a wheel that is built from the sdist of a clean copy."""
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
    with zipfile.ZipFile(next(out.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_the_wheel_holds_the_tracked_files_of_the_five_folders_and_no_others(
    wheel_files: set[str], tracked: tuple[str, ...]
) -> None:
    packaged = {name for name in wheel_files if ".dist-info/" not in name}
    assert packaged == {f"thymos/{name}" for name in tracked if name.split("/")[0] in LAYERS}


def test_the_wheel_carries_the_licence_and_the_command(wheel_files: set[str]) -> None:
    number = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"thymos-{number}.dist-info/licenses/LICENSE" in wheel_files
    assert f"thymos-{number}.dist-info/entry_points.txt" in wheel_files
