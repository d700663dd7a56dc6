"""Training corpora: what is held out is not learnt, what is wrong is said."""

import re
from pathlib import Path
from typing import Any

import pytest

from thymos.adapters.sample import Sample, Turn
from thymos.finetune.instruct.corpora import load_corpus, without_leaks
from thymos.finetune.recipe import load_recipe, read_recipe, shipped_recipes
from thymos.finetune.recipe_parts import CorpusRecipe
from thymos.prompts.errors import InputError, ThymosError


def sample(text: str, *turns: str) -> Sample:
    return Sample(id=text, text=text, context=tuple(Turn(turn) for turn in turns), gold=("joy",))


def test_a_text_that_is_held_out_is_dropped_whatever_its_case_and_marks() -> None:
    kept = without_leaks([sample("I am SO happy today!!"), sample("Another one.")], [sample("i am so happy, today")])
    assert [each.text for each in kept] == ["Another one."]


@pytest.mark.parametrize(
    ("train", "held_out", "kept"),
    [
        ([":-)", "😍", "😍", "😡😡", "!!!"], ["!!!"], [":-)", "😍", "😡😡"]),  # smileys may be all that is said
        (["मैं ठीक हूँ", "मैं ठूँठ हूँ"], ["मैं ठीक हूँ!"], ["मैं ठूँठ हूँ"]),  # vowels are signs on letters
        (["ทำไม", "ทำไมล่ะ"], ["ทำไม?"], ["ทำไมล่ะ"]),
        (["un cafe\u0301", "un cafe"], ["Un café."], ["un cafe"]),  # the same letter, written in two ways
    ],
)
def test_what_other_scripts_and_smileys_say_is_compared_too(
    train: list[str], held_out: list[str], kept: list[str], tmp_path: Path
) -> None:
    told = corpus(
        tmp_path,
        "text,emotion\n" + "".join(f"{text},joy\n" for text in train),
        "text,emotion\n" + "".join(f"{text},joy\n" for text in held_out),
    )
    assert [each.text for each in load_corpus(told, tmp_path).train] == kept


def test_a_label_that_is_named_twice_is_one(tmp_path: Path) -> None:
    told = corpus(
        tmp_path, "text,emotion\nso,joy|joy\nwell,joy |fear|joy\n", taxonomy="goemotions", label_separator="|"
    )
    assert [each.gold for each in load_corpus(told, tmp_path).train] == [("joy",), ("joy", "fear")]


def test_a_short_text_is_dropped_only_after_the_same_turns() -> None:
    held_out = [sample("Okay.", "Shall we go?"), sample("Thanks.")]
    train = [
        sample("Okay", "Shall we go?"),
        sample("Okay.", "Are you sad?"),
        sample("thanks"),
        sample("Thanks.", "Here."),
    ]
    kept = without_leaks(train, held_out)
    assert [(each.text, each.context[0].text) for each in kept] == [("Okay.", "Are you sad?"), ("Thanks.", "Here.")]


def corpus(folder: Path, rows: str, dev: str = "text,emotion\nfine,joy\n", **more: Any) -> CorpusRecipe:
    (folder / "train.csv").write_text(rows, encoding="utf-8")
    (folder / "dev.csv").write_text(dev, encoding="utf-8")
    told = {"name": "c", "train": "train.csv", "dev": "dev.csv", "taxonomy": "ekman", "label_column": "emotion"}
    return CorpusRecipe(**(told | {"licence": "none", "source": "here"} | more))


def test_rows_left_out_are_counted_by_reason(tmp_path: Path) -> None:
    train = "text,emotion\nfine,joy\nnew one,joy\nnew one,joy\nnew one,fear\nno label,\n,joy\n"
    found = load_corpus(corpus(tmp_path, train), tmp_path)
    assert [(each.text, each.gold) for each in found.train] == [("new one", ("joy",)), ("new one", ("fear",))]
    assert (found.left.held_out, found.left.repeated, found.left.unlabelled, found.left.bad) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("train", "more", "said"),
    [
        ("text,emotion\nso,hunger\n", {}, "got 'hunger' in row"),
        ("text,emotion\n", {}, "train.csv"),
        ("text,emotion\nfine,joy\n", {}, "not held out"),
        ("text,feeling\nso,joy\n", {}, "emotion"),
        ("text,emotion\nso,joy\n", {"taxonomy": "ekmann"}, "ekman"),
        ("text,emotion\nso,joy\n", {"train": "absent.csv"}, "absent.csv"),
        ("text,emotion\nso,joy|fear\n", {"label_separator": "|"}, "single-label"),
        ("text,emotion\nso,joy\n", {"also_as": ("empathetic",)}, "empathetic"),
    ],
)
def test_what_cannot_be_learnt_from_is_one_sentence(
    train: str, more: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ThymosError, match=said):
        load_corpus(corpus(tmp_path, train, **more), tmp_path)


def test_an_empty_dev_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dev\.csv"):
        load_corpus(corpus(tmp_path, "text,emotion\nso,joy\n", dev="text,emotion\nso,\n"), tmp_path)


_STREAMS = [name for name in shipped_recipes() if getattr(read_recipe(name), "streams", ())]
_TEXT = [name for name in shipped_recipes() if name not in ("all", *_STREAMS)]  # all has the same corpora


@pytest.mark.parametrize("name", _TEXT)
def test_no_published_leak_is_learnt_from(name: str, shared: Path) -> None:
    for told in read_recipe(name).corpora:
        found = load_corpus(told, shared / "data" / "text")
        held_out = list(found.dev)
        for path in told.held_out:
            only_dev = told.model_copy(update={"dev": path})
            held_out += load_corpus(only_dev, shared / "data" / "text").dev
        texts = {(each.text or "").casefold() for each in held_out if len(re.findall(r"\w+", each.text or "")) > 4}
        assert not texts.intersection((each.text or "").casefold() for each in found.train)
        assert found.left.held_out > 0


@pytest.mark.parametrize("name", _STREAMS)
def test_nobody_and_no_picture_of_dev_or_test_is_learnt_from(name: str, shared: Path) -> None:
    (told,) = load_recipe(name).corpora
    if not (shared / "data" / told.train).exists():
        pytest.skip(f"needs {told.train}, a table that benchmarks/ravdess_av.py makes of the corpora")
    found = load_corpus(told, shared / "data", media=True)
    assert found.train and found.dev
    if name == "face":  # nobody is named: the published splits are kept apart
        assert {each.face.path.parent.name for each in found.train if each.face and each.face.path} == {"train.zip"}
        assert {each.face.path.parent.name for each in found.dev if each.face and each.face.path} == {"valid.zip"}
    else:
        assert not {each.speaker for each in found.train} & {each.speaker for each in found.dev}
