"""`Labeler`: samples in, label distributions out. The heart of Thymos in one page.

Takes a model, a taxonomy and a prompt; gives a `Prediction` for each sample. Text of a row is data: it can't leave the
label set, and a row that can't be labelled is said to be so, never guessed. Knows no files, runs or command line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.llm.adapter import AUTO, wished_adapter
from thymos.adapters.llm.load import LanguageModel, LoadIn, load_language_model
from thymos.adapters.modality import Observed
from thymos.adapters.sample import Sample
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.engine import Engine, resolve_engine
from thymos.adapters.scoring.pack import pack
from thymos.adapters.scoring.scorer import Forward, LabelScorer
from thymos.adapters.scoring.shared import SharedModel
from thymos.adapters.weights import DEFAULT
from thymos.agent.calibrated import (
    Aim,
    Calibration,
    Correction,
    fitted_confidence,
    resolve_calibration,
    rule_for,
    stored_correction,
)
from thymos.agent.decide import THRESHOLD, Rule, decide
from thymos.agent.examples import Examples, open_examples
from thymos.agent.labeler_identity import labeler_digest, labeler_identity
from thymos.agent.prediction import Prediction
from thymos.agent.rows import Written, row_writer
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError, RowError
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.template import CONTENT_FREE, LabelPrompt, load_prompt

BATCH_ROWS = 512  # rows sorted by length together
MAX_TOKENS = 2048  # of a row; a longer one is refused, not cut in silence

UNTUNED = "instruct"  # the prompt of a model that was not tuned with one


class Labeler:
    """Labels samples with the probabilities that a language model gives to the words of a taxonomy.

    Example:
        >>> labeler = Labeler.from_pretrained(taxonomy="ekman")
        >>> [prediction] = labeler.label(["I miss her so much, the house is empty."])
        >>> prediction.labels
        ('sadness',)
    """

    def __init__(
        self,
        model: LanguageModel,
        taxonomy: Taxonomy,
        prompt: LabelPrompt,
        *,
        forward: Forward | None = None,
        rule: Rule | None = None,
        engine: Engine = "auto",
        calibration: Calibration = "auto",
        max_tokens: int = MAX_TOKENS,
        expected_rows: int | None = None,
        examples: Examples | None = None,
    ) -> None:
        """Compute what all rows share: the prefix and the bias towards label words.

        Args:
            model: from `load_language_model`; the fast engine takes its weights over.
            taxonomy: the label set.
            prompt: from `load_prompt`, for the same taxonomy.
            forward: what scores, where the model is shared; None makes one of the model.
            rule: how a distribution becomes a decision.
            engine: auto, eager, compiled or general; see `resolve_engine`.
            calibration: "fitted" takes what was fitted for this taxonomy when the model was tuned: a temperature and,
                where they help, the votes of its training rows; "content-free" divides by the mean distribution over
                messages that say nothing (Zhao et al. 2021); "none" leaves the model's own; "auto" is "fitted" where
                there is a fit, "none" for other label sets of a tuned model, and "content-free" for an untuned one.
            max_tokens: longest row, its context included; earlier turns are dropped first to fit.
            expected_rows: how many rows will come, if known: many make it worth compiling.
            examples: labelled examples that vote, as they were weighed for this very labeler.

        Raises:
            InputError: the examples were weighed for another labeler, or a calibration was not fitted.
        """
        self._taxonomy = taxonomy
        self._prompt = prompt
        self._rule = rule or Rule()
        self._max_tokens = max_tokens
        self._encoder = PromptEncoder(model.tokenizer, prompt.system, taxonomy.words, answer=prompt.answer)
        self.engine = engine
        if forward is None:
            self.engine, forward = resolve_engine(model, engine, expected_rows=expected_rows)
        self._scorer = LabelScorer(forward, self._encoder)
        self._writer = row_writer(model, self._encoder, prompt, max_tokens)
        self.left_out = self._writer.left_out  # modality -> rows labelled without it, and why the first was
        self.prepare = None if model.device.startswith("cpu") else self._writer.prepare  # else both want the same cores
        self.confidence = confidence = fitted_confidence(model, taxonomy, prompt)  # what rules are made from
        self._calibration = resolve_calibration(calibration, confidence, model)
        fitted = Correction()
        if self._calibration == "fitted" and confidence is not None:
            fitted = stored_correction(model, taxonomy, confidence.temperature, self._writer.streams)
        elif self._calibration == "content-free":
            self._scorer.calibrate([self._encoder.row(prompt.row(text)) for text in CONTENT_FREE])
        self._corrections = [fitted]
        self._identity = labeler_identity(
            model,
            taxonomy,
            prompt,
            self._encoder.frame,
            self._rule,
            fitted,
            engine=self.engine,
            calibration=self._calibration,
            max_tokens=max_tokens,
        )
        self.digest = labeler_digest(self._identity)
        if examples is not None:
            if examples.labeler != self.digest:
                raise InputError(
                    "examples must be weighed for the model, adapter and calibration that are used, got others; "
                    "weigh them again with `thymos kb weigh`"
                )
            self._corrections.append(examples.correction)
            self.confidence = examples.confidence
            self._identity |= {"examples": examples.sha256}

    @classmethod
    def from_pretrained(
        cls,
        model: str | SharedModel = DEFAULT,
        *,
        taxonomy: str | Path | Taxonomy = "goemotions",
        adapter: str | None = AUTO,
        load_in: LoadIn | None = None,
        prompt: str | None = None,
        threshold: float | None = None,
        abstain_below: float = 0.0,
        accuracy: float | None = None,
        coverage: float | None = None,
        aim: Aim = "likeliest",
        device: str | None = None,
        engine: Engine = "auto",
        calibration: Calibration = "auto",
        max_tokens: int = MAX_TOKENS,
        expected_rows: int | None = None,
        kb: Path | None = None,
    ) -> Self:
        """Load a model and make it a labeler.

        Args:
            model: embedded weights, a folder, a `.gguf` file or a hub id; or a base model in memory that several
                labelers share, each with its adapter.
            taxonomy: a built-in's name, a YAML file, or a `Taxonomy`.
            adapter: "auto" takes the one that ships for the model, if there is one; a shipped name, a folder or a
                hub id of a LoRA adapter; "none" or None leaves the model as it is.
            load_in: 4bit or 8bit, through bitsandbytes.
            prompt: "instruct" for an untuned model, "tuned" for one that Thymos tuned; None takes the one that the
                model was tuned with.
            threshold: multi-label: a label is chosen at this probability or above; None takes those that were fitted
                for each label, or 0.25 where none were.
            abstain_below: no label is chosen when the likeliest has less than this.
            accuracy: no label is chosen where answers would be right less often than this, going by the dev split;
                instead of `abstain_below`, and only where the model was calibrated for the taxonomy.
            coverage: give each row the set of labels that holds its gold labels with this probability, likewise.
            aim: of a single label: "likeliest"; "emotions" chooses the neutral one only where the model is so sure of
                it that F1 of the others is best; "balance" has each label count alike. Both go by the dev split.
            device: torch device; a GPU if there is one when None.
            engine: auto, eager, compiled or general.
            calibration: auto, fitted, content-free or none.
            max_tokens: longest row.
            expected_rows: how many rows will come, if known: many make it worth compiling.
            kb: folder of a knowledge base whose labelled examples vote, as `thymos kb weigh` weighed them.

        Raises:
            ModelError: the model or adapter can't be used here.
            TaxonomyError: the taxonomy is unknown or invalid.
            InputError: an option is out of range.
        """
        labels = taxonomy if isinstance(taxonomy, Taxonomy) else load_taxonomy(taxonomy)
        if prompt is not None:
            load_prompt(prompt, labels)  # a wrong name is told before a model is loaded
        Rule(threshold=THRESHOLD if threshold is None else threshold, abstain_below=abstain_below)  # likewise
        examples = open_examples(kb, labels) if kb is not None else None  # likewise
        forward = None
        if isinstance(model, SharedModel):
            if load_in is not None or device is not None:
                raise InputError("load_in and device must be left out with a shared model; name them when it is loaded")
            loaded, forward = model.with_adapter(wished_adapter(model.base.name, adapter))
            engine = model.engine
        else:
            loaded = load_language_model(model, adapter=wished_adapter(model, adapter), load_in=load_in, device=device)
        bound = load_prompt(prompt or (loaded.card.prompt if loaded.card else UNTUNED), labels)
        confidence = None if calibration in ("content-free", "none") else fitted_confidence(loaded, labels, bound)
        if examples is not None:
            confidence = examples.confidence
        return cls(
            loaded,
            labels,
            bound,
            forward=forward,
            rule=rule_for(confidence, threshold, abstain_below, accuracy, coverage, aim),
            engine=engine,
            calibration=calibration,
            max_tokens=max_tokens,
            expected_rows=expected_rows,
            examples=examples,
        )

    @property
    def taxonomy(self) -> Taxonomy:
        """The label set in use."""
        return self._taxonomy

    @property
    def modalities(self) -> tuple[str, ...]:
        """What is read beside text."""
        return self._writer.modalities

    def meet(self, samples: Iterable[Sample]) -> str | None:
        """Learn what speakers are like, if the adapter compares them; return a sentence where some stay unknown."""
        return self._writer.meet(samples)

    def identity(self) -> Mapping[str, object]:
        """Return what makes its answers its answers, as JSON values."""
        return self._identity

    def label(self, samples: Iterable[Sample | str]) -> list[Prediction]:
        """Label samples, or texts that stand for samples with nothing else, in order.

        Raises:
            RowError: a sample can't be labelled; `label_batch` gives the error in its place instead.
        """
        return list(self.stream(samples))

    def stream(self, samples: Iterable[Sample | str]) -> Iterator[Prediction]:
        """Label samples as they come, holding `BATCH_ROWS` of them at a time.

        Raises:
            RowError: a sample can't be labelled.
        """
        source = (
            Sample(id=str(number), text=sample) if isinstance(sample, str) else sample
            for number, sample in enumerate(samples, start=1)
        )
        while batch := list(islice(source, BATCH_ROWS)):
            for answer in self.label_batch(batch):
                if isinstance(answer, RowError):
                    raise answer
                yield answer

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        """Label samples; one entry for each, in order; a row that can't be labelled gives its error."""
        written = self._writer.write(samples)
        scores, good = self._scored(written)
        predictions = decide([samples[index].id for index in good], scores, self._taxonomy, self._rule)
        answers: dict[int, Prediction | RowError] = dict(zip(good, predictions, strict=True))
        return [row if isinstance(row, RowError) else answers[index] for index, row in enumerate(written.rows)]

    def log_probabilities(self, samples: Sequence[Sample]) -> tuple[NDArray[np.float64], list[int]]:
        """Score samples without deciding.

        Returns:
            Natural logarithms, (rows, labels), and the places of the samples that they are of; a sample that can't be
            labelled has none.
        """
        scores, good = self._scored(self._writer.write(samples))
        return scores.astype(np.float64), good

    def preview(self, sample: Sample) -> str:
        """Return the exact prompt of a sample, as the model gets it."""
        return self._writer.preview(sample)

    def observe(self, sample: Sample) -> Mapping[str, Observed]:
        """Return what can be said of a sample's recordings, by modality, as far as the adapter listens to them."""
        return self._writer.observe(sample)

    def count_tokens(self, samples: Sequence[Sample]) -> int:
        """Return how many tokens must be computed for samples; what several begin with counts once."""
        rows = [row for row in self._writer.write(samples).rows if not isinstance(row, RowError)]
        return len(self._encoder.prefix) + sum(each.size for each in pack(rows))

    def _scored(self, written: Written) -> tuple[NDArray[np.float32], list[int]]:
        """Score what could be written, with all corrections; return it with its places."""
        good = [index for index, row in enumerate(written.rows) if not isinstance(row, RowError)]
        rows = [row for row in written.rows if not isinstance(row, RowError)]
        scores = self._scorer.log_probabilities(rows, written.soft).numpy()
        texts = [written.texts[index] for index in good]
        frames = [written.frames[index] for index in good] if written.frames else None
        for correct in self._corrections:
            scores = correct(scores, texts, frames)
        return scores, good
