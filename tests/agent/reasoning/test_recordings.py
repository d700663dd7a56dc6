"""Recordings in an explanation: what was measured is told, cited, and left out in turn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from thymos.adapters.modality import Measured, Observed
from thymos.adapters.readers.media import media_sample
from thymos.adapters.sample import Sample, Speech
from thymos.agent.cli.ask_text import terminal
from thymos.agent.prediction import Prediction
from thymos.agent.reasoning.page import page
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.agent.reasoning.recordings import in_words, recordings
from thymos.prompts.errors import InputError, RowError

CUES = (
    Measured("pitch", "high pitch", 312.4, "Hz"),
    Measured("pauses", "2 pauses", 0.3),
    Measured("tempo", "fast", 6.25, "syllables/s"),
    Measured("voice", "breathy"),
    Measured("level", "loud", -3.0, "dB"),
)


def told(joy: float) -> Prediction:
    return Prediction("1", ("joy",), {"joy": joy, "fear": 1 - joy}, 0.5, 0.1, False)


class Hears:
    """A labeler that is sure of joy where there is a voice, and says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Sample] = []

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.asked += samples
        return [told(0.9 if sample.speech else 0.3) for sample in samples]


def heard(text: str | None) -> Sample:
    return Sample(id="1", text=text, speech=Speech(samples=np.zeros(1600, np.float32), rate=16_000))


def test_numbers_stand_beside_the_words_that_do_not_tell_them() -> None:
    (recording,) = recordings({"speech": Observed(CUES, ("clipped",), "I won")})
    assert in_words(recording.measured) == "high pitch (312 Hz), 2 pauses, fast (6.25 syllables/s), breathy"
    assert (recording.modality, recording.flags, recording.heard) == ("speech", ("clipped",), "I won")


def test_the_voice_is_cited_with_what_was_measured_and_flags_are_shown() -> None:
    observe = lambda sample: {"speech": Observed(CUES, ("clipped: 4 %",))}  # noqa: E731
    found = Reasoner(Hears(), "two", observe=observe).reason(heard("so it is"))
    (cue,) = [cue for cue in found.cues if cue.kind == "speech"]
    assert cue.weight == pytest.approx(0.6) and cue.without == "fear"
    sentences = [sentence for step in found.steps for sentence in step.sentences]
    (first,) = [each for each in sentences if each.text.startswith("The voice (high pitch (312 Hz), 2 pauses")]
    assert first.citations == (f"cue:{cue.number}",)
    html = page(found)
    assert "clipped: 4 %" in html and f'id="cue-{cue.number}"' in html and "high pitch (312 Hz)" in html
    assert "clipped: 4 %" in str([getattr(part, "plain", "") for part in terminal(found).renderables])


def test_what_was_heard_is_the_text_where_none_was_given() -> None:
    hears = Hears()
    observe = lambda sample: {"speech": Observed(text="I won, I won")}  # noqa: E731
    found = Reasoner(hears, "two", observe=observe).reason(heard(None))
    assert found.text == "I won, I won"
    assert hears.asked[0].text == "I won, I won"
    assert Reasoner(Hears(), "two", observe=observe).reason(heard("Given.")).text == "Given."


def test_a_recording_that_is_all_there_is_cannot_be_left_out() -> None:
    hears = Hears()
    found = Reasoner(hears, "two", observe=lambda sample: {}).reason(heard(None))
    assert all(sample.speech is not None for sample in hears.asked)
    assert not [cue for cue in found.cues if cue.kind == "speech"]


def test_a_command_line_names_recordings_and_parts_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"x")
    sample = media_sample(" ", "Ann", (), {"speech": "a.wav#t=1,2", "face": "a.wav#xywh=1,2,3,4", "physiology": "."})
    assert sample.text is None and sample.speaker == "Ann"
    assert sample.speech is not None and (sample.speech.start, sample.speech.end) == (1.0, 2.0)
    assert sample.face is not None and sample.face.box == (1, 2, 3, 4)
    assert sample.physiology is not None and sample.physiology.path == Path()
    with pytest.raises(InputError, match=r"speech must be a file that exists, got 'b\.wav'"):
        media_sample("so", None, (), {"speech": "b.wav"})
