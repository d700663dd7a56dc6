"""What was measured in the recordings of training rows, in words that soft tokens may learn before the LLM runs.

Takes a corpus and encoders; gives the corpus with phrases (`high pitch`, `fast heart rate, above this person's
baseline`). Numbers are left out: their embeddings mean nothing that is near. Knows no LLM.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from thymos.adapters.modality import Observed
from thymos.adapters.perception import Perception
from thymos.adapters.projectors.streams import Stream
from thymos.finetune.instruct.corpora import TrainingCorpus

_NUMBER = re.compile(r"(?:^|,? )-?\d[^,]*")  # and what follows it up to the next comma: its unit
_OF_THE_PICTURE = ("face size", "faces", "pictures", "sharpness")  # and not of whom it shows


def with_cues(corpus: TrainingCorpus, perception: Perception) -> TrainingCorpus:
    """Return a corpus whose training rows are told what is measured in their recordings, which are read for it.

    Args:
        corpus: with the training rows that are learnt from.
        perception: encoders that can say what they see; see `telling`.
    """
    cues = tuple({kind: phrases(seen) for kind, seen in perception.observe(sample).items()} for sample in corpus.train)
    return replace(corpus, train_cues=cues)


def telling(streams: Sequence[Stream], prosody: Stream) -> tuple[Stream, ...]:
    """Return streams whose encoders measure cues and do nothing else: Whisper would transcribe every recording.

    Args:
        streams: that are listened to.
        prosody: instead of Whisper.
    """
    return tuple(prosody if each.encoder.partition(":")[0] == "whisper" else each for each in streams)


def phrases(seen: Observed) -> tuple[str, ...]:
    """Return the cues of a recording in words, without numbers and without those about the picture itself."""
    words = (_NUMBER.sub("", cue.words).strip(" ,") for cue in seen.cues if cue.name not in _OF_THE_PICTURE)
    return tuple(each for each in words if each)
