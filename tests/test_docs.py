"""Documentation runs: the README's Python and the examples in docstrings, with the model that comes along."""

import contextlib
import doctest
import io
import re
from pathlib import Path
from types import ModuleType

import pytest

from thymos.adapters.scoring import shared
from thymos.adapters.weights import DEFAULT, locate
from thymos.agent import labeler
from thymos.agent.chat import model as chat_model
from thymos.agent.reasoning import reasoner
from thymos.prompts.errors import ModelError
from thymos.retrieval import knowledge_base, langchain

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module", autouse=True)
def weights() -> None:
    try:
        locate(DEFAULT)
    except ModelError as missing:
        pytest.skip(str(missing))


def test_the_python_of_the_readme_labels_two_texts() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(block, {})
    first, second = printed.getvalue().splitlines()
    assert first.startswith("('sadness',) {'anger': 0.")
    assert second.startswith("('")


@pytest.mark.parametrize(
    "module", [labeler, knowledge_base, reasoner, langchain, shared, chat_model], ids=lambda each: each.__name__
)
def test_the_examples_in_the_docstrings_are_true(
    module: ModuleType, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THYMOS_KB", str(tmp_path_factory.getbasetemp() / "kb-of-docs"))
    done = doctest.testmod(module)
    assert done.attempted >= 3
    assert done.failed == 0
