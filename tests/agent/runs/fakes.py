"""A corpus and a labeler that need no model, for the tests of runs and for the processes that they kill."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.prompts.errors import RowError
from thymos.prompts.taxonomy import Kind, Label, Taxonomy

FOUR = Taxonomy(
    "four",
    "Four",
    Kind.SINGLE,
    tuple(Label(name, "", name) for name in ("anger", "joy", "no emotion", "fear")),
)


@dataclass
class HashLabeler:
    """Answers from a hash of the text *and of the batch*: rows cut into other batches get other answers.

    Attributes:
        taxonomy: its label set.
        model: a name, part of the identity.
        pause: seconds to sleep per batch.
        batches: ids of every batch it was given.
        modalities: that it reads beside text.
        prepared: ids of the samples that it was to encode ahead.
    """

    taxonomy: Taxonomy = FOUR
    model: str = "hash"
    pause: float = 0.0
    batches: list[list[str]] = field(default_factory=list)
    modalities: tuple[str, ...] = ()
    prepared: list[str] = field(default_factory=list)

    def identity(self) -> Mapping[str, object]:
        return {"model": self.model, "adapter": None, "prompt": "9f86d0", "taxonomy": self.taxonomy.name}

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        self.batches.append([sample.id for sample in samples])
        time.sleep(self.pause)
        batch = hashlib.sha256("".join(sample.id for sample in samples).encode()).hexdigest()
        return [self._label(sample, batch) for sample in samples]

    def prepare(self, samples: Sequence[Sample], stop: Callable[[], bool]) -> None:
        for sample in samples:
            if stop():
                return
            self.prepared.append(sample.id)

    def meet(self, samples: Iterable[Sample]) -> str | None:
        """Learn nothing."""
        return None

    def preview(self, sample: Sample) -> str:
        return f"Which emotion?\n{sample.text}"

    def count_tokens(self, samples: Sequence[Sample]) -> int:
        return 100 + sum(len((sample.text or "").split()) for sample in samples)  # 100 are shared

    def _label(self, sample: Sample, batch: str) -> Prediction | RowError:
        if sample.text and "refuse" in sample.text:
            return RowError("text must be labelled by nobody, got 'refuse'; rephrase it")
        digest = hashlib.sha256(f"{sample.text}\0{batch}".encode("utf-8", "surrogatepass")).digest()
        weights = [1 + byte for byte in digest[: len(self.taxonomy)]]
        shares = [weight / sum(weights) for weight in weights]
        order = sorted(shares, reverse=True)
        best = self.taxonomy.names[shares.index(order[0])]
        abstained = digest[-1] < 32
        return Prediction(
            id=sample.id,
            labels=() if abstained else (best,),
            probabilities=dict(zip(self.taxonomy.names, shares, strict=True)),
            entropy=sum(shares) + digest[5] / 7,
            margin=order[0] - order[1],
            abstained=abstained,
            label_set=(best,) if digest[0] % 2 else None,
        )


@dataclass
class ListCorpus:
    """Rows from memory."""

    rows: Sequence[Sample | BadRow]
    source: str = "memory"

    def __iter__(self) -> Iterator[Sample | BadRow]:
        return iter(self.rows)

    def identity(self) -> Mapping[str, object]:
        ids = "\n".join(str(row.id) for row in self.rows)
        return {"sha256": hashlib.sha256(ids.encode()).hexdigest(), "format": "list"}


@dataclass
class CountingCorpus:
    """`count` rows, made while they are walked; every 97th is bad, every 101st the labeler refuses."""

    count: int
    source: str = "numbers"

    def __iter__(self) -> Iterator[Sample | BadRow]:
        for number in range(1, self.count + 1):
            if number % 97 == 0:
                yield BadRow(number, "text must be there, got nothing; fill it in", id=f"r{number}")
            else:
                text = f"row {number}" + " refuse" * (number % 101 == 0)
                yield Sample(id=f"r{number}", text=text, metadata={"text": text, "half": number / 2})

    def identity(self) -> Mapping[str, object]:
        return {"count": self.count}

    def estimate_rows(self) -> int | None:
        return self.count


def samples(*texts: str, **metadata: Sequence[Any]) -> list[Sample | BadRow]:
    """Return one sample per text, ids `1`, `2`, ..., with one value per row of each column of metadata."""
    return [
        Sample(
            id=str(number),
            text=text,
            metadata={name: values[number - 1] for name, values in metadata.items()},
        )
        for number, text in enumerate(texts, 1)
    ]
