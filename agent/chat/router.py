"""The router: a message and what the thread is about become a call of one tool. Deterministic; the agent's default.

Takes a message, the last call of the thread, and the names of labels and label sets; gives a `Call`. What is plain from
marks, attachments and words is decided by rules in the order of `route`; the rest by meaning (`intents.py`). Knows
nothing of how a tool works.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from thymos.agent.chat.calls import Call, Subject, Talk
from thymos.agent.chat.follow_up import follow_up, side_by_side
from thymos.agent.chat.intents import Intents
from thymos.agent.chat.reading import Reading, read
from thymos.agent.chat.subjects import attached_subjects, spoken_subject, title_of
from thymos.agent.chat.values import Message
from thymos.agent.chat.words import find, named, named_labels

_TALK: Mapping[str, Talk] = {
    "greeting": "greeting",
    "thanks": "thanks",
    "goodbye": "goodbye",
    "help": "help",
    "about": "about",
}
_LACKING = {
    "compare": Call(tool="compare", missing="two texts or recordings"),
    "timeline": Call(tool="timeline", missing="a conversation or a recording"),
    "label_file": Call(tool="label_file", missing="the file"),
}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_NUMBERS |= {"nine": 9, "ten": 10, "dozen": 12, "twenty": 20}
_MOST = 20  # sentences that one message may ask for


@dataclass(frozen=True, slots=True)
class Names:
    """What a message may name.

    Attributes:
        taxonomies: what people call a label set -> its name.
        plain: names that are ordinary words too, and count only where a file is to be labelled.
        labels: of every built-in set.
    """

    taxonomies: Mapping[str, str]
    labels: frozenset[str]
    plain: frozenset[str] = frozenset()

    def taxonomy(self, text: str, *, plain: bool = False) -> str | None:
        """Return the label set that a text names; with `plain` also by a name that is an ordinary word."""
        found = named(text, self.plain if plain else self.taxonomies)
        return self.taxonomies.get(found[-1], found[-1]) if found else None


class Router:
    """Chooses the tool for a message."""

    def __init__(self, intents: Intents, names: Names) -> None:
        """Keep what it decides by."""
        self._intents = intents
        self._names = names

    def route(self, message: Message, last: Call | None = None) -> Call:
        """Choose.

        Args:
            message: what was said; the guard has passed it.
            last: what the thread was about before, or None.
        """
        reading = read(message.text)
        taxonomy = message.taxonomy or self._names.taxonomy(reading.asked)
        call = (
            self._of_attachments(message, reading, last)
            or self._of_follow_up(message, reading, last, taxonomy)
            or self._of_wish(reading)
            or self._of_material(reading)
            or self._of_meaning(reading, last)
        )
        if call.tool == "label_file" and taxonomy is None:
            taxonomy = self._names.taxonomy(reading.asked, plain=True)
        return call.model_copy(update={"taxonomy": call.taxonomy or taxonomy})

    def _of_attachments(self, message: Message, reading: Reading, last: Call | None) -> Call | None:
        """Decide by what is attached."""
        files = message.attachments
        if side := side_by_side(message, reading, last):
            return side
        if not files:
            return None
        corpora = [each for each in files if each.kind == "corpus"]
        if corpora:
            return Call(tool="label_file", attachment=corpora[0])
        if dialogues := [each for each in files if each.kind == "dialogue"]:
            return Call(tool="timeline", attachment=dialogues[0])
        subjects = attached_subjects(files, reading)
        if len(subjects) >= 2:
            return Call(tool="compare", subjects=tuple(subjects[:2]))
        voice = subjects[0].of("speech")
        if voice and reading.has("over_time", "parts") and not reading.dialogue:
            return Call(tool="timeline", attachment=voice)
        return Call(tool="analyse", subjects=tuple(subjects))

    def _of_follow_up(self, message: Message, reading: Reading, last: Call | None, taxonomy: str | None) -> Call | None:
        if last is None:
            return None
        call = follow_up(reading, last, taxonomy, self._intents, new=bool(reading.dialogue))
        if call is not None and call.tool == "synthesise" and last.tool == "synthesise":
            labels = self._labels(reading.asked)
            update = {"labels": labels or last.labels, "count": count(reading.asked, last.count)}
            return call.model_copy(update=update)
        return call

    def _of_wish(self, reading: Reading) -> Call | None:
        """Decide by words that name a job: to write, to label a file, to explain a label."""
        labels = self._labels(reading.asked)
        if reading.has("show_first"):
            return Call(tool="none", talk="help")
        named_one = self._quoted_labels(reading)
        if named_one and reading.has("meaning"):
            return Call(tool="explain_label", labels=named_one, query=reading.asked)
        if reading.has("write") and not reading.quotes and not reading.dialogue and self._wishes_writing(reading):
            return Call(tool="synthesise", labels=labels, count=count(reading.asked), query=reading.asked)
        wishes_file = reading.has("file") and reading.has("labelling") and not reading.quotes and not reading.dialogue
        if wishes_file and self._intents.weigh(reading.asked).get("label_file", 0.0) > 0.2:
            return Call(tool="label_file", missing="the file")
        if labels and reading.has("strong_meaning") and not reading.dialogue and len(reading.asked.split()) <= 25:
            return Call(tool="explain_label", labels=labels, query=reading.asked)
        if not reading.quotes and not reading.dialogue and not find("self", reading.asked.replace("tell me", "")):
            if labels and reading.has("meaning") and len(reading.asked.split()) <= 25 and self._about_label(reading):
                return Call(tool="explain_label", labels=labels, query=reading.asked)
            if reading.has("all_labels") and self._intents.weigh(reading.asked).get("explain_label", 0.0) > 0.3:
                return Call(tool="explain_label", query=reading.asked)
        return None

    def _quoted_labels(self, reading: Reading) -> tuple[str, ...]:
        """Return the quotes if each is nothing but the name of a label."""
        names = [
            named_labels(quote, [quote.lower()] if quote.lower() in self._names.labels else [])
            for quote in reading.quotes
        ]
        return tuple(each[0] for each in names if each) if names and all(names) and not reading.dialogue else ()

    def _wishes_writing(self, reading: Reading) -> bool:
        weights = self._intents.weigh(reading.asked)
        return weights.get("synthesise", 0.0) >= 0.12 or reading.has("writes")

    def _about_label(self, reading: Reading) -> bool:
        """Tell a question on a label from one on an emotion: that asks for a meaning, this for a finding."""
        weights = self._intents.weigh(reading.asked)
        return reading.has("label_words") or weights.get("explain_label", 0.0) > 0.5 * weights.get("search", 0.0)

    def _of_material(self, reading: Reading) -> Call | None:
        """Decide by what was pasted."""
        if reading.dialogue:
            if reading.has("over_time"):
                return Call(tool="timeline", subjects=(Subject(title="the conversation", context=reading.dialogue),))
            return Call(tool="analyse", subjects=(spoken_subject(reading),))
        if len(reading.quotes) >= 2 and reading.has("compare"):
            subjects = tuple(
                Subject(title=title, text=quote) for title, quote in zip("AB", reading.quotes, strict=False)
            )
            return Call(tool="compare", subjects=subjects)
        if reading.quotes and any(len(re.findall(r"\w", quote)) > 1 for quote in reading.quotes):
            return Call(tool="analyse", subjects=(spoken_subject(reading),))
        return None

    def _of_meaning(self, reading: Reading, last: Call | None) -> Call:
        """Decide by meaning, where nothing else did."""
        weights = self._intents.weigh(reading.text)
        allowed = {name: p for name, p in weights.items() if last or name not in ("why", "what_if", "taxonomy")}
        wish = max(allowed, key=lambda name: allowed[name])
        short = len(reading.text.split()) <= 8
        if wish in _TALK and (short or weights[wish] > 0.6) and not (wish in ("greeting", "thanks") and not short):
            return Call(tool="none", talk=_TALK[wish])
        asks = bool(reading.questions) or reading.has("tells_me", "opens_question")
        if asks and wish == "explain_label" and (labels := self._labels(reading.asked)):
            return Call(tool="explain_label", labels=labels, query=reading.asked)
        if asks and wish in ("search", "explain_label", "about", "help"):
            return Call(tool="search", query=reading.asked)
        if wish == "synthesise" and reading.has("write"):
            return Call(tool="synthesise", labels=self._labels(reading.asked), count=count(reading.asked))
        if wish in _LACKING and not reading.told:
            return _LACKING[wish]
        return self._of_bare(reading, last)

    def _of_bare(self, reading: Reading, last: Call | None) -> Call:
        """Take the message itself for the material, if it says anything."""
        material = reading.told or ""
        if len(re.findall(r"\w+", material)) < 2 and find("self", reading.text) and len(reading.text.split()) > 6:
            material = reading.text.strip()
        if not re.search(r"\w", material):
            if last is not None and last.subjects:
                return last.model_copy(update={"why": True, "changed": ""})
            if reading.questions and len(reading.questions.split()) > 5:
                return Call(tool="search", query=reading.asked)
            if not reading.questions and re.search(r"\w", reading.text):
                material = reading.text.strip()
            else:
                return Call(tool="analyse", missing="the words, or a recording")
        return Call(tool="analyse", subjects=(Subject(title=title_of(material), text=material),))

    def _labels(self, text: str) -> tuple[str, ...]:
        return named_labels(text, sorted(self._names.labels))


def count(text: str, usual: int = 5) -> int:
    """Return how many sentences a text asks for, in digits or words; never more than 20."""
    digits = re.search(r"\b(\d{1,9})\b", text)
    if digits:
        return max(1, min(_MOST, int(digits[1])))
    words = [
        _NUMBERS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMBERS and word not in ("a", "an")
    ]
    return min(_MOST, words[0]) if words else usual
