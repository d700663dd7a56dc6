"""Map files: what is read, and every way that one may be wrong, with its line."""

from pathlib import Path

import pytest

from thymos.prompts.errors import TaxonomyError
from thymos.prompts.map_file import read_map
from thymos.prompts.mapping import LabelMap
from thymos.prompts.taxonomy import Kind, Label, Taxonomy


def taxonomy(name: str, *names: str) -> Taxonomy:
    """Build a taxonomy of bare labels."""
    return Taxonomy(name, name, Kind.SINGLE, tuple(Label(label, "", label) for label in names))


MOODS = taxonomy("moods", "glad", "cross", "null")
SIGNS = taxonomy("signs", "plus", "minus")


def read(folder: Path, text: str) -> LabelMap:
    """Write a map file and read it as a map from MOODS to SIGNS."""
    path = folder / "map.yaml"
    path.write_text(text, encoding="utf-8")
    return read_map(path, MOODS, SIGNS)


def test_null_is_unknown_and_a_quoted_null_is_a_label(tmp_path: Path) -> None:
    text = "source: moods\ntarget: signs\nentries:\n  glad: plus\n  cross: ~\n  'null': null\n"
    read_in = read(tmp_path, text)
    assert read_in.entries == {"glad": "plus", "cross": None, "null": None}
    assert (read_in.source, read_in.target, read_in.via) == (MOODS, SIGNS, None)


HEAD = "source: moods\ntarget: signs\nentries:\n"
BROKEN: dict[str, tuple[str, int, list[str]]] = {
    "a label is missing": (
        HEAD + "  glad: plus\n",
        4,
        ["got none for cross, null", "add a line `cross: ...`"],
    ),
    "a label is not of the source": (HEAD + "  gladd: plus\n", 4, ["'gladd'", "did you mean 'glad'?"]),
    "an entry is not of the target": (HEAD + "  glad: plu\n", 4, ["plus, minus", "did you mean 'plus'?"]),
    "an entry is left empty": (HEAD + "  glad:\n", 4, ["a label or null, got nothing", "null for unknown"]),
    "an entry is a list": (HEAD + "  glad: [plus]\n", 4, ["entry of 'glad' must be text, got a list"]),
    "an entry is a boolean": (HEAD + "  glad: no\n", 4, ["which YAML reads as a boolean"]),
    "a label is there twice": (HEAD + "  glad: plus\n  glad: minus\n", 5, ["again (line 4)"]),
    "entries are a list": (HEAD + "  - glad\n", 4, ["entries must be a mapping, got a list"]),
    "a key is unknown": ("source: moods\ntargets: signs\n", 2, ["did you mean 'target'?"]),
    "a key is missing": ("source: moods\ntarget: signs\n", 1, ["must have the key 'entries'"]),
    "it starts elsewhere": (HEAD.replace("moods", "mood"), 1, ["source must be 'moods' here, got 'mood'"]),
    "it ends elsewhere": (HEAD.replace("signs", "sign"), 2, ["target must be 'signs' here, got 'sign'"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_map_is_refused_with_its_line_and_remedy(case: str, tmp_path: Path) -> None:
    text, line, words = BROKEN[case]
    with pytest.raises(TaxonomyError) as raised:
        read(tmp_path, text)
    message = str(raised.value)
    assert message.startswith(f"{tmp_path / 'map.yaml'}, line {line}: ")
    assert "; " in message  # the rule, then the remedy
    assert [word for word in words if word not in message] == []
