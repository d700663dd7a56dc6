"""Tool `analyse`: what words and recordings express, and why. Each is read by the adapter that learnt to read it.

Takes a call and a desk; gives an `Analysis` for the words and one for each recording. A recording that can't be used is
told in a sentence and the rest goes on.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from thymos.adapters.modality import Observed
from thymos.adapters.sample import Face, Physiology, Sample, Speech, Turn
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.calls import Call, Subject
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Event, Found, Progress
from thymos.agent.chat.findings import Analysis, Measured
from thymos.agent.chat.plane import place
from thymos.agent.language import doubt
from thymos.agent.reasoning.recordings import recordings
from thymos.agent.reasoning.values import Reasoning
from thymos.prompts.errors import InputError, RowError, ThymosError

_DOES = {"speech": "listening to", "face": "looking at", "physiology": "reading"}
_HEARD = "what was said"


def analyse(call: Call, desk: Desk) -> Iterator[Event]:
    """Analyse the subjects of a call.

    Raises:
        InputError: nothing of it could be read.
    """
    for subject in call.subjects:
        yield from _subject(subject, call.taxonomy or desk.taxonomy, desk)


def _subject(subject: Subject, taxonomy: str, desk: Desk) -> Iterator[Event]:
    problems: list[str] = []
    found = 0
    heard: str | None = None
    for recording in subject.recordings:
        yield Progress(share=found / (len(subject.recordings) + 1), says=f"{_DOES[recording.kind]} {recording.name}")
        try:
            finding = read_recording(recording, desk)
        except ThymosError as error:
            problems.append(f"{recording.name} could not be used: {error}")
            continue
        if isinstance(finding, Analysis) and finding.reasoning.recordings:
            heard = finding.reasoning.recordings[0].heard or heard
        found += 1
        yield Found(finding=finding)
    text, title = subject.text, subject.title
    if text is None and heard and len(heard.split()) >= 2:
        text, title = heard, _HEARD
    if text is not None:
        notes = tuple(problems)
        yield Found(
            finding=read_words(subject.model_copy(update={"text": text, "title": title}), taxonomy, desk, notes)
        )
    elif problems or not found:  # what was found before stays
        raise InputError(" ".join(problems) or "analyse needs words or a recording, got none; paste or attach some")


def read_words(subject: Subject, taxonomy: str, desk: Desk, notes: tuple[str, ...] = ()) -> Analysis:
    """Return what words express.

    Raises:
        RowError: they can't be labelled.
    """
    scorer, how = desk.engines.reads(taxonomy)
    reasoner = desk.engines.reasoner(scorer, taxonomy)
    reasoning = reasoner.reason(
        Sample(
            id="1",
            text=subject.text,
            speaker=subject.speaker,
            context=tuple(Turn(line.text, line.speaker) for line in subject.context),
        )
    )
    doubted = doubt([subject.text or ""], desk.engines.model)
    limits = (f"{doubted[0].upper()}{doubted[1:]}." if doubted else "", how)
    told = (*filter(None, limits), *notes)
    return _analysis(subject.title, reasoning, taxonomy, desk, desk.engines.adapter_name, told)


def read_recording(recording: Attachment, desk: Desk) -> Analysis | Measured:
    """Return what a recording expresses, or what can be measured in it where no adapter reads its kind.

    Raises:
        RowError: it can't be used.
    """
    sample = recorded(recording, desk.place(recording))
    listener = desk.engines.listener(recording.kind)
    if listener is None:
        return _measured(recording, sample)
    adapter, taxonomy = listener
    labeler = desk.engines.labeler(taxonomy, adapter)
    (answer,) = labeler.label_batch([sample])
    if isinstance(answer, RowError):  # with the reason, where the recording could not be used
        raise answer
    observed = {name: replace(each, text=None) for name, each in labeler.observe(sample).items()}
    heard = {name: each.text for name, each in labeler.observe(sample).items()}
    reasoner = desk.engines.reasoner(desk.engines.scorer(taxonomy, adapter), taxonomy, lambda _: observed)
    reasoning = reasoner.reason(sample)
    spoken = tuple(each.model_copy(update={"heard": heard.get(each.modality)}) for each in reasoning.recordings)
    reasoning = reasoning.model_copy(update={"recordings": spoken})
    notes = (*desk.engines.limits(adapter), *(flag for each in spoken for flag in each.flags))
    return _analysis(recording.name, reasoning, taxonomy, desk, adapter, notes)


def recorded(recording: Attachment, path: Path, start: float | None = None, end: float | None = None) -> Sample:
    """Return a recording, or a part of it, as a sample with nothing else."""
    if recording.kind == "speech":
        return Sample(id="1", speech=Speech(path=path, start=start, end=end))
    if recording.kind == "face":
        return Sample(id="1", face=Face(path=path, start=start, end=end))
    return Sample(id="1", physiology=Physiology(path=path, start=start, end=end))


def _measured(recording: Attachment, sample: Sample) -> Measured:
    from thymos.adapters.encoders import load_encoder

    encoder = load_encoder({"speech": "whisper", "face": "face", "physiology": "physiology"}[recording.kind])
    source = getattr(sample, recording.kind)
    observed: dict[str, Observed] = {recording.kind: encoder.observe(encoder.read(source))}
    (told,) = recordings(observed)
    note = "No adapter that comes with Thymos names an emotion from this kind of recording; these are measurements."
    return Measured(title=recording.name, recording=told, notes=(note, *told.flags))


def _analysis(
    title: str, reasoning: Reasoning, taxonomy: str, desk: Desk, adapter: str | None, notes: tuple[str, ...]
) -> Analysis:
    labels = desk.engines.taxonomy(taxonomy)
    beneath = None
    if reasoning.likeliest == labels.neutral:
        rest = {name: p for name, p in reasoning.after.items() if name != labels.neutral}
        beneath = max(rest, key=lambda name: rest[name])
    where = place(labels, reasoning.after)
    return Analysis(title=title, reasoning=reasoning, place=where, beneath=beneath, adapter=adapter, notes=notes)
