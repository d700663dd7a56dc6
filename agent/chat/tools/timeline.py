"""Tool `timeline`: how the emotion changes over the turns of a dialogue, or over a long recording.

Takes a call with a dialogue or a recording; gives a `Timeline`. A turn is read with the turns before it, never with
later ones. A recording is read in stretches of equal length.
"""

from collections.abc import Iterator, Sequence
from math import ceil

from thymos.adapters.sample import Sample, Turn
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.calls import Call, Line
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Event, Found, Progress
from thymos.agent.chat.findings import Moment, Timeline
from thymos.agent.chat.plane import place
from thymos.agent.chat.reading import dialogue_lines
from thymos.agent.chat.tools.analyse import recorded
from thymos.agent.prediction import Prediction
from thymos.prompts.errors import InputError, RowError

MOST = 400  # turns, or stretches
TURNS = 5  # earlier turns that a turn is read with
STRETCH = 4.0  # s, the shortest stretch of a recording
_STRETCHES = 60  # of a long one
_BATCH = 16  # between two words on the progress
_TEXT_BYTES = 1_000_000  # of a dialogue


def timeline(call: Call, desk: Desk) -> Iterator[Event]:
    """Draw the timeline of a call.

    Raises:
        InputError: there is no dialogue, it is too long, or the recording can't be used.
    """
    attached = call.attachment
    if attached is not None and attached.kind == "speech":
        yield from _recording(attached, desk)
        return
    if attached is not None:
        lines = dialogue_lines(_text(attached, desk))
        title = attached.name
    else:
        lines, title = call.subjects[0].context, call.subjects[0].title
    if not 2 <= len(lines) <= MOST:
        raise InputError(
            f"a timeline must have from 2 to {MOST} turns, got {len(lines)}; write one turn a line, `Name: words`"
        )
    taxonomy = call.taxonomy or desk.taxonomy
    scorer, how = desk.engines.reads(taxonomy)
    samples = [_turn(lines, number) for number in range(len(lines))]
    answers: list[Prediction | RowError] = []
    for start in range(0, len(samples), _BATCH):
        yield Progress(share=start / len(samples), says=f"turn {start + 1} of {len(samples)}")
        answers += scorer.label_batch(samples[start : start + _BATCH])
    moments = tuple(
        _moment(answer, taxonomy, desk, text=line.text, speaker=line.speaker)
        for line, answer in zip(lines, answers, strict=True)
    )
    yield Found(finding=Timeline(title=title, taxonomy=taxonomy, moments=moments, notes=(how,) if how else ()))


def _recording(recording: Attachment, desk: Desk) -> Iterator[Event]:
    from thymos.adapters.sample import Speech
    from thymos.adapters.speech.sound import read_sound

    listener = desk.engines.listener("speech")
    if listener is None:
        raise InputError("a timeline of a recording needs an adapter that hears, got none for this model; name one")
    adapter, taxonomy = listener
    path = desk.place(recording)
    length = read_sound(Speech(path=path)).duration
    step = max(STRETCH, length / _STRETCHES)
    count = max(1, ceil(length / step - 0.25))  # a last stretch shorter than a quarter joins the one before
    scorer = desk.engines.scorer(taxonomy, adapter)
    moments = []
    for number in range(count):
        start, end = number * step, length if number == count - 1 else (number + 1) * step
        yield Progress(share=number / count, says=f"second {start:.0f} of {length:.0f}")
        (answer,) = scorer.label_batch([recorded(recording, path, start, end)])
        moments.append(_moment(answer, taxonomy, desk, start=round(start, 2), end=round(end, 2)))
    notes = (*desk.engines.limits(adapter), f"Read in stretches of {step:.0f} s; changes within one are not seen.")
    yield Found(finding=Timeline(title=recording.name, taxonomy=taxonomy, moments=tuple(moments), notes=notes))


def _turn(lines: Sequence[Line], number: int) -> Sample:
    before = tuple(Turn(line.text, line.speaker) for line in lines[max(0, number - TURNS) : number])
    return Sample(id=str(number), text=lines[number].text, speaker=lines[number].speaker, context=before)


def _moment(
    answer: Prediction | RowError,
    taxonomy: str,
    desk: Desk,
    *,
    text: str = "",
    speaker: str | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Moment:
    if isinstance(answer, RowError):
        return Moment(text=text, speaker=speaker, start=start, end=end, problem=str(answer))
    where = place(desk.engines.taxonomy(taxonomy), answer.probabilities)
    told = {name: round(float(p), 4) for name, p in answer.probabilities.items()}
    return Moment(
        text=text, speaker=speaker, start=start, end=end, labels=answer.labels, probabilities=told, place=where
    )


def _text(attached: Attachment, desk: Desk) -> str:
    if attached.size > _TEXT_BYTES:
        raise InputError(f"a dialogue must be below {_TEXT_BYTES:,} bytes, got {attached.size:,}; label it as a file")
    try:
        return desk.place(attached).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{attached.name} must be text in UTF-8, got other bytes; save it as such") from None
