"""The house keeps its own rules: the README's tree and commands, imports one way, packages, lock, sizes."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from thymos.agent.cli import app

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("prompts", "adapters", "retrieval", "finetune", "agent")  # each may import what stands before it
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST_FILE = 300  # lines; a longer one holds two nouns


def python_files(tracked: tuple[str, ...]) -> dict[str, str]:
    """Path -> source text of the tracked Python files."""
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in tracked if name.endswith(".py")}


def imported_modules(name: str, source: str) -> list[str]:
    """Dotted names of everything of thymos that a file imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} imports relatively"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [module + "." for module in found if module.split(".")[0] == "thymos"]


def readme_tree() -> dict[str, str]:
    """Paths of the README's tree, relative to the root, with their phrases."""
    block = next(block for block in re.findall(r"```text\n(.*?)```", README, re.S) if block.startswith("thymos\n"))
    entries, parents = {}, dict[int, str]()
    for line in block.splitlines()[1:]:
        match = re.fullmatch(r"((?:│   |    )*)[├└]── (\S+)\s*(.*)", line)
        assert match, f"not a line of a tree: {line!r}"
        depth = len(match[1]) // 4
        parents[depth] = path = f"{parents[depth - 1]}/{match[2]}" if depth else match[2]
        entries[path] = match[3]
    return entries


def readme_commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.S)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_every_top_level_entry_is_in_the_tree(tracked: tuple[str, ...]) -> None:
    assert {name.split("/")[0] for name in tracked} == {path for path in readme_tree() if "/" not in path}


def test_every_entry_of_the_tree_exists_and_says_what_it_is(tracked: tuple[str, ...]) -> None:
    folders = {str(parent) for name in tracked for parent in Path(name).parents}
    for path, phrase in readme_tree().items():
        assert path in folders or path in tracked, f"{path} is in the README's tree and not in the repository"
        assert phrase, f"{path} has no phrase in the README's tree"


def test_every_sub_package_is_in_the_tree(tracked: tuple[str, ...]) -> None:
    packages = {str(Path(name).parent) for name in tracked if name.endswith("/__init__.py")}
    assert packages - set(readme_tree()) == set()


def test_the_first_two_commands_are_demo_and_test() -> None:
    assert readme_commands()[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("line", [line for line in readme_commands() if line.startswith("thymos ")])
def test_a_command_of_the_readme_is_one_the_command_line_takes(line: str) -> None:
    app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)


@pytest.mark.parametrize("line", [line for line in readme_commands() if line.startswith("make ")])
def test_a_make_target_of_the_readme_exists(line: str) -> None:
    assert re.search(rf"^{shlex.split(line)[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


def test_what_make_bench_runs_asks_for_nothing() -> None:
    """A benchmark that needs data or a choice would end the command at once."""
    (asked,) = re.findall(r"for script in (.*?); do", (ROOT / "Makefile").read_text(encoding="utf-8"))
    scripts = sorted(path for pattern in asked.split() for path in ROOT.glob(pattern))
    assert len(scripts) >= 10
    for path in scripts:
        told = re.findall(r"add_argument\(\s*(.*?)\)\n", path.read_text(encoding="utf-8"), re.S)
        needed = [each for each in told if "required=True" in each or (each[1] != "-" and "nargs=" not in each)]
        assert not needed, f"{path.name} must run without arguments, got {needed}"


def test_the_demo_command_is_one_the_command_line_takes() -> None:
    recipe = re.findall(r"^\t\$\(BIN\)/thymos (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert len(recipe) == 2
    for line in recipe:
        app.parse_args(shlex.split(line), exit_on_error=False, print_error=False)


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_one_way(layer: str, tracked: tuple[str, ...]) -> None:
    allowed = tuple(f"thymos.{name}." for name in LAYERS[: LAYERS.index(layer) + 1])
    for name, source in python_files(tracked).items():
        if name.startswith(f"{layer}/"):
            above = [module for module in imported_modules(name, source) if not module.startswith(allowed)]
            assert not above, f"{name} imports {above}, which stands above it"


def test_every_python_file_opens_with_a_docstring(tracked: tuple[str, ...]) -> None:
    sources = python_files(tracked).items()
    assert [name for name, source in sources if not ast.get_docstring(ast.parse(source))] == []


def test_no_file_is_long(tracked: tuple[str, ...]) -> None:
    lengths = {name: source.count("\n") for name, source in python_files(tracked).items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_pyproject_names_every_sub_package(tracked: tuple[str, ...]) -> None:
    on_disk = {
        "thymos." + str(Path(name).parent).replace("/", ".")
        for name in tracked
        if name.endswith("/__init__.py") and name.split("/")[0] in LAYERS
    }
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == on_disk


@pytest.mark.parametrize("layer", LAYERS)
def test_every_folder_is_typed_and_linked_for_the_type_checker(layer: str, tracked: tuple[str, ...]) -> None:
    assert f"{layer}/py.typed" in tracked
    assert (ROOT / "tests/types/thymos" / layer).resolve() == ROOT / layer


def test_the_lock_pins_what_pyproject_asks_for() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert all(re.fullmatch(r"[\w.]+", pin) for pin in pins.values())  # no build tag, no second condition
    meta = PROJECT["project"]
    for text in [
        *PROJECT["build-system"]["requires"],
        *meta["dependencies"],
        *meta["optional-dependencies"]["dev"],
    ]:
        wanted = Requirement(text)
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), f"{text} is not what is locked"


def test_the_lock_holds_no_cuda() -> None:
    assert not re.search(r"^(nvidia|cuda|triton)", (ROOT / "requirements.lock").read_text("utf-8"), re.M)


def test_no_path_of_a_machine_is_in_the_repository(tracked: tuple[str, ...]) -> None:
    of_a_machine = re.compile(rb"(?<![\w.~$}/-])/(?:home|root|Users|work|tmp|mnt)/\w")
    texts = {name: (ROOT / name).read_bytes() for name in tracked if (ROOT / name).is_file()}
    found = {name: of_a_machine.search(text) for name, text in texts.items() if b"\0" not in text}
    assert {name: match[0] for name, match in found.items() if match} == {}


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); from thymos.agent.cli import app; "
        "app(['--help'], result_action='return_value'); "
        "heavy = {'torch', 'transformers', 'pyarrow', 'datasets', 'matplotlib', 'sklearn', 'pandas'}; "
        "sys.stderr.write(f'{time.perf_counter() - start:.2f} {heavy & set(sys.modules) or None}')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, heavy = done.stderr.split(maxsplit=1)
    assert heavy == "None"
    assert float(seconds) < 1
    assert "label" in done.stdout


def test_the_installed_version_is_the_projects() -> None:
    assert version("thymos") == PROJECT["project"]["version"]
