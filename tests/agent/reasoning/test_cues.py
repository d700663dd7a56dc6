"""A cue's weight is what the answer loses without it, to the digit; scorings stay within the budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.reasoning.conftest import WordScorer
from thymos.adapters.sample import Sample, Turn
from thymos.agent.reasoning.cues import extract, measure, measure_many, remainder
from thymos.agent.reasoning.spans import only, phrases, without
from thymos.prompts.errors import RowError

TEXT = "Yesterday we won the cup, and after the party I walked home alone through the rain."


def asked(text: str, *turns: str, identifier: str = "1") -> Sample:
    return Sample(id=identifier, text=text, context=tuple(Turn(turn) for turn in turns))


def test_weights_are_what_is_lost(scorer: WordScorer) -> None:
    cues = measure(scorer, asked(TEXT)).cues  # joy 0.5 + (2 + 1 - 1) / 10 = 0.7
    by_word = {word: cue for cue in cues for word in ("won", "party", "alone") if word in cue.text}
    assert by_word["won"].weight == pytest.approx(0.2)
    assert by_word["party"].weight == pytest.approx(0.1)
    assert by_word["alone"].weight == pytest.approx(-0.1)
    assert [cue.number for cue in cues] == list(range(1, len(cues) + 1))
    assert [cue.weight for cue in cues] == sorted((cue.weight for cue in cues), reverse=True)


def test_spans_point_at_the_words(scorer: WordScorer) -> None:
    for cue in measure(scorer, asked(TEXT)).cues:
        assert TEXT[cue.start : cue.end] == cue.text


def test_earlier_turns_are_cues(scorer: WordScorer) -> None:
    found = measure(scorer, asked("Fine.", "We lost.", "Oh no.")).cues  # joy 0.3, sadness 0.69
    turns = {cue.turn: cue for cue in found if cue.kind == "turn"}
    assert turns[0].weight == pytest.approx(0.2)
    assert (turns[0].text, turns[0].without) == ("We lost.", "joy")
    assert turns[1].weight == pytest.approx(0)
    assert all(cue.kind == "turn" for cue in found), "a text of one word can't lack it"


def test_what_would_change_the_answer_is_known(scorer: WordScorer) -> None:
    cues = measure(scorer, asked("We won but I am alone and lost, it is a long way home now.")).cues
    assert {cue.without for cue in cues if "won" in cue.text} == {"sadness"}
    assert {cue.without for cue in cues if "lost" in cue.text} == {"joy"}


@pytest.mark.parametrize("budget", [2, 5, 32])
def test_scorings_stay_within_the_budget(budget: int, scorer: WordScorer) -> None:
    measure(scorer, asked(" ".join([TEXT] * 20), *["Yes."] * 40), budget=budget)
    assert scorer.scored <= budget + 1


def test_many_samples_are_scored_together_and_a_bad_one_alone_fails(scorer: WordScorer) -> None:
    good, bad, other = measure_many(scorer, [asked(TEXT), asked(" "), asked("We lost.")])
    assert isinstance(bad, RowError)
    assert not isinstance(good, RowError)
    assert good == measure(scorer, asked(TEXT))
    assert other == measure(scorer, asked("We lost."))
    with pytest.raises(RowError, match="must have text"):
        measure(scorer, asked(" "))


def test_cited_cues_can_be_taken_out_or_kept_alone(scorer: WordScorer) -> None:
    measured = measure(scorer, asked(TEXT))
    cited = measured.cited()
    rest = remainder(asked(TEXT), cited).text or ""
    assert "won" not in rest
    assert "alone" in rest
    assert "won" in (extract(asked(TEXT), cited).text or "")


WORDS = st.lists(st.sampled_from(["we", "won,", "and", "(lost)", "it!", "because", "of", "rain…", "—"]), max_size=120)


@given(WORDS, st.integers(1, 32))
def test_phrases_hold_every_word_once(words: list[str], most: int) -> None:
    text = "  ".join(words)
    spans = phrases(text, most)
    assert [word for start, end in spans for word in text[start:end].split()] == words
    assert len(spans) <= max(most, 5)
    assert without(text, spans) == ""
    assert only(text, spans).split() == list(only(text, [(0, len(text))]).split())
