"""Classifiers: scikit-learn's own answers, choices within the training draw, and no leak between its folds."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from tests.finetune.augment_rows import LABELS, TAXONOMY, rows
from thymos.finetune.augment.classifiers import Embedded, Regression, folds_of, macro_f1, tfidf
from thymos.finetune.augment.regression import Matrix, one_by_one
from thymos.finetune.augment.values import Added, Row, Training
from thymos.prompts.taxonomy import Kind, Label, Taxonomy

MULTI = Taxonomy("pair", "Pair", Kind.MULTI, tuple(Label(name, name, name) for name in ("joy", "fear")))


class Letters:
    """Vectors of letter counts; remembers what it embedded."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        counts = np.array([[text.count(chr(97 + n)) for n in range(26)] for text in texts], dtype=np.float32)
        return np.asarray(counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1), dtype=np.float32)


class Spy:
    """Features that remember which texts were learnt from beside which."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    def __call__(self, training: Sequence[str], others: Sequence[str]) -> tuple[Matrix, Matrix]:
        self.calls.append((tuple(training), tuple(others)))
        first, second = (np.array([[len(text), text.count("a")] for text in texts]) for texts in (training, others))
        return first, second


def test_labels_are_those_of_scikit_learn_with_the_strength_that_was_chosen() -> None:
    train, test = rows(48, 1), rows(40, 2, "t")
    found, chosen = Regression("tfidf", tfidf, TAXONOMY).label(Training(train), [row.text for row in test], 0)
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    x = vectorizer.fit_transform([row.text for row in train])
    model = LogisticRegression(C=chosen["strength"], max_iter=300, tol=1e-3)
    model.fit(x, [row.labels[0] for row in train])
    theirs = model.predict(vectorizer.transform([row.text for row in test]))
    assert [LABELS[row.argmax()] for row in found] == theirs.tolist()
    assert (found.sum(axis=1) == 1).all()


def test_a_row_that_counts_three_times_is_three_rows() -> None:
    train = rows(24, 1)
    texts = [row.text for row in rows(30, 2, "t")]
    once = tuple(Added(row.text, row.labels, place) for place, row in enumerate(train[:6]) for _ in range(3))
    thrice = tuple(Added(row.text, row.labels, place, 3) for place, row in enumerate(train[:6]))
    letters = Embedded(Letters())
    first, second = (
        Regression("l", letters, TAXONOMY).label(Training(train, added), texts, 0) for added in (once, thrice)
    )
    assert first[1] == second[1]
    assert (first[0] == second[0]).all()


def test_macro_f1_is_scikit_learns() -> None:
    chance = np.random.default_rng(0)
    gold, guess = chance.random((50, 6)) < 0.3, chance.random((50, 6)) < 0.3
    gold[:, 5] = guess[:, 5] = False
    assert macro_f1(gold, guess) == pytest.approx(f1_score(gold, guess, average="macro", zero_division=0))


def test_what_was_made_of_a_held_out_row_is_held_out_with_it() -> None:
    train = rows(24, 1)
    added = (*(Added(f"edit {place}", row.labels, place) for place, row in enumerate(train)), Added("free", ("joy",)))
    spy = Spy()
    Regression("spy", spy, TAXONOMY).label(Training(train, added), ["the test"], 0)
    *validations, last = spy.calls
    assert validations
    place = {row.text: number for number, row in enumerate(train)}
    for learnt, held in validations:
        assert "free" in learnt
        assert "the test" not in learnt + held
        assert set(held) <= set(place)  # only real rows are ever validated on
        assert not {*held, *(f"edit {place[text]}" for text in held)} & set(learnt)
    assert len(last[0]) == 49
    assert last[1] == ("the test",)


def test_folds_share_labels_evenly_hold_each_row_once_and_go_by_the_seed() -> None:
    train = [Row(f"{name}{n}", f"{name} {n}", (name,)) for name in LABELS for n in range(6)]
    folds = folds_of(train, LABELS, 0)
    assert sorted(place for fold in folds for place in fold) == list(range(24))
    assert all(sum(train[place].labels == (name,) for place in fold) == 2 for fold in folds for name in LABELS)
    assert folds != folds_of(train, LABELS, 1)


def test_added_rows_that_mislead_are_weighed_down() -> None:
    train, texts = rows(60, 1), [row.text for row in rows(60, 2, "t")]
    wrong = dict(zip(LABELS, (*LABELS[1:], LABELS[0]), strict=True))
    lies = tuple(Added(row.text, (wrong[row.labels[0]],)) for row in rows(120, 3, "s"))
    truths = tuple(Added(row.text, row.labels) for row in rows(120, 3, "s"))
    assert Regression("tfidf", tfidf, TAXONOMY).label(Training(train, lies), texts, 0)[1]["weight"] == 0.1
    assert Regression("tfidf", tfidf, TAXONOMY).label(Training(train, truths), texts, 0)[1]["weight"] == 1.0
    assert "weight" not in Regression("tfidf", tfidf, TAXONOMY).label(Training(train), texts, 0)[1]


def test_a_multi_label_row_may_get_both_labels_and_always_gets_one() -> None:
    said = {"joy": "sun party", "fear": "dark howl"}
    train = [Row(f"{n}", f"{said['joy']} {n}", ("joy",)) for n in range(9)]
    train += [Row(f"f{n}", f"{said['fear']} {n}", ("fear",)) for n in range(9)]
    train += [Row(f"b{n}", f"{said['joy']} {said['fear']} {n}", ("joy", "fear")) for n in range(9)]
    texts = ["sun party dark howl", "sun party", "dark howl", "xyzzy"]
    found, chosen = Regression("tfidf", tfidf, MULTI).label(Training(tuple(train)), texts, 0)
    assert found[:3].tolist() == [[True, True], [True, False], [False, True]]
    assert found[3].any()
    assert chosen["threshold"] in (0.05, 0.1, 0.2, 0.3, 0.5)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("strength", [0.5, 50.0])
def test_all_labels_at_once_is_scikit_learns_regression_of_each(sparse: bool, strength: float) -> None:
    chance = np.random.default_rng(0)
    x, others = (chance.normal(size=(rows, 6)) * (chance.random((rows, 6)) < 0.6) for rows in (120, 30))
    y = x @ chance.normal(size=(6, 4)) + chance.normal(size=(120, 4)) > (0, 1, 2, 100)  # the last is never there
    weight = chance.choice([0.3, 1.0, 4.0], 120)
    wrapped = csr_matrix if sparse else np.asarray
    found = one_by_one(wrapped(x), y, weight, strength, wrapped(others))
    for label in range(3):
        model = LogisticRegression(C=strength, tol=1e-6, max_iter=2000).fit(x, y[:, label], sample_weight=weight)
        assert found[:, label] == pytest.approx(model.predict_proba(others)[:, 1], abs=0.01)
    assert (found[:, 3] < 0.05).all()


def test_the_threshold_of_a_multi_label_set_is_chosen_and_counts() -> None:
    chance = np.random.default_rng(0)
    names = [("joy", "fear") if chance.random() < 0.3 else ("fear",) for _ in range(120)]
    train = tuple(Row(f"{n}", f"dark {n}", labels) for n, labels in enumerate(names))
    found, chosen = Regression("tfidf", tfidf, MULTI).label(Training(train), ["dark dark"], 0)
    assert chosen["threshold"] < 0.3  # joy is as likely as that everywhere: at 0.5 it is never said and its F1 is 0
    assert found.tolist() == [[True, True]]


def test_many_rows_are_held_out_once() -> None:
    train = [Row(f"{n}", f"{n}", (LABELS[n % 4],)) for n in range(6000)]
    (fold,) = folds_of(train, LABELS, 0)
    assert len(fold) == 2000


def test_a_text_is_embedded_once() -> None:
    letters = Letters()
    features = Embedded(letters)
    features(["abc", "abc"], ["def"])
    first, second = features(["def"], ["abc", "ghi"])
    assert letters.seen == ["abc", "def", "ghi"]
    assert (first.shape, second.shape) == ((1, 26), (2, 26))


def test_two_rows_are_enough_to_learn_from() -> None:
    train = Training((Row("a", "sun", ("joy",)), Row("b", "dark", ("fear",))))
    found, _ = Regression("tfidf", tfidf, TAXONOMY).label(train, ["sun", "dark"], 0)
    assert found[:, [LABELS.index("joy"), LABELS.index("fear")]].tolist() == [[True, False], [False, True]]
