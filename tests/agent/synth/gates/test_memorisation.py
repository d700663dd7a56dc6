"""Gate `memorisation`: nothing that is by heart passes."""

import pytest

from tests.agent.synth.fakes import WordEmbedder
from tests.agent.synth.gates.judging import passes
from thymos.agent.synth.gates.memorisation import MemorisationGate
from thymos.agent.synth.vectors import Vectors
from thymos.retrieval.heard import Heard

VECTORS = Vectors(WordEmbedder())
LONG = "the old lime tree in the yard is to be felled before the end of next week says the town"  # 20 words


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (LONG, False),
        (" ".join(LONG.split()[:13]) + " but then nobody came and nothing at all was done about it", False),
        ("they told us " + " ".join(LONG.split()[:8]), False),  # 8 of 11 words
        ("they told us " + " ".join(LONG.split()[:5]) + " by nobody in this long and quiet street", True),
        ("a lime tree that is old, in some yard, and will be felled", True),
    ],
)
def test_memorisation_drops_what_shares_a_long_run_with_a_source(text: str, kept: bool) -> None:
    assert passes(MemorisationGate([LONG, "something else entirely"], None), text) is kept


@pytest.mark.parametrize(("shared", "keeps"), [(13, False), (12, True)])
def test_memorisation_drops_thirteen_words_in_a_row_however_long_the_texts_are(shared: int, keeps: bool) -> None:
    source = f"{LONG} and nobody asked those who live around it whether they would rather have kept it standing there"
    others = "but then we went on to talk of quite another thing for most of that evening in our small kitchen"
    assert passes(MemorisationGate([source], None), f"{' '.join(source.split()[:shared])} {others}") is keeps


def test_memorisation_drops_near_meaning_and_short_copies() -> None:
    gate = MemorisationGate(["so we held on tight", "go away now"], VECTORS)
    assert not passes(gate, "tight on held we so")
    assert not passes(gate, "Go away, now!")
    assert passes(gate, "they eat at a night market")


def test_what_an_adapter_was_trained_on_is_known_without_its_data() -> None:
    gate = MemorisationGate([], None, heard=Heard.of([LONG]))
    assert not passes(gate, f"He said: {LONG}.")
    assert passes(gate, "We walked home in the rain.")
    assert gate.identity() != MemorisationGate([], None).identity()


def test_a_short_source_is_found_behind_many_that_share_more() -> None:
    short = "nobody ever told me that"
    long = [f"and then he left us for good in the rain, number{n}" for n in range(30)]
    text = "nobody ever told me that and then he left us, for good, in snow"
    assert passes(MemorisationGate(long, None, most_share=0.9), text)
    assert not passes(MemorisationGate([*long, short], None, most_share=0.9), text)
