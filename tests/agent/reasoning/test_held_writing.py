"""A model that knows nothing can still claim nothing: what it writes is cited, measured, or replaced."""

from pathlib import Path

import pytest

from tests.agent.reasoning.conftest import WordScorer
from tests.agent.reasoning.materials import SAID, base, material
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.sample import Sample
from thymos.agent.reasoning.choice import writer_of
from thymos.agent.reasoning.citations import share_cited
from thymos.agent.reasoning.held_writing import HeldWriter
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.agent.reasoning.support import supported
from thymos.agent.reasoning.values import STEPS
from thymos.agent.reasoning.writing import write_steps
from thymos.prompts.errors import InputError


@pytest.fixture(scope="module")
def writer(tiny_model: Path) -> HeldWriter:
    return HeldWriter(load_language_model(str(tiny_model), device="cpu", dtype="float32"))


class Says(HeldWriter):
    """Says what it is told to, step by step, and a cause."""

    def __init__(self, cause: str | None, **steps: str | None) -> None:
        self.written = self.replaced = 0
        self._cause, self._steps = cause, steps

    def texts(self, asked, on_written=lambda done: None):  # type: ignore[no-untyped-def]
        return [self._cause if wish.step == "cause" else self._steps.get(wish.step) for wish, _ in asked]


def test_a_model_that_knows_nothing_writes_nothing_false(writer: HeldWriter) -> None:
    found = material()
    steps = writer(found)
    assert [step.name for step in steps] == list(STEPS)
    measured = [one for step in steps for one in step.sentences if any("cue" in name for name in one.citations)]
    assert measured
    assert all(supported(one, found) for one in measured if not one.text.startswith("What brought it about"))
    assert writer.written + writer.replaced == 4


def test_what_agrees_takes_the_templates_place_and_passages_stay() -> None:
    found = material()
    plain = write_steps(found)
    own = 'Here "won" means gain, and joy. [kb:appraisal-joy] [cue:1]'
    steps = Says(None, perceive='"won" is what carries joy. [cue:1]', appraise=own)(found)
    assert [one.text for one in steps[0].sentences] == ['"won" is what carries joy.']
    assert steps[1] == plain[1]
    assert [one.text for one in steps[2].sentences] == [plain[2].sentences[0].text, 'Here "won" means gain, and joy.']
    assert steps[3:] == plain[3:], "what was not written comes from the templates"


def test_what_does_not_agree_is_replaced() -> None:
    found = material()
    writer = Says(None, perceive='"alone" is what carries joy. [cue:1]', decide="Joy, at 3 %. [cue:1]")
    assert writer(found) == write_steps(found)
    assert (writer.written, writer.replaced) == (0, 4)


def test_causes_are_cited_by_where_their_words_stand() -> None:
    found = material()
    steps = Says('What brought it about: "You lost again", "won the \'cup\'", "walked home".')(found)
    first, second, third = steps[2].sentences[:3]
    assert second.citations
    cues = {f"cue:{cue.number}": cue for cue in found.cues}
    assert "You lost again" in first.text
    assert [cues[name].turn for name in first.citations] == [0]
    assert third.citations
    text = found.text
    near = text[text.index("after the") :]
    assert all(cues[name].text in near for name in third.citations)


def test_a_reasoner_takes_it_as_writer(writer: HeldWriter) -> None:
    found = Reasoner(WordScorer(), "t", base(), writer=writer).reason(SAID)
    assert not found.removed
    assert share_cited(found.steps) > 0.5
    assert Reasoner(WordScorer(), "t", writer=writer).reason(Sample("1", "won")).steps


def test_an_adapter_for_something_else_is_refused() -> None:
    with pytest.raises(InputError, match="thymos finetune explain"):
        HeldWriter.from_pretrained("goemotions")


def test_a_name_is_a_model_unless_its_card_says_that_it_explains(tiny_model: Path) -> None:
    assert not isinstance(writer_of(str(tiny_model), str(tiny_model)), HeldWriter)
