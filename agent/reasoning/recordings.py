"""What was measured in the recordings of a sample, as values and as words that a sentence can hold.

Takes observations of encoders; gives values. Knows nothing of how they were made.
"""

from collections.abc import Mapping, Sequence

from thymos.adapters.modality import Observed
from thymos.agent.reasoning.values import Measurement, Recording

_SHOWN = 4  # measurements that words tell


def recordings(observed: Mapping[str, Observed]) -> tuple[Recording, ...]:
    """Return observations, by modality, as values."""
    return tuple(
        Recording(
            modality=modality,
            measured=tuple(
                Measurement(name=cue.name, words=cue.words, value=cue.value, unit=cue.unit) for cue in each.cues
            ),
            flags=each.flags,
            heard=each.text,
        )
        for modality, each in observed.items()
    )


def in_words(measured: Sequence[Measurement]) -> str:
    """Return the most telling measurements as a list of words with their numbers."""
    return ", ".join(map(_worded, measured[:_SHOWN]))


def _worded(measurement: Measurement) -> str:
    if measurement.value is None or any(sign.isdigit() for sign in measurement.words):
        return measurement.words  # the words tell the number
    number = f"{measurement.value:.3g}" if abs(measurement.value) < 100 else f"{measurement.value:.0f}"
    return f"{measurement.words} ({number}{' ' + measurement.unit if measurement.unit else ''})"
