"""Corpora of physiology by name: windows inside segments, exchanges with what was said before."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from thymos.adapters.corpus import BadRow
from thymos.adapters.readers import Columns, open_corpus
from thymos.adapters.readers.hazumi import read_hazumi_features
from thymos.adapters.sample import Sample
from thymos.prompts.errors import RowError

SEGMENTS = """subject,segment,t_start_s,t_end_s,duration_s,stress
S01,stroop,79.0,199.5,120.5,1
S01,questionnaire,200,400,200,0
S01,relax1,400,459,59,0
S01,final_rest,500,560,60,0
"""


def rows(path: Path, kind: str, **options: object) -> list[Sample | BadRow]:
    return list(open_corpus(path, format=kind, **options))  # type: ignore[arg-type]


def samples(path: Path, kind: str, **options: object) -> list[Sample]:
    found = [row for row in rows(path, kind, **options) if isinstance(row, Sample)]
    assert len(found) == len(rows(path, kind, **options))
    return found


@pytest.fixture
def stress(tmp_path: Path) -> Path:
    (tmp_path / "S01.npz").write_bytes(b"x")
    path = tmp_path / "segments.csv"
    path.write_text(SEGMENTS)
    return path


def test_windows_lie_inside_their_segment_half_overlapping(stress: Path) -> None:
    found = samples(stress, "stress-predict")
    assert [(row.id, row.physiology.start, row.physiology.end) for row in found if row.physiology] == [
        ("S01-stroop-1", 79.0, 139.0),
        ("S01-stroop-2", 109.0, 169.0),
        ("S01-stroop-3", 139.0, 199.0),
        ("S01-final_rest-1", 500.0, 560.0),
    ]
    assert [row.gold for row in found] == [("stress",)] * 3 + [("rest",)]
    assert {row.speaker for row in found} == {"S01"}
    assert all(row.text is None and row.context == () for row in found)


def test_the_condition_can_be_the_label(stress: Path) -> None:
    found = samples(stress, "stress-predict", columns=Columns(label="condition"))
    assert [row.gold for row in found] == [("stroop",)] * 3 + [("rest",)]


@pytest.mark.parametrize(
    "line", ["S01,nap,1,100,99,0", "S01,stroop,x,100,99,0", "S01,stroop,100,1,9,0", ",stroop,1,100,9,0"]
)
def test_segments_that_are_none_are_bad_rows(stress: Path, line: str) -> None:
    stress.write_text(SEGMENTS + line + "\n")
    *_, last = rows(stress, "stress-predict")
    assert isinstance(last, BadRow)
    assert last.reason.startswith("segment must ")


EXCHANGES = """subject,exchange,t_start_s,t_end_system_s,t_end_s,SS,SS_ternary,TS_ternary,TC_ternary,\
system_utterance,user_utterance
A,0,10.0,12.0,20.5,4,1,1,1,Hello?,Hi.
A,1,20.5,30.0,70.0,4,2,2,0,And you?,
A,2,70.0,72.0,75.0,4,0,0,2,I see.,Yes.
"""


@pytest.fixture
def hazumi(tmp_path: Path) -> Path:
    (tmp_path / "A.npz").write_bytes(b"x")
    path = tmp_path / "exchanges.csv"
    path.write_text(EXCHANGES)
    return path


def test_an_exchange_is_a_reply_with_what_the_system_said_before(hazumi: Path) -> None:
    one, two, three = samples(hazumi, "hazumi")
    assert (one.id, one.text, one.speaker, one.gold) == ("A-0", "Hi.", "User", ("neutral",))
    assert [(turn.speaker, turn.text) for turn in one.context] == [("System", "Hello?")]
    assert [turn.text for turn in three.context] == ["Hello?", "Hi.", "And you?", "I see."]
    assert (two.text, two.gold, two.modalities) == (None, ("positive",), ("physiology",))


def test_physiology_of_an_exchange_has_at_least_thirty_seconds_where_they_are_there(hazumi: Path) -> None:
    found = [(row.physiology.start, row.physiology.end) for row in samples(hazumi, "hazumi") if row.physiology]
    assert found == [(0.0, 20.5), (20.5, 70.0), (45.0, 75.0)]


@pytest.mark.parametrize(
    ("column", "gold"), [("self_sentiment", "neutral positive negative"), ("topic", "neutral negative positive")]
)
def test_the_other_labels_of_hazumi(hazumi: Path, column: str, gold: str) -> None:
    found = samples(hazumi, "hazumi", columns=Columns(label=column))
    assert [row.gold for row in found] == [(name,) for name in gold.split()]


@pytest.mark.parametrize("line", ["A,x,1,2,3,4,1,1,1,a,b", "A,3,,2,3,4,1,1,1,a,b", "A,3,9,2,3,4,1,1,1,a,b"])
def test_exchanges_that_are_none_are_bad_rows(hazumi: Path, line: str) -> None:
    hazumi.write_text(EXCHANGES + line + "\n")
    *good, last = rows(hazumi, "hazumi")
    assert isinstance(last, BadRow)
    assert len(good) == 3


def test_features_of_an_exchange_have_their_names(tmp_path: Path) -> None:
    (tmp_path / "feature_names.json").write_text('{"is09": ["a", "b", "c"], "au": ["d"]}')
    np.savez(tmp_path / "A.npz", is09=np.arange(6.0).reshape(2, 3), au=np.ones((2, 1)))
    found = read_hazumi_features(tmp_path, "A")
    assert found["is09"][0] == ("a", "b", "c")
    assert found["is09"][1].tolist() == [[0, 1, 2], [3, 4, 5]]
    np.savez(tmp_path / "B.npz", is09=np.ones((2, 2)), au=np.ones((2, 1)))
    with pytest.raises(RowError, match=r"is09 in B\.npz must have 3 columns, got shape \(2, 2\)"):
        read_hazumi_features(tmp_path, "B")
    for name in ("C", "D"):
        (tmp_path / "D.npz").write_bytes(b"x")
        with pytest.raises(RowError, match=f"{name}\\.npz"):
            read_hazumi_features(tmp_path, name)


def test_the_real_corpora_have_their_published_counts(shared: Path) -> None:
    folder = shared / "data" / "physio"
    if not folder.is_dir():
        pytest.skip(f"needs the physiological corpora in {folder}")
    found = samples(folder / "stress_predict" / "segments.csv", "stress-predict")
    assert (len(found), len({row.speaker for row in found})) == (2193, 26)
    assert Counter(row.gold for row in found) == {("rest",): 1371, ("stress",): 822}
    exchanges = samples(folder / "hazumi1911" / "exchanges.csv", "hazumi")
    assert Counter(row.gold for row in exchanges) == {("positive",): 978, ("neutral",): 627, ("negative",): 132}
    names, values = read_hazumi_features(folder / "hazumi1911", "1911F2001")["is09"]
    assert (len(names), values.shape) == (384, (71, 384))
