"""Prompt templates: how a label set and a row become the words of a prompt.

A prompt is a folder of package data: `templates/<name>/system.jinja` (said once for a label set, hence the
shared prefix), `row.jinja` (said for each row) and `answer.jinja` (how the model's answer begins; without it the
label follows the row at once). An undefined name is an error. Knows nothing of tokens, chat templates or models: the
text of a row is returned as data, and whoever tokenises it keeps it so.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Protocol

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy

PROMPTS = ("instruct", "tuned", "cause", "multimodal")
WRITING = "write"  # what the card of a model that writes calls its prompt; see `wish.py`
EXPLAINING = "explain"  # likewise of one that writes steps of explanations; see `steps.py`
_OPENED = frozenset({"instruct"})  # prompts that open the model's turn: an untuned model answers nowhere else

# Where the soft tokens of a modality stand: private-use characters, which are taken out of a row's own text, so that no
# text can open a place for them.
SLOTS: Mapping[str, str] = MappingProxyType({"speech": "\ue001", "face": "\ue002", "physiology": "\ue003"})
_NO_SLOTS = {ord(slot): None for slot in SLOTS.values()}

# Messages that say nothing: what the model answers to them is its bias towards label words, which contextual
# calibration takes away (Zhao et al. 2021, arXiv:2102.09690).
CONTENT_FREE = ("N/A", "", "...", "[MASK]", "Text.", "This is a sentence.", "The message.", "It is what it is.")


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    speaker: str


class Utterance(Protocol):
    """An earlier turn: `thymos.adapters.sample.Turn` is one."""

    @property
    def text(self) -> str:
        """What was said."""
        ...

    @property
    def speaker(self) -> str | None:
        """Who said it, if known."""
        ...


@dataclass(frozen=True, slots=True)
class LabelPrompt:
    """A prompt bound to a taxonomy.

    Attributes:
        name: of the template folder.
        system: the instruction, the same for every row.
        answer: how the model's turn begins, before the label word; None where it is not opened.
        sha256: of the template sources and the rendered instruction, for run fingerprints.
    """

    name: str
    system: str
    answer: str | None
    sha256: str
    _row: Template
    _system: Template

    def row(
        self,
        text: str,
        speaker: str | None = None,
        context: Sequence[Utterance] = (),
        modalities: Collection[str] = (),
    ) -> str:
        """Return the user's message for one row.

        Args:
            text: the utterance to label; empty where there are no words.
            speaker: who says it, if known.
            context: earlier turns, oldest first.
            modalities: of `SLOTS`, those whose soft tokens are there; a template that has no place for one ignores it.
        """
        slots = {name: slot if name in modalities else "" for name, slot in SLOTS.items()}
        rendered = self._row.render(
            text=_plain(text.strip()),
            speaker=_plain(speaker or ""),
            context=[_Said(_plain(turn.text), _plain(turn.speaker or "")) for turn in context],
            **slots,
        )
        return rendered.rstrip("\n")

    @property
    def modalities(self) -> tuple[str, ...]:
        """What the template has a place for beside text, in the order of `SLOTS`."""
        shown = self.row("", modalities=tuple(SLOTS))
        return tuple(name for name, slot in SLOTS.items() if slot in shown)

    def reworded(self, words: Sequence[str]) -> str:
        """Return the instruction with other label words, or the same in another order."""
        return self._system.render(words=words)


def _plain(text: str) -> str:
    """Return text without characters that would be places for soft tokens."""
    return text.translate(_NO_SLOTS)


def load_prompt(name: str, taxonomy: Taxonomy) -> LabelPrompt:
    """Bind a prompt template to a label set.

    Raises:
        InputError: no prompt has this name, or it is a writer's.
    """
    if name in (WRITING, EXPLAINING):
        use = "`thymos synth --writer-adapter`" if name == WRITING else "`thymos ask --writer`"
        raise InputError(
            f"adapter must be one that labels, got one that writes; choose another, or write with it: {use}"
        )
    if name not in PROMPTS:
        raise InputError(f"prompt must be one of {', '.join(PROMPTS)}, got {name!r}; choose one of these")
    environment = _environment()
    parts = ("system", "row", "answer") if name in _OPENED else ("system", "row")
    instructing = environment.get_template(f"{name}/system")
    system = instructing.render(words=taxonomy.words)
    answer = environment.get_template(f"{name}/answer").render() if name in _OPENED else None
    sources = [_source(f"{name}/{part}") for part in parts]
    digest = hashlib.sha256("\0".join([*sources, system, *CONTENT_FREE]).encode()).hexdigest()
    row = environment.get_template(f"{name}/row")
    return LabelPrompt(name=name, system=system, answer=answer, sha256=digest, _row=row, _system=instructing)


def instruction(wording: str, words: Sequence[str]) -> str:
    """Return an instruction: a Jinja template over `words`, the label words in the order to show them.

    Args:
        wording: the template.
        words: verbalisers.
    """
    return _environment().from_string(wording).render(words=words)


def render(name: str, **values: object) -> str:
    """Return a template of the package, `folder/name`, filled in.

    Args:
        name: of the template.
        values: what it names; a name without a value is an error.
    """
    return _environment().get_template(name).render(**values)


def templates_sha256(*names: str) -> str:
    """Return the hash of the sources of templates, `folder/name`, for run fingerprints."""
    return hashlib.sha256("\0".join(map(_source, names)).encode()).hexdigest()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        autoescape=False,  # plain text for a tokenizer, not HTML
        keep_trailing_newline=False,
    )


def _source(name: str) -> str:
    """Return the source of a template in the package."""
    return (files("thymos.prompts") / "templates" / f"{name}.jinja").read_text(encoding="utf-8")
