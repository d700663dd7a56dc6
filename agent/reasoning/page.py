"""A `Reasoning` as one HTML page that needs nothing else: highlighted cues, bars, steps whose citations open.

Takes a value; gives text. Everything from a corpus or a base is escaped.
"""

from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from thymos.agent.reasoning.recordings import in_words
from thymos.agent.reasoning.values import TITLES, Cue, Reasoning

_SHOWN = 8  # labels
_FULL = 0.3  # weight of the strongest tint


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    cue: Cue | None
    strength: float


def page(reasoning: Reasoning) -> str:
    """Render a reasoning."""
    environment = Environment(
        loader=FunctionLoader(lambda name: (files("thymos.agent.reasoning") / name).read_text(encoding="utf-8")),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
    )
    bars = sorted(reasoning.after.items(), key=lambda item: -item[1])[:_SHOWN]
    template = environment.get_template("page.html.jinja")
    return template.render(r=reasoning, parts=_parts(reasoning), bars=bars, titles=TITLES, words=in_words)


def _parts(reasoning: Reasoning) -> list[_Part]:
    """Cut the text at its cues."""
    text, place = reasoning.text, 0
    found = []
    for cue in sorted((cue for cue in reasoning.cues if cue.start is not None), key=lambda cue: cue.start or 0):
        start, end = cue.start or 0, cue.end or 0
        found.append(_Part(text[place:start], None, 0))
        found.append(_Part(text[start:end], cue, round(min(1.0, abs(cue.weight) / _FULL) * 0.6, 3)))
        place = end
    return [*found, _Part(text[place:], None, 0)]
