"""A cue is as short as what it carries, measured like the phrase it came from, and no longer text costs more than its
budget."""

import pytest

from tests.agent.reasoning.conftest import WordScorer
from tests.agent.reasoning.test_cues import asked
from thymos.agent.reasoning.cues import measure

TEXT = "Yesterday we won the cup, and after the party I walked home alone through the rain."


def test_the_word_that_carries_a_phrase_stands_for_it(scorer: WordScorer) -> None:
    cited = measure(scorer, asked(TEXT)).cited()
    assert [cue.text for cue in cited] == ["won", "party"]
    assert [cue.weight for cue in cited] == pytest.approx([0.2, 0.1])
    assert [TEXT[cue.start : cue.end] for cue in cited] == ["won", "party"]


def test_a_phrase_that_no_part_carries_stays(scorer: WordScorer) -> None:
    found = measure(scorer, asked("There won the dark party, and after that the long road home was wet.")).cited()
    assert found[0].text == "There won the dark party,", "the first word and the last count, and lie too far apart"


def test_parts_are_left_unmeasured_when_the_budget_is_spent(scorer: WordScorer) -> None:
    phrases = len(measure(scorer, asked(TEXT)).cues)
    scorer.scored = 0
    cited = measure(scorer, asked(TEXT), budget=phrases).cited()
    assert scorer.scored == phrases + 1
    assert cited[0].text == "Yesterday we won the cup,"


def test_cues_are_numbered_by_weight_after_shortening(scorer: WordScorer) -> None:
    cues = measure(scorer, asked(TEXT)).cues
    assert [cue.number for cue in cues] == list(range(1, len(cues) + 1))
    assert [cue.weight for cue in cues] == sorted((cue.weight for cue in cues), reverse=True)
