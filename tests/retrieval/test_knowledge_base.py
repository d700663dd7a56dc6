"""A knowledge base finds by meaning and by words, leaves out what it is told to, and is there after being copied."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.retrieval.conftest import LetterEmbedder, passage
from thymos.prompts.errors import InputError
from thymos.retrieval.folder import MANIFEST
from thymos.retrieval.knowledge_base import LARGE, KnowledgeBase
from thymos.retrieval.search import Filter, Options


def ids(base: KnowledgeBase, query: str, filter: Filter = Filter(), **options: object) -> list[str]:  # noqa: A002, B008
    found = base.search(query, Options(**options), filter)  # type: ignore[arg-type]
    return [hit.passage.id for hit in found]


def test_the_nearest_passage_comes_first(base: KnowledgeBase) -> None:
    assert ids(base, "angry rage")[0] == "rage"
    assert ids(base, "darkness and fear")[0] == "fear"


def test_no_more_than_asked_are_found(base: KnowledgeBase) -> None:
    assert len(ids(base, "rage", k=2)) == 2


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(kinds=("voice", "limits")), {"voice", "any"}),
        (Filter(emotions=("fear",)), {"fear"}),
        (Filter(emotions=("fear",), general=True), {"fear", "any"}),
        (Filter(modalities=("face",)), {"rage", "fear", "any", "row"}),
        (Filter(documents=("two",)), {"voice", "any"}),
        (Filter(kinds=("voice",), emotions=("fear",)), set()),
    ],
)
def test_a_filter_lets_through_what_it_names(wanted: Filter, found: set[str], base: KnowledgeBase) -> None:
    assert set(ids(base, "rage in the dark, a loud voice for all", wanted, least=-1, k=9)) == found
    assert {each.id for each in base.passages(wanted)} == found


def test_turns_of_the_same_dialogue_are_left_out(base: KnowledgeBase) -> None:
    assert "row" in ids(base, "rage in the evening")
    assert "row" not in ids(base, "rage in the evening", dialogue="d1")
    assert "row" in ids(base, "rage in the evening", dialogue="d2")


def test_named_passages_are_left_out(base: KnowledgeBase) -> None:
    assert "rage" not in ids(base, "rage anger", exclude=("rage",))


def test_the_query_itself_is_not_found_unless_wished(base: KnowledgeBase) -> None:
    assert "row" not in ids(base, "rage in the morning")
    assert ids(base, "rage in the morning", apart=1)[0] == "row"


def test_of_two_alike_one_is_shown(base: KnowledgeBase) -> None:
    base.add([passage("again", "anger rage rage")])
    assert len({"rage", "again"} & set(ids(base, "angry and raging", k=9))) == 1
    assert {"rage", "again"} <= set(ids(base, "angry and raging", k=9, apart=1))


def test_diversity_brings_something_else(base: KnowledgeBase) -> None:
    base.add([passage("near", "rage rage anger now"), passage("far", "fear and rage")])
    assert ids(base, "rage anger", k=2, diversity=0, apart=1) == ["rage", "near"]
    assert ids(base, "rage anger", k=2, diversity=0.6, apart=1)[1] not in {"near", "rage"}


def test_nothing_is_returned_where_nothing_is_near(base: KnowledgeBase) -> None:
    assert ids(base, "zzz qqq xxx", least=0.5) == []
    assert ids(KnowledgeBase(LetterEmbedder()), "rage") == []


def test_a_sentence_inside_a_passage_is_found(base: KnowledgeBase) -> None:
    long = "Mostly about mmmmmm and llllll and kkkkkk and wwwww. Zebra jazz quiz! More of mmmmmm and llllll and wwwww."
    base.add([passage("long", long), passage("other", "jaguars quarrel")])
    hit = base.search("jazz, quiz, zebra", Options(k=1))[0]
    assert hit.passage.id == "long"
    assert hit.similarity > 0.99, "the nearest sentence's cosine, not the whole passage's"


def test_a_passage_of_the_same_id_or_document_is_replaced(base: KnowledgeBase) -> None:
    assert base.add([passage("rage", "calm", document="one")]) == 2, "rage, and fear of the same document"
    assert [each.text for each in base.get(["rage", "fear"])] == ["calm"]
    assert len(base) == 4


def test_what_is_removed_is_not_found(base: KnowledgeBase) -> None:
    assert base.remove(ids=["rage"], documents=["two"]) == 3
    assert set(ids(base, "rage anger loud voice", k=9, least=-1)) == {"fear", "row"}


def test_a_base_is_the_same_after_saving_and_copying(base: KnowledgeBase, tmp_path: Path) -> None:
    base.add([passage("extra", "Rage. Then calm.", extra={"page": 3}, sources=("A 1990, B",))])
    base.save(tmp_path / "kb")
    shutil.copytree(tmp_path / "kb", tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "kb")
    again = KnowledgeBase.open(tmp_path / "elsewhere", LetterEmbedder())
    assert again.passages() == base.passages()
    for query in ("rage", "then calm", "what holds"):
        assert [hit.score for hit in again.search(query)] == [hit.score for hit in base.search(query)]
    again.add([passage("new", "added later")])
    again.save(tmp_path / "elsewhere")
    assert len(KnowledgeBase.open(tmp_path / "elsewhere", LetterEmbedder())) == len(base) + 1


def test_saving_again_leaves_one_generation(base: KnowledgeBase, tmp_path: Path) -> None:
    for _ in range(3):
        base.save(tmp_path)
    assert len(list(tmp_path.glob("g-*"))) == 1


def test_nothing_in_the_folder_is_pickled(base: KnowledgeBase, tmp_path: Path) -> None:
    base.save(tmp_path)
    suffixes = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert suffixes <= {".json", ".parquet", ".npy", ".faiss", ".lock"}
    for path in tmp_path.rglob("*.npy"):
        np.load(path, allow_pickle=False)


def test_another_embedder_is_refused(base: KnowledgeBase, tmp_path: Path) -> None:
    base.save(tmp_path)
    with pytest.raises(InputError, match=r"embedder that made it \(letters\), got others"):
        KnowledgeBase.open(tmp_path, LetterEmbedder("others"))


@pytest.mark.parametrize(
    "damage",
    ["no manifest", "half a file", "another file", "no vectors", "another metric", "later version", "no JSON"],
)
def test_a_damaged_base_is_one_sentence(damage: str, base: KnowledgeBase, tmp_path: Path) -> None:
    base.save(tmp_path)
    manifest = tmp_path / MANIFEST
    said = json.loads(manifest.read_text())
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "half a file":
        (table,) = tmp_path.glob("g-*/passages.parquet")
        table.write_bytes(table.read_bytes()[:100])
    elif damage == "another file":  # NumPy reads it as if nothing were
        (vectors,) = tmp_path.glob("g-*/vectors.npy")
        vectors.write_bytes(vectors.read_bytes() + b"x")
    elif damage == "no vectors":
        next(tmp_path.glob("g-*/vectors.npy")).unlink()
    elif damage == "another metric":
        manifest.write_text(json.dumps(said | {"metric": "euclid"}))
    elif damage == "later version":
        manifest.write_text(json.dumps(said | {"version": 9}))
    else:
        manifest.write_text("{")
    with pytest.raises(InputError, match="must be"):
        KnowledgeBase.open(tmp_path, LetterEmbedder())


def test_an_interrupted_save_leaves_the_old_base(base: KnowledgeBase, tmp_path: Path) -> None:
    base.save(tmp_path)
    (tmp_path / "g-half").mkdir()
    (tmp_path / "g-half" / "passages.parquet").write_bytes(b"PAR1")
    assert len(KnowledgeBase.open(tmp_path, LetterEmbedder())) == len(base)


def test_a_folder_with_other_files_is_not_written_into(base: KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="other files"):
        base.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_progress_counts_passages_and_their_sentences(base: KnowledgeBase) -> None:
    told: list[tuple[int, int]] = []
    base.add([passage("two", "One. Two."), passage("one", "Only")], on_progress=lambda *each: told.append(each))
    assert told == [(4, 4)], "two passages and two sentences"


def test_a_large_document_is_embedded_by_passages_alone(base: KnowledgeBase, embedder: LetterEmbedder) -> None:
    before = embedder.embedded
    large = [passage(f"big#{number}", "Zest. Anger waits.", document="big") for number in range(LARGE)]
    base.add([*large, passage("small", "One. Two.", document="small")])
    assert embedder.embedded - before == LARGE + 3, "each passage, and the sentences of the small document"
    assert base.search("zest and anger", Options(k=1))[0].passage.document == "big"
    assert base.search("two", Options(k=1, least=-1), Filter(documents=("small",)))[0].similarity > 0.99


def test_adding_nothing_changes_nothing(base: KnowledgeBase) -> None:
    before = base.passages()
    assert base.add([]) == 0
    assert base.passages() == before


def test_values_of_a_column_are_counted(base: KnowledgeBase) -> None:
    assert base.counts("document") == {"one": 2, "two": 2, "rows": 1}


def test_a_failing_embedder_leaves_the_base_as_it_was(base: KnowledgeBase, embedder: LetterEmbedder) -> None:
    before = base.passages()

    def fail(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        base.add([passage("rage", "calm", document="one")], on_progress=fail)
    assert base.passages() == before
    assert base.search("angry rage")[0].passage.id == "rage"


def same_hits(changed: KnowledgeBase, queries: list[str]) -> None:
    """Check that a base finds what one would that is made of its passages at once."""
    at_once = KnowledgeBase(LetterEmbedder())
    at_once.add(changed.passages())
    for query in queries:
        found, wanted = (each.search(query, Options(k=9, least=-1)) for each in (changed, at_once))
        assert [hit.passage.id for hit in found] == [hit.passage.id for hit in wanted]
        assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=1e-6)


def test_a_base_that_was_changed_searches_like_one_made_at_once(base: KnowledgeBase, tmp_path: Path) -> None:
    queries = ["zebra quiz jazz", "fear of heights", "calm", "rage", "kayak", "nothing in common"]
    old = passage("old", "Kayak and canoe. Paddles! Nothing of worth.", document="boats")
    new = [passage("new", "Zebra jazz quiz! Then mmmmm and lllll."), passage("more", "Calm sea. A kayak drifts by.")]
    base.search_many(queries)  # so that indexes are there to be kept up to date
    base.add([old])
    base.add(new)
    same_hits(base, queries)
    base.remove(documents=["boats"])
    same_hits(base, queries)
    base.add([passage("fear", "Fear of heights. And of depths.")])
    base.save(tmp_path)
    same_hits(base, queries)
    same_hits(KnowledgeBase.open(tmp_path, LetterEmbedder()), queries)


def test_what_is_added_is_found_by_meaning_where_many_were_before(base: KnowledgeBase) -> None:
    base.search("rage")
    base.add([passage(f"e{number}", f"rage {'e' * (number + 1)}") for number in range(300)])
    base.search("rage")
    base.add([passage("late", "zzz qqq xxx")])  # shares no word with the query: only its vector can bring it up
    assert ids(base, "zq zq zx xz qx qz", k=1, apart=1) == ["late"]
