"""Words of labelled examples vote, their file says the same again, and damage is told."""

from pathlib import Path

import numpy as np
import pytest

from thymos.prompts.errors import InputError, ModelError
from thymos.retrieval.embedder import SentenceEmbedder
from thymos.retrieval.votes import Votes, Weighed, load_votes, pool, save_votes

LABELS = ("joy", "anger", "fear")
TEXTS = ("what a lovely day", "lovely, so happy", "I hate this", "I hate him so much", "this day is happy")
GOLD = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]], dtype=np.bool_)


@pytest.fixture(scope="module")
def votes() -> Votes:
    return Votes.fit(TEXTS, GOLD, LABELS)


def test_a_text_gets_the_label_that_its_words_had(votes: Votes) -> None:
    shares = np.exp(votes.log_shares(["a lovely, happy evening", "hate hate hate", "zzz"]))
    assert [LABELS[place] for place in shares[:2].argmax(axis=1)] == ["joy", "anger"]
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-4)
    assert shares[2, 0] > shares[2, 1] > shares[2, 2] > 0  # nothing known: as often as each label was gold


@pytest.mark.parametrize(
    ("texts", "asked"),
    [
        (("とても楽しいです", "楽しかった", "つまらないです", "つまらなかった"), ["すごく楽しい", "話がつまらない"]),
        (("我很高兴", "高兴极了", "我很生气", "生气极了"), ["他们都高兴", "她为什么生气"]),
        (("ฉันมีความสุข", "สุขมาก", "ฉันโกรธ", "โกรธมาก"), ["เรามีสุข", "เขาโกรธ"]),
        (("happyだね", "happyです", "sadだね", "sadです"), ["happyよ", "sadよ"]),
    ],
)
def test_a_script_without_spaces_is_read_by_characters(texts: tuple[str, ...], asked: list[str]) -> None:
    gold = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.bool_)
    told = Votes.fit(texts, gold, ("joy", "other"))
    assert told.log_shares(asked).argmax(axis=1).tolist() == [0, 1]


def test_a_label_without_examples_is_unlikely_and_not_impossible(votes: Votes) -> None:
    pooled = Weighed(votes, 0.5).pooled(np.log(np.array([[0.05, 0.05, 0.9]])), ["what a lovely day"])
    assert LABELS[int(pooled.argmax())] == "fear"
    assert np.exp(pooled).sum() == pytest.approx(1)


def test_weight_zero_leaves_a_distribution_as_it_is(votes: Votes) -> None:
    before = np.log(np.array([[0.2, 0.5, 0.3]]))
    shares = votes.log_shares(["I hate this"])
    assert pool(before, shares, 0.0) == pytest.approx(before)
    product = np.exp(before + 2 * shares)
    assert np.exp(pool(before, shares, 2.0)) == pytest.approx(product / product.sum())


def test_the_file_votes_the_same(votes: Votes, tmp_path: Path) -> None:
    path = tmp_path / "votes-x.safetensors"
    save_votes(path, Weighed(votes, 0.35), {"mark": "a note"})
    save_votes(tmp_path / "again", Weighed(votes, 0.35), {"mark": "a note"})
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    found, notes = load_votes(path)
    asked = ["lovely hate", "so what"]
    assert found.weight == 0.35
    assert notes["mark"] == "a note"
    assert found.votes.labels == LABELS
    assert found.votes.examples == len(TEXTS)
    assert found.votes.log_shares(asked) == pytest.approx(votes.log_shares(asked), abs=5e-3)


def test_damage_is_told(votes: Votes, tmp_path: Path) -> None:
    path = tmp_path / "votes-x.safetensors"
    save_votes(path, Weighed(votes, 1.0))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ModelError, match="whole file"):
        load_votes(path)
    path.write_bytes(b"{}")
    with pytest.raises(ModelError, match="whole file"):
        load_votes(path)


@pytest.mark.parametrize("texts", [(), ("...", "!?")])
def test_examples_without_words_are_refused(texts: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="examples must"):
        Votes.fit(texts, np.zeros((len(texts), 3), np.bool_), LABELS)


def test_sentence_vectors_know_what_words_do_not(tmp_path: Path) -> None:
    embedder = SentenceEmbedder()
    votes = Votes.fit(TEXTS, GOLD, LABELS, embedder=embedder)
    shares = votes.log_shares(["delightful", "I despise you"])
    assert [LABELS[place] for place in shares.argmax(axis=1)] == ["joy", "anger"]
    path = tmp_path / "votes-x.safetensors"
    save_votes(path, Weighed(votes, 1.0))
    again = load_votes(path, embedder)[0].votes.log_shares(["delightful", "I despise you"])
    assert again == pytest.approx(shares, abs=5e-3)
    with pytest.raises(ModelError, match="embedder"):
        load_votes(path)
