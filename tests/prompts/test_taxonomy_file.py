"""Every form a user's file may take, and every way it may be wrong, with its line."""

import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from thymos.prompts.errors import TaxonomyError
from thymos.prompts.taxonomy import Kind, Label, Taxonomy
from thymos.prompts.taxonomy_file import read_taxonomy


def read(folder: Path, text: str | bytes) -> Taxonomy:
    """Write a file called mine.yaml and read it as a taxonomy."""
    path = folder / "mine.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_taxonomy(path)


def test_the_smallest_file_is_a_list_of_names(tmp_path: Path) -> None:
    assert read(tmp_path, "labels: [happy, sad, angry]") == Taxonomy(
        name="mine",
        title="mine",
        kind=Kind.SINGLE,
        labels=(Label("happy", "", "happy"), Label("sad", "", "sad"), Label("angry", "", "angry")),
        source="user",
        neutral=None,
    )


def test_labels_may_be_a_mapping_of_name_to_description(tmp_path: Path) -> None:
    taxonomy = read(tmp_path, "labels:\n  happy: in good spirits\n  sad:\n")
    assert taxonomy.labels == (Label("happy", "in good spirits", "happy"), Label("sad", "", "sad"))


def test_labels_may_be_mappings_with_every_key(tmp_path: Path) -> None:
    text = """
    name: moods
    title: My moods
    kind: multi
    source: "Me 2026, A Diary"
    neutral: none of these
    labels:
      - {name: up, description: bright, word: cheerful, valence: 0.8, arousal: 1}
      - {name: none of these, valence: -1}
      - down
    """
    assert read(tmp_path, text) == Taxonomy(
        name="moods",
        title="My moods",
        kind=Kind.MULTI,
        labels=(
            Label("up", "bright", "cheerful", 0.8, 1.0),
            Label("none of these", "", "none of these", -1.0, None),
            Label("down", "", "down"),
        ),
        source="Me 2026, A Diary",
        neutral="none of these",
    )


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbflabels:\r\n- a\r\n- b\r\n").names == ("a", "b")


def test_quoted_words_that_yaml_would_read_otherwise_are_labels(tmp_path: Path) -> None:
    assert read(tmp_path, "labels: ['no', \"on\", '7', 'null']").names == ("no", "on", "7", "null")


TWO = "labels: [a, b]\n"
# What is wrong: (file, line of the error, words of the rule and of the remedy)
BROKEN: dict[str, tuple[str | bytes, int, list[str]]] = {
    "unknown key": ("name: x\nlables: [a, b]\n", 2, ["one of name, title, kind", "did you mean 'labels'?"]),
    "key in capitals": ("Labels: [a, b]\n", 1, ["got 'Labels'", "did you mean 'labels'?"]),
    "no labels": ("\nname: x\n", 2, ["must have the key 'labels'", "add `labels: ...`"]),
    "a list on top": ("- a\n- b\n", 1, ["must be a mapping, got a list", "put `labels:`"]),
    "a text on top": ("happy, sad\n", 1, ["must be a mapping, got the text 'happy, sad'"]),
    "labels is text": ("labels: a, b\n", 1, ["labels must be a list, got the text 'a, b'", "`- `"]),
    "labels is empty": ("name: x\nlabels:\n", 2, ["labels must be a list, got nothing"]),
    "no label": ("labels: []\n", 1, ["at least two, got 0"]),
    "no label in a mapping": ("labels: {}\n", 1, ["at least two, got 0"]),
    "one label": ("labels:\n  - a\n", 2, ["at least two, got 1", "add the others"]),
    "label without name": ("labels:\n- a\n- {word: b}\n", 3, ["must have the key 'name'"]),
    "unknown key of a label": ("labels:\n- a\n- name: b\n  valance: 1\n", 4, ["did you mean 'valence'?"]),
    "a label that is a list": ("labels:\n- a\n- [b]\n", 3, ["label name must be text, got a list"]),
    "mapping of mappings": ("labels:\n  a: x\n  b: {word: c}\n", 3, ["got a mapping", "- {name: b, ...}"]),
    "description is a list": ("labels:\n  a: x\n  b: [c]\n", 3, ["description of 'b' must be text"]),
    "description of two lines": ('labels: {a: "x\\ny", b: z}\n', 1, ["one line of 1 to 200"]),
    "same name twice": ("labels:\n- a\n- b\n- a\n", 4, ["unique", "got 'a' again (line 2)", "rename"]),
    "same name but case": ("labels:\n- Joy\n- b\n- joy\n", 4, ["whatever its case", "got 'joy' again"]),
    "same name but width": ("labels:\n- joy\n- ｊｏｙ\n", 3, ["got 'ｊｏｙ' again (line 2)"]),
    "same name but hidden": ('labels:\n- joy\n- "jo\\u200by"\n', 3, ["again (line 2)"]),
    "same word twice": (
        "labels:\n- {name: a, word: x}\n- name: b\n  word: X\n",
        4,
        ["word of a label must be unique", "got 'X' again (line 2)"],
    ),
    "word is another name": ("labels:\n- a\n- {name: b, word: A}\n", 3, ["word of a label must be unique"]),
    "kind unknown": (f"{TWO}kind: multiple\n", 2, ["single or multi, got 'multiple'", "'multi'?"]),
    "kind is a number": (f"{TWO}kind: 1\n", 2, ["kind must be text, got 1"]),
    "neutral is no label": (f"{TWO}neutral: c\n", 2, ["one of the labels (a, b), got 'c'", "leave the key"]),
    "valence too high": ("labels:\n- a\n- {name: b, valence: 1.5}\n", 3, ["from -1 to 1, got 1.5"]),
    "valence too low": ("labels:\n- a\n- {name: b, valence: -1.01}\n", 3, ["from -1 to 1, got -1.01"]),
    "valence is not a number": ("labels:\n- a\n- {name: b, valence: .nan}\n", 3, ["got .nan", "such as 0.5"]),
    "arousal is infinite": ("labels:\n- a\n- {name: b, arousal: -.inf}\n", 3, ["arousal of 'b'", "-.inf"]),
    "arousal is text": ("labels:\n- a\n- {name: b, arousal: '0.5'}\n", 3, ["the text '0.5'", "unquoted"]),
    "arousal is a boolean": ("labels:\n- a\n- {name: b, arousal: yes}\n", 3, ["got yes"]),
    "arousal is nothing": ("labels:\n- a\n- name: b\n  arousal:\n", 4, ["got nothing", "leave the key out"]),
    "arousal is a list": ("labels:\n- a\n- {name: b, arousal: [1]}\n", 3, ["got a list"]),
    "key given twice": (f"{TWO}name: x\n\nname: y\n", 4, ["unique, got 'name' again (line 2)", "remove"]),
    "label given twice as key": ("labels:\n  a: x\n  a: y\n", 3, ["got 'a' again (line 2)"]),
    "no as label": ("labels:\n- yes I do\n- no\n", 3, ["got no, which YAML reads as a boolean", '"no"']),
    "off as key": ("labels:\n  a: x\n  off: y\n", 3, ["got off, which YAML reads as a boolean", '"off"']),
    "number as label": ("labels: [a, 2]\n", 1, ["got 2, which YAML reads as a number", 'quote it: "2"']),
    "date as label": ("labels: [a, 2026-01-31]\n", 1, ["which YAML reads as a date"]),
    "null as label": ("labels: [a, null]\n", 1, ["which YAML reads as nothing", 'quote it: "null"']),
    "nothing as label": ("labels:\n- a\n-\n", 3, ["must be text, got nothing"]),
    "merge as key": ("labels: [a, b]\n<<: {name: x}\n", 2, ["which YAML reads as a merge"]),
    "empty label": ("labels: [a, '']\n", 1, ["one line of 1 to 60 characters, got ''"]),
    "invisible label": ('labels: [a, "\\u200b"]\n', 1, ["write visible text"]),
    "space around a label": ("labels: [a, ' b']\n", 1, ["got ' b'", "no space before or after"]),
    "label of two lines": ('labels: [a, "b\\nc"]\n', 1, ["got 'b\\nc'", "take line breaks"]),
    "block text as label": ("labels:\n- a\n- |\n  b\n", 3, ["take line breaks"]),
    "control character in a label": ('labels: [a, "b\\e[31m"]\n', 1, ["got 'b\\x1b[31m'"]),
    "label too long": (f"labels: [a, {'b' * 61}]\n", 1, ["1 to 60 characters, got 61", "shorten"]),
    "title too long": (f"{TWO}title: {'b' * 201}\n", 2, ["1 to 200 characters, got 201"]),
    "list under two keys": ("labels:\n  - a\n  b: c\n", 3, ["valid YAML", "begun on line 2"]),
    "tab": ("labels:\n\t- a\n\t- b\n", 2, ["valid YAML", "use spaces"]),
    "colon in a description": (
        f"{TWO}title: mine: all\n",
        2,
        ["valid YAML", "quote text that holds a colon"],
    ),
    "open bracket": ("labels: [a, b\nname: x\n", 2, ["valid YAML", "check quotes, brackets"]),
    "open quote": ("labels: ['a, b]\n\n", 3, ["begun on line 1", "check quotes, brackets"]),
    "two documents": (f"{TWO}---\n{TWO}", 2, ["valid YAML", "keep one document"]),
    "undefined tag": ("labels: [a, !e!b c]\n", 1, ["valid YAML", "undefined tag handle"]),
    "python tag": (f"{TWO}name: !!python/name:os.system x\n", 2, ["text, got x with a tag", "take out"]),
    "python call": (f"{TWO}name: !!python/object/apply:os.system [x]\n", 2, ["got a list with a tag"]),
    "set for labels": ("labels: !!set {a, b}\n", 1, ["must be a mapping, got a mapping with a tag"]),
    "alias": ("labels: &x [a, b]\nname: *x\n", 2, ["written out, got the alias *x", "copy it here"]),
    "alias to itself": ("labels: &x [a, *x]\n", 1, ["got the alias *x"]),
    "deep nesting": (f"labels:\n {'[' * 500_000}\n", 2, ["nesting must be at most 8 deep"]),
    # Mapping, key and list are 3 values; label n, on line n + 1, is value n + 3: the first over is 19,998.
    "too many values": ("labels:\n" + "- a\n" * 30_000, 19_999, ["at most 20,000 values"]),
    "empty": ("", 1, ["got nothing", "start with `labels: [happy, sad]`"]),
    "only a comment": ("# mine\n", 1, ["got nothing"]),
    "control character": ("labels:\n- a\n- b\x07\n", 3, ["printable", "character code 7"]),
    "latin-1": (b"labels:\n- a\n- \xe9mu\n", 3, ["UTF-8, got the byte 0xe9", "save it again as UTF-8"]),
    "utf-16": ("labels: [a, b]".encode("utf-16"), 1, ["must be UTF-8"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_its_line_and_remedy(case: str, tmp_path: Path) -> None:
    text, line, words = BROKEN[case]
    with pytest.raises(TaxonomyError) as raised:
        read(tmp_path, text)
    message = str(raised.value)
    assert message.startswith(f"{tmp_path / 'mine.yaml'}, line {line}: ")
    assert "\n" not in message
    assert "; " in message  # the rule, then the remedy
    assert [word for word in words if word not in message] == []


def test_an_alias_bomb_is_refused_at_its_first_alias(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)
    ]  # 9^39 texts if it were expanded
    with pytest.raises(TaxonomyError, match=r"line 2: .* alias \*a0"):
        read(tmp_path, "\n".join(rows))


def test_a_file_of_more_than_a_million_bytes_is_refused(tmp_path: Path) -> None:
    head = "labels: [a, b]\n#"
    assert len(read(tmp_path, head + "x" * (1_000_000 - len(head)))) == 2
    with pytest.raises(TaxonomyError, match=r"at most 1,000,000 bytes, got more; check the path"):
        read(tmp_path, head + "x" * (1_000_001 - len(head)))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"got no such file; check the path"):
        read_taxonomy(tmp_path / "none.yaml")
    with pytest.raises(TaxonomyError, match=r"a readable file, got Is a directory; check the path"):
        read_taxonomy(tmp_path)


plain_text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
unit = st.none() | st.floats(-1, 1).filter(lambda x: x == 0 or abs(x) > 1e-4)  # the dumper writes 1e-05 as text


def distinct(labels: list[Label]) -> bool:
    def folded(text: str) -> str:
        return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())

    names, words = [folded(label.name) for label in labels], [folded(label.word) for label in labels]
    return len(set(names)) == len(set(words)) == len(labels)


labels_of_a_taxonomy = st.lists(
    st.builds(Label, plain_text, st.just("") | plain_text, plain_text, unit, unit), min_size=2, max_size=6
).filter(distinct)


@given(labels=labels_of_a_taxonomy, kind=st.sampled_from(Kind), name=plain_text, neutral=st.booleans())
def test_what_is_written_as_yaml_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, labels: list[Label], kind: Kind, name: str, neutral: bool
) -> None:
    written = Taxonomy(name, name, kind, tuple(labels), neutral=labels[0].name if neutral else None)
    entries = [
        {
            key: getattr(label, key)
            for key in ("name", "description", "word", "valence", "arousal")
            if getattr(label, key) is not None
        }
        for label in labels
    ]
    fields: dict[str, object] = {"name": name, "kind": kind.value, "labels": entries}
    if neutral:
        fields["neutral"] = labels[0].name
    path = tmp_path_factory.mktemp("roundtrip") / "mine.yaml"
    path.write_text(yaml.safe_dump(fields, allow_unicode=True), encoding="utf-8")
    assert read_taxonomy(path) == written
