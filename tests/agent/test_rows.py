"""Rows of a labeler that listens: what was heard stands for words that are not there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from thymos.adapters.modality import Observed
from thymos.adapters.perception import Percept, Perception
from thymos.adapters.projectors.baseline import LEAST
from thymos.adapters.projectors.store import Projectors
from thymos.adapters.projectors.streams import Stream
from thymos.adapters.sample import Sample, Speech, Turn
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.agent.rows import RowWriter
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import RowError
from thymos.prompts.template import load_prompt

STREAM = Stream("speech", "test", "f" * 64, 3, 1, "attention", 2, 8)
VOICE = Speech(samples=np.zeros(160, np.float32), rate=16_000)


class Hears(Perception):
    """Perception without an encoder: every voice has one frame and says the same."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    def perceive(self, samples: Sequence[Sample]) -> list[Percept]:
        return [Percept((np.ones((1, 3), np.float16) if sample.speech else None,)) for sample in samples]

    def observe(self, sample: Sample) -> Mapping[str, Observed]:
        return {"speech": Observed(text=self.text)} if sample.speech else {}


def writer(tiny_model: Path, text: str | None, **more: Any) -> tuple[RowWriter, PromptEncoder]:
    taxonomy = load_taxonomy("ekman")
    prompt = load_prompt("multimodal", taxonomy)
    encoder = PromptEncoder(AutoTokenizer.from_pretrained(tiny_model), prompt.system, taxonomy.words, answer=None)
    projectors = Projectors([STREAM], size=48, norm=0.1).eval()
    return RowWriter(encoder, prompt, 200, projectors=projectors, perception=Hears(text), **more), encoder


def test_what_was_heard_stands_for_words_that_are_not_there(tiny_model: Path) -> None:
    made, encoder = writer(tiny_model, "I won")
    written = made.write(
        [Sample(id="1", speech=VOICE), Sample(id="2", text="Given", speech=VOICE), Sample(id="3", text="No voice")]
    )
    assert written.texts == ["I won", "Given", "No voice"]
    assert written.soft is not None and written.soft.shape == (4, 48)
    first, second, third = written.rows
    assert not isinstance(first, RowError) and not isinstance(second, RowError)
    assert [token for token in first if token < 0] == [-1, -2]
    assert [token for token in second if token < 0] == [-3, -4]
    assert third == encoder.row("No voice")
    assert "Words: I won" in made.preview(Sample(id="1", speech=VOICE))


def test_an_adapter_that_learnt_without_words_is_shown_none(tiny_model: Path) -> None:
    made, _ = writer(tiny_model, "I won", hears_words=False)
    written = made.write([Sample(id="1", speech=VOICE), Sample(id="2", text="Given", speech=VOICE)])
    assert written.texts == ["", "Given"]
    assert "I won" not in made.preview(Sample(id="1", speech=VOICE))


def test_a_voice_that_says_nothing_is_read_alone(tiny_model: Path) -> None:
    made, _ = writer(tiny_model, None)
    written = made.write([Sample(id="1", speech=VOICE)])
    assert written.texts == [""] and not isinstance(written.rows[0], RowError)


@pytest.mark.parametrize("sample", [Sample(id="1"), Sample(id="1", text="  ")])
def test_a_row_with_nothing_to_read_says_what_is_read(sample: Sample, tiny_model: Path) -> None:
    made, _ = writer(tiny_model, None)
    (row,) = made.write([sample]).rows
    assert isinstance(row, RowError) and "row must have text or speech, got" in str(row)


def test_a_context_of_five_hundred_turns_is_not_written_once_for_each(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, encoder = writer(tiny_model, None)
    written: list[str] = []
    row = encoder.row
    monkeypatch.setattr(encoder, "row", lambda text, soft: written.append(text) or row(text, soft))  # type: ignore[func-returns-value]
    (found,) = made.write([Sample(id="1", text="Yes.", context=(Turn("No."),) * 500)]).rows
    fits = max(kept for kept in range(50) if len(row("Someone: No.\n" * kept + "Words: Yes.")) <= 200)
    assert found == row("Someone: No.\n" * fits + "Words: Yes.")
    assert len(written) < 20


class Feels(Perception):
    """Perception without an encoder: a voice's frames are known by its first sample."""

    def __init__(self, together: int) -> None:
        self.together, self.asked = together, 0

    def perceive(self, samples: Sequence[Sample]) -> list[Percept]:
        assert len(samples) <= self.together
        self.asked += len(samples)
        heard = [sample.speech.samples for sample in samples if sample.speech and sample.speech.samples is not None]
        assert len(heard) == len(samples)
        found = [np.random.default_rng(int(each[0])).normal(each[0], 1, (20, 3)).astype(np.float16) for each in heard]
        return [Percept((each,)) for each in found]


@pytest.mark.parametrize("together", [2, 4, 7, 100])
def test_speakers_are_met_in_groups_as_one_at_a_time(tiny_model: Path, together: int) -> None:
    def row(number: int) -> Sample:
        voice = Speech(samples=np.full(160, number, np.float32), rate=16_000)
        return Sample(id=str(number), speech=voice, speaker=(None, "a", "b", "c")[number % 4])

    rows = [row(number) for number in range(6 * LEAST)]
    rows.insert(5, Sample(id="text", text="no voice", speaker="a"))
    stream = replace(STREAM, baseline="speaker")
    projectors = Projectors([stream], size=48, norm=0.1).eval()
    projectors.standardise([[np.random.default_rng(9).normal(0, 4, (50, 3)).astype(np.float16)] for _ in range(9)])
    taxonomy = load_taxonomy("ekman")
    prompt = load_prompt("multimodal", taxonomy)
    encoder = PromptEncoder(AutoTokenizer.from_pretrained(tiny_model), prompt.system, taxonomy.words, answer=None)
    moved = []
    for size in (1, together):
        writer = RowWriter(encoder, prompt, 200, projectors=projectors, perception=Feels(size))
        writer.meet(rows)
        assert writer._baselines is not None
        frames = np.ones((4, 3), np.float16)
        moved.append([writer._baselines.moved(who, (frames,))[0] for who in ("a", "b", "c", "d")])
    for one, other in zip(*moved, strict=True):
        assert one is not None and other is not None and np.array_equal(one, other)
    a, b, _, nobody = moved[1]
    assert a is not None and b is not None and not np.array_equal(a, b)
    assert nobody is not None and np.array_equal(nobody, np.ones((4, 3)))
