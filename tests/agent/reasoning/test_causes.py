"""Labels that count turns back become turns of the dialogue, and the explanation says which, and why."""

from collections.abc import Sequence

from tests.agent.reasoning.conftest import WordScorer
from thymos.adapters.sample import Sample, Turn
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.causes import CauseFinder
from thymos.agent.reasoning.citations import share_cited
from thymos.agent.reasoning.page import page
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.prompts.errors import RowError

SAID = Sample(id="1", text="We won!", context=(Turn("It rained."), Turn("There was a party."), Turn("And then?")))


class Backwards:
    """Says the same places for every sample."""

    def __init__(self, *labels: str) -> None:
        self._labels = labels
        self.asked = 0

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.asked += len(samples)
        p = {label: 0.6 - place / 10 for place, label in enumerate(self._labels)}
        return [Prediction(each.id, self._labels, p, entropy=0, margin=0, abstained=False) for each in samples]


def test_places_become_turns_and_no_turn_is_named_twice() -> None:
    found = CauseFinder(Backwards("2 before", "same turn", "not said", "5 before", "3 before")).find(SAID)
    assert [(cause.turn, cause.text) for cause in found] == [
        (1, "There was a party."),
        (None, "We won!"),
        (0, "It rained."),
    ]
    assert found[0].probability == 0.6


def test_without_earlier_turns_nobody_is_asked() -> None:
    scorer = Backwards("same turn")
    assert CauseFinder(scorer).find_many([Sample(id="1", text="We won!"), SAID])[0] == ()
    assert scorer.asked == 1


def test_a_cause_outside_the_dialogue_is_no_turn() -> None:
    assert CauseFinder(Backwards("not said")).find(SAID) == ()


def test_the_explanation_names_the_causes_and_what_they_rest_on(scorer: WordScorer) -> None:
    reasoner = Reasoner(scorer, "t", causes=CauseFinder(Backwards("2 before", "same turn")))
    found = reasoner.reason(SAID)
    told = [sentence for step in found.steps if step.name == "appraise" for sentence in step.sentences]
    assert "There was a party." in told[0].text
    assert "60 %" in told[0].text
    assert [cue.turn for cue in found.cues if f"cue:{cue.number}" in told[0].citations] == [1]
    assert told[1].text.startswith("The text itself")
    assert share_cited(found.steps) == 1
    assert "There was a party." in page(found)
