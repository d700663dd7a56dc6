"""Labelled examples are weighed on rows they do not say, stored for the very labeler, and used by `label` and `ask`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.finetune.recipes import lines
from thymos.adapters.sample import Sample
from thymos.agent.cli.ask import ask
from thymos.agent.cli.kb_weigh import weigh as weigh_command
from thymos.agent.cli.label_flags import ModelFlags
from thymos.agent.examples import are_weighed, forget_examples, open_examples, save_examples
from thymos.agent.labeler import Labeler
from thymos.agent.weighing import ARMS, weigh
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy
from thymos.retrieval.knowledge_base import KnowledgeBase
from thymos.retrieval.passage import EXEMPLAR, Passage

EKMAN = load_taxonomy("ekman")


class Ignorant:
    """Gives every label nearly the same, but for rows whose context says what the answer is."""

    taxonomy: Taxonomy = EKMAN
    digest = "ignorant"

    def log_probabilities(self, samples: Sequence[Sample]) -> tuple[NDArray[np.float64], list[int]]:
        chance = np.random.default_rng(len(samples))
        scores = chance.normal(0, 0.3, (len(samples), len(EKMAN)))
        for row, sample in enumerate(samples):
            for turn in sample.context:
                if turn.speaker == "Note" and "sun" in turn.text:
                    scores[row, EKMAN.index("joy")] += 3
        return np.log(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)), list(range(len(samples)))


def rows(number: int, seed: int) -> list[Sample]:
    return [Sample(id=str(n), text=text, gold=(label,)) for n, (text, label) in enumerate(lines(number, seed))]


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    found = KnowledgeBase()
    found.add(
        Passage(f"e#{n}", text, kind=EXEMPLAR, emotions=(label,), document="e", taxonomy="ekman")
        for n, (text, label) in enumerate(lines(60, seed=1))
    )
    return found


def test_examples_that_know_more_than_the_model_are_weighed_in(base: KnowledgeBase) -> None:
    told: list[tuple[int, int]] = []
    known = [Sample(id="k", text=base.exemplars("ekman").texts[0].upper(), gold=("joy",))]
    found = weigh(Ignorant(), base, [*rows(100, seed=2), *known], lambda *each: told.append(each))
    arms = {arm.name: arm for arm in found.arms}
    assert tuple(arms) == ("none", "neighbours"), "this base has no passage to show"
    assert arms["neighbours"].macro_f1 > arms["none"].macro_f1 + 0.2
    assert arms["neighbours"].loss < arms["none"].loss
    assert found.known >= 1, "what an example says is no row to weigh with"
    assert told[-1] == (found.rows, found.rows)
    assert found.weight > 0.3
    assert found.examples is not None
    assert found.examples.labeler == "ignorant"


def test_passages_are_shown_to_the_model_in_their_arm(base: KnowledgeBase) -> None:
    informed = KnowledgeBase(base.embedder)
    informed.add([*base.passages(), Passage("p", "The sun, a party, sweets and a dance.", kind="definition")])
    told: list[tuple[int, int]] = []
    found = weigh(Ignorant(), informed, rows(100, seed=2), lambda *each: told.append(each))
    arms = {arm.name: arm for arm in found.arms}
    assert tuple(arms) == ARMS
    assert arms["passages"].macro_f1 != arms["none"].macro_f1
    assert told[-1] == (2 * found.rows, 2 * found.rows)


def test_too_few_examples_or_rows_are_told(base: KnowledgeBase) -> None:
    with pytest.raises(InputError, match="20 labelled examples of ekman or more, got 0"):
        weigh(Ignorant(), KnowledgeBase(base.embedder), rows(100, seed=2))
    with pytest.raises(InputError, match="20 or more"):
        weigh(Ignorant(), base, rows(5, seed=2))


def test_the_command_stores_votes_that_a_labeler_uses(
    base: KnowledgeBase, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kb"
    base.save(folder)
    dev = tmp_path / "dev.csv"
    dev.write_text("text,emotion\n" + "".join(f'"{text}",{label}\n' for text, label in lines(120, seed=7)))
    flags = ModelFlags(model=str(tiny_model))
    weigh_command(dev, taxonomy="ekman", label_column="emotion", kb=folder, model=flags)
    out = capsys.readouterr().out
    assert "neighbours" in out
    assert "No passage of this base" in out
    assert "votes count" in out

    def right(**more: Any) -> int:
        labeler = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", **more)
        answers = labeler.label(text for text, _ in lines(80, seed=9))
        return sum(p.labels == (gold,) for p, (_, gold) in zip(answers, lines(80, seed=9), strict=True))

    assert right(kb=folder) > right() + 20
    covered = Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", kb=folder, coverage=0.9)
    assert covered.label(["sun and party"])[0].label_set is not None
    with pytest.raises(InputError, match="weighed for the model"):
        right(kb=folder, calibration="none")
    with pytest.raises(InputError, match="must be weighed for meld"):
        Labeler.from_pretrained(str(tiny_model), taxonomy="meld", kb=folder)
    ask("sun and party", taxonomy="ekman", kb=folder, model=ModelFlags(model=str(tiny_model), adapter="none"), budget=2)
    assert "examples do not vote" not in capsys.readouterr().err
    changed = KnowledgeBase.open(folder)
    changed.add([Passage("new", "A howl.", kind=EXEMPLAR, emotions=("fear",), taxonomy="ekman")])
    changed.save(folder)
    with pytest.raises(InputError, match="weigh them again"):
        right(kb=folder)
    ask("sun and party", taxonomy="ekman", kb=folder, model=ModelFlags(model=str(tiny_model), adapter="none"), budget=2)
    assert "examples do not vote" in capsys.readouterr().err, "told, and answered without them"
    forget_examples(folder, EKMAN)
    assert not are_weighed(folder, EKMAN)


def test_what_is_stored_reads_back(base: KnowledgeBase, tmp_path: Path) -> None:
    found = weigh(Ignorant(), base, rows(100, seed=2)).examples
    assert found is not None
    base.save(tmp_path)
    save_examples(tmp_path, base, found)
    again = open_examples(tmp_path, EKMAN)
    assert again.confidence == found.confidence
    assert (again.votes.weight, again.labeler) == (found.votes.weight, "ignorant")
    assert again.sha256
    other = np.log(np.full((1, len(EKMAN)), 1 / len(EKMAN), np.float32))
    assert again.correction(other, ["sun"]) == pytest.approx(found.correction(other, ["sun"]), abs=2e-3)
