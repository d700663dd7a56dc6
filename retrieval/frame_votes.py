"""`FrameVotes`: what people labelled recordings that sound, look or measure alike. One linear classifier a stream.

Takes frames of labelled recordings; gives label shares of new ones, which are weighed in with a model's own
distribution as those of words are (`votes`). A recording is told by the mean and the deviation of its frames, the
statistics that simple recognisers of emotion have been built on for long (Schuller et al. 2009, Interspeech). A stream
that a row does not bring has no vote. Stored as safetensors. Knows no encoder and no LLM.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.projectors.streams import Frames, Stream
from thymos.adapters.whole_file import whole_file
from thymos.prompts.errors import ModelError
from thymos.retrieval.votes import classifiers, share_logs

Floats = NDArray[np.float64]
_C = 10.0  # inverse of the L2 penalty, on features whose squares sum to about one; chosen on two speakers of RAVDESS
_FLAT = 1e-6  # deviation of a feature that is the same in every recording
_NOTES = "thymos"  # key of the file's metadata


@dataclass(frozen=True, slots=True, eq=False)
class StreamVotes:
    """The classifiers of one stream.

    Attributes:
        table: log-odds that a unit of each statistic adds to each label, (labels, 2 * width of a frame).
        bias: log-odds where every statistic is zero, (labels,).
        examples: how many recordings vote.
    """

    table: NDArray[np.float32]
    bias: NDArray[np.float32]
    examples: int

    @classmethod
    def fit(cls, frames: Sequence[Frames], gold: NDArray[np.bool_]) -> Self:
        """Learn from labelled recordings.

        Args:
            frames: of each, (frames, width); one or more recordings.
            gold: whether a recording has a label, (recordings, labels).
        """
        told = np.stack([_statistics(each) for each in frames])
        mean, deviation = told.mean(axis=0), told.std(axis=0)
        scale = 1 / (np.where(deviation > _FLAT, deviation, np.inf) * np.sqrt(told.shape[1]))
        table, bias = classifiers((told - mean) * scale, gold, c=_C)
        table = table * scale
        return cls(table.astype(np.float32), (bias - table @ mean).astype(np.float32), len(frames))

    def log_shares(self, frames: Sequence[Frames]) -> Floats:
        """Return the logarithm of each label's share, (recordings, labels)."""
        told = np.stack([_statistics(each) for each in frames])
        return share_logs(told @ self.table.T.astype(np.float64) + self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class WeighedStream:
    """The votes of one stream, and what they count beside a model.

    Attributes:
        votes: by recordings.
        weight: the model's probabilities are multiplied by the shares to this power.
        sharpening: how much surer that makes them; they are made less so again, so that one temperature suits rows with
            a vote and rows without.
    """

    votes: StreamVotes
    weight: float
    sharpening: float

    def pooled(self, log_probabilities: Floats, signals: Sequence[Frames | None]) -> Floats:
        """Return log-probabilities with the votes weighed in, normalised, (rows, labels).

        Args:
            log_probabilities: of a model, (rows, labels).
            signals: of each row; one that has none is left as it is.
        """
        from scipy.special import log_softmax

        present, frames = there(signals)
        found = np.array(log_probabilities, np.float64)
        if present:
            moved = (found[present] + self.weight * self.votes.log_shares(frames)) / self.sharpening
            found[present] = log_softmax(moved, axis=1)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class FrameVotes:
    """The votes of an adapter's streams.

    Attributes:
        labels: in the order of the shares.
        encoders: fingerprints of the streams' encoders: frames of others would mean nothing.
        parts: of each stream; None where it has no vote.
    """

    labels: tuple[str, ...]
    encoders: tuple[str, ...]
    parts: tuple[WeighedStream | None, ...]

    def pooled(self, log_probabilities: Floats, rows: Sequence[Sequence[Frames | None]]) -> Floats:
        """Return log-probabilities with all votes weighed in, one stream after the other, (rows, labels).

        Args:
            log_probabilities: of a model, (rows, labels).
            rows: for each row the frames of each stream, or None.
        """
        for place, part in enumerate(self.parts):
            if part is not None:
                log_probabilities = part.pooled(log_probabilities, [row[place] for row in rows])
        return log_probabilities


def there(signals: Sequence[Frames | None]) -> tuple[list[int], list[Frames]]:
    """Return the places of the recordings that are there, and their frames."""
    found = [(row, frames) for row, frames in enumerate(signals) if frames is not None and len(frames)]
    return [row for row, _ in found], [frames for _, frames in found]


def frame_votes_file(taxonomy: str) -> str:
    """Return the name of the file that holds the votes of recordings for a label set."""
    return f"frame-votes-{taxonomy}.safetensors"


def save_frame_votes(path: Path, votes: FrameVotes) -> None:
    """Write votes.

    Raises:
        OutputError: the disk is full or refuses.
    """
    from safetensors.numpy import save

    streams: list[dict[str, float] | None] = []
    tensors: dict[str, NDArray[Any]] = {}
    for place, part in enumerate(votes.parts):
        streams.append(None)
        if part is not None:
            tensors |= {f"table.{place}": part.votes.table, f"bias.{place}": part.votes.bias}
            told = {"weight": part.weight, "sharpening": part.sharpening, "examples": part.votes.examples}
            streams[place] = told
    about = {"labels": votes.labels, "encoders": votes.encoders, "streams": streams}
    with whole_file(path) as file:
        file.write(save(tensors, {_NOTES: json.dumps(about, sort_keys=True)}))


def load_frame_votes(path: Path, streams: Sequence[Stream]) -> FrameVotes:
    """Read votes.

    Args:
        path: of the file.
        streams: of the adapter that they lie beside.

    Raises:
        ModelError: the file is damaged, or of other streams.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            about = json.loads((file.metadata() or {})[_NOTES])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
        labels, encoders = tuple(map(str, about["labels"])), tuple(map(str, about["encoders"]))
        if encoders != tuple(each.fingerprint for each in streams) or len(about["streams"]) != len(encoders):
            raise ValueError("votes of other encoders")
        parts: list[WeighedStream | None] = []
        for place, told in enumerate(about["streams"]):
            if told is None:
                parts.append(None)
                continue
            table, bias = tensors[f"table.{place}"], tensors[f"bias.{place}"]
            wanted = (len(labels), 2 * streams[place].dim * streams[place].layers)
            if table.shape != wanted or bias.shape != wanted[:1]:
                raise ValueError(f"weights of shape {table.shape} for {wanted}")
            votes = StreamVotes(table, bias, int(told["examples"]))
            parts.append(WeighedStream(votes, float(told["weight"]), float(told["sharpening"])))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"votes must be a whole file, got {path}: {error!r}; fetch or save it again") from error
    return FrameVotes(labels, encoders, tuple(parts))


def _statistics(frames: Frames) -> Floats:
    """Return mean and deviation of each number of a frame, (2 * width,)."""
    told = frames.astype(np.float64)
    return np.concatenate([told.mean(axis=0), told.std(axis=0)])
