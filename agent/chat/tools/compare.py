"""Tool `compare`: two texts or two recordings side by side, and what changes from the first to the second.

Takes a call with two subjects; gives a `Comparison`. Both must be read with one label set, or they can't be compared.
"""

from collections.abc import Iterator

from thymos.agent.chat.calls import Call, Subject
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Event, Found, Progress
from thymos.agent.chat.findings import Analysis, Comparison
from thymos.agent.chat.tools.analyse import read_recording, read_words
from thymos.prompts.errors import InputError


def compare(call: Call, desk: Desk) -> Iterator[Event]:
    """Compare the two subjects of a call.

    Raises:
        InputError: they are read with different label sets, or one of them can't be given a label.
    """
    taxonomy = call.taxonomy or desk.taxonomy
    one, two = call.subjects[:2]
    yield Progress(share=0.1, says=f"reading {one.title}")
    first = _read(one, taxonomy, desk)
    yield Progress(share=0.5, says=f"reading {two.title}")
    second = _read(two, taxonomy, desk)
    before, after = first.reasoning, second.reasoning
    if before.taxonomy != after.taxonomy:
        raise InputError(
            f"a comparison must be of two things that are read alike, got {one.title} in the labels of "
            f"{before.taxonomy} and {two.title} in those of {after.taxonomy}; ask about each by itself"
        )
    change = {name: round(after.after[name] - before.after[name], 4) for name in before.after}
    ordered = dict(sorted(change.items(), key=lambda pair: -abs(pair[1])))
    yield Found(finding=Comparison(first=first, second=second, change=ordered))


def _read(subject: Subject, taxonomy: str, desk: Desk) -> Analysis:
    if subject.text is not None or not subject.recordings:
        return read_words(subject, taxonomy, desk)
    found = read_recording(subject.recordings[0], desk)
    if not isinstance(found, Analysis):
        raise InputError(
            f"{subject.title} can only be measured: no adapter names an emotion from it; ask about it alone"
        )
    return found
