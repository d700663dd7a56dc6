"""`RowWriter`: samples as the rows that a labeler scores: tokens, and soft tokens of what was heard, seen and measured.

Takes a prompt and, where an adapter listens to recordings, its projectors; gives rows, or for a sample that cannot be
labelled the reason. Knows nothing of label sets or decisions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from torch import Tensor

from thymos.adapters.llm.adapter import WORDLESS
from thymos.adapters.llm.load import LanguageModel
from thymos.adapters.modality import Observed
from thymos.adapters.perception import Percept, Perception
from thymos.adapters.projectors.baseline import Baselines
from thymos.adapters.projectors.store import Projectors, load_projectors
from thymos.adapters.projectors.streams import Frames, Stream, soft_ids
from thymos.adapters.sample import Sample, Turn
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.fit import fitted
from thymos.prompts.errors import RowError
from thymos.prompts.template import LabelPrompt


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Samples as rows.

    Attributes:
        rows: token ids of each sample, or why it cannot be labelled.
        soft: what negative ids point to, (soft tokens, dim), or None.
        texts: the words of each sample, those that were heard where none were given.
        frames: of each sample, for each stream; None where text alone is read.
    """

    rows: list[list[int] | RowError]
    soft: Tensor | None
    texts: list[str]
    frames: list[tuple[Frames | None, ...]] | None = None


class RowWriter:
    """Writes the rows of one prompt.

    Attributes:
        streams: that are listened to.
        modalities: that are read beside text.
        left_out: modality -> how many rows were written without it though they bring it, and why the first of them.
    """

    def __init__(
        self,
        encoder: PromptEncoder,
        prompt: LabelPrompt,
        max_tokens: int,
        *,
        projectors: Projectors | None = None,
        perception: Perception | None = None,
        hears_words: bool = True,
    ) -> None:
        """Keep what writes.

        Args:
            encoder: of the prompt.
            prompt: the same.
            max_tokens: longest row.
            projectors: of the adapter; None where it reads text alone.
            perception: their encoders.
            hears_words: whether what was said is read, where a row has no text.
        """
        self._encoder = encoder
        self._hears_words = hears_words
        self._prompt = prompt
        self._max_tokens = max_tokens
        self._projectors = projectors
        self._perception = perception
        self._baselines = Baselines(projectors) if projectors else None
        self.left_out: dict[str, tuple[int, str]] = {}
        self.streams: tuple[Stream, ...] = projectors.streams if projectors else ()
        self.modalities = tuple(dict.fromkeys(each.modality for each in self.streams))

    def write(self, samples: Sequence[Sample]) -> Written:
        """Return samples as rows."""
        if self._projectors is None or self._perception is None:
            return Written(
                [self._row(sample, {}, "") for sample in samples], None, [sample.text or "" for sample in samples]
            )
        percepts = self._perception.perceive(samples)
        heard = [self._with_words(sample, self._perception) for sample in samples]
        for percept in percepts:
            for modality, why in percept.absent.items():
                count, first = self.left_out.get(modality, (0, why))
                self.left_out[modality] = count + 1, first
        frames = [
            self._baselines.moved(sample.speaker, percept.frames) if self._baselines else percept.frames
            for sample, percept in zip(samples, percepts, strict=True)
        ]
        ids = soft_ids(frames, self._projectors.streams)
        rows = [
            self._row(sample, each, _reasons(percept))
            for sample, each, percept in zip(heard, ids, percepts, strict=True)
        ]
        return Written(
            rows,
            self._projectors.table(frames),
            [sample.text or "" for sample in heard],
            frames,
        )

    def meet(self, samples: Iterable[Sample]) -> str | None:
        """Learn what speakers are like on the whole, for the rows that are written from now on; forget earlier ones.

        Returns:
            A sentence where some will be read without that.
        """
        if not self._baselines or self._projectors is None or self._perception is None:
            return None
        met = Baselines(self._projectors)
        compared = {self._projectors.streams[place].modality for place in met.places}
        speakers: list[str | None] = []
        asked = (sample for sample in samples if not compared.isdisjoint(sample.modalities))
        while group := list(islice(asked, self._perception.together)):
            speakers += [sample.speaker for sample in group]
            known = [sample for sample in group if sample.speaker]
            for sample, percept in zip(known, self._perception.perceive(known), strict=True):
                met.meet(sample.speaker or "", percept.frames)
        self._baselines = met
        return met.alone(speakers)

    def prepare(self, samples: Sequence[Sample], stop: Callable[[], bool]) -> None:
        """Encode the recordings of samples that come later, from another thread.

        Args:
            samples: in the order in which they will come.
            stop: asked after so many samples as are worth asking for at once.
        """
        if self._perception is None:
            return
        size = self._perception.together
        for start in range(0, len(samples), size):
            if stop() or not self._perception.keeps:
                return
            group = samples[start : start + size]
            self._perception.perceive(group)
            for sample in group:
                self._with_words(sample, self._perception)

    def preview(self, sample: Sample) -> str:
        """Return the exact prompt of a sample; `<speech>` stands where soft tokens do."""
        present: list[str] = []
        if self._perception is not None:
            gone = self._perception.perceive([sample])[0].absent
            present = [name for name in self.modalities if name in sample.modalities and name not in gone]
            sample = self._with_words(sample, self._perception)
        return self._encoder.text(self._prompt.row(sample.text or "", sample.speaker, sample.context, present))

    def observe(self, sample: Sample) -> Mapping[str, Observed]:
        """Return what can be said of a sample's recordings, by modality."""
        return self._perception.observe(sample) if self._perception is not None else {}

    def _with_words(self, sample: Sample, perception: Perception) -> Sample:
        """Return a sample with what was heard as its text, where it has none."""
        heard = self._hears_words and sample.speech is not None and "speech" in self.modalities
        if sample.text is not None or not heard:
            return sample
        speech = perception.observe(sample).get("speech")
        return replace(sample, text=speech.text) if speech is not None and speech.text else sample

    def _row(self, sample: Sample, soft: Mapping[str, Sequence[int]], why: str) -> list[int] | RowError:
        """Return a sample's tokens, with the oldest turns of its context left out where it would be too long."""
        if not (sample.text or "").strip() and not soft:
            return RowError(why or self._nothing_to_read(sample))

        def row(context: Sequence[Turn]) -> list[int]:
            return self._encoder.row(self._prompt.row(sample.text or "", sample.speaker, context, soft), soft)

        found = fitted(row, sample.context, self._max_tokens)
        if len(found) <= self._max_tokens:
            return found
        return RowError(
            f"text must have at most {self._max_tokens} tokens, got {len(found)}; split it or raise --max-tokens"
        )

    def _nothing_to_read(self, sample: Sample) -> str:
        seen = " and ".join(sample.modalities) or "nothing"
        read = " or ".join(("text", *self.modalities))
        return f"row must have {read}, got {seen}; this adapter reads nothing else (`thymos adapters list`)"


def row_writer(model: LanguageModel, encoder: PromptEncoder, prompt: LabelPrompt, max_tokens: int) -> RowWriter:
    """Return the writer of a model's rows: with its adapter's projectors, where the prompt has places for them.

    Raises:
        ModelError: projectors or an encoder of theirs can't be used.
    """
    projectors = load_projectors(model.folder) if prompt.modalities else None
    if projectors is None:
        return RowWriter(encoder, prompt, max_tokens)
    return RowWriter(
        encoder,
        prompt,
        max_tokens,
        projectors=projectors.to(model.device),
        perception=Perception(projectors.streams),
        hears_words=not (model.card and model.card.facts.get(WORDLESS)),
    )


def _reasons(percept: Percept) -> str:
    return "; ".join(percept.absent.values())
