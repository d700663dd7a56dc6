"""Documentation runs: the README's Python and the example of `Labeler`, with the model that comes along."""

import contextlib
import doctest
import io
import re
from pathlib import Path

import pytest

from thymos.adapters.weights import DEFAULT, locate
from thymos.agent import labeler
from thymos.prompts.errors import ModelError

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


def test_the_examples_in_the_docstrings_are_true() -> None:
    done = doctest.testmod(labeler)
    assert done.attempted >= 3
    assert done.failed == 0
