"""The guard: what is not answered, and why. It stands before every tool and before every model.

Takes the words of a user; gives an answer in their stead, or nothing. It looks at what is *asked for*: words inside
quotation marks are material, and a novel may be set in an office. Rules and answers are in `data/guard.yaml`. A rule
of words is no judge: it will miss, and it will overdo.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from thymos.agent.chat.values import Answer, Guarded

NOTICE = (
    "Thymos says which emotion a reader would be likely to see expressed in a text, a voice or a face, not what a "
    "person feels inside. It is for research and for material that people chose to share. Do not decide about a person "
    "by it, and do not use it at work or in schools, where the EU AI Act forbids it. It does not diagnose."
)

_NEVER = r"(?!)"


@dataclass(frozen=True, slots=True)
class _Rule:
    """When it holds, and what is answered then; see the file."""

    reason: Guarded
    whole: bool
    needed: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str]
    idioms: re.Pattern[str]
    fiction: re.Pattern[str]
    real: re.Pattern[str]
    answer: str

    def holds(self, asked: str, whole: str) -> bool:
        """Say whether the guard answers."""
        if self._found(asked):
            return True
        told = self.fiction.search(asked) and not self.real.search(asked)
        return self.whole and not told and self._found(whole)

    def _found(self, text: str) -> bool:
        text = self.idioms.sub(" ", text)
        return all(each.search(text) for each in self.needed) and not self.unless.search(text)


def guard(asked: str, whole: str) -> Answer | None:
    """Return an answer where the guard has one.

    Args:
        asked: what the user says, without quoted material.
        whole: everything, with the material.
    """
    for rule in _rules():
        if rule.holds(asked, whole):
            return Answer(text=rule.answer, tool="none", guarded=rule.reason)
    return None


@cache
def _rules() -> tuple[_Rule, ...]:
    text = (files("thymos.agent.chat") / "data" / "guard.yaml").read_text(encoding="utf-8")
    told = cast(Mapping[str, Any], yaml.safe_load(text))
    return tuple(
        _Rule(
            reason=rule["reason"],
            whole=rule.get("whole", False),
            needed=tuple(map(_any, rule["all"])),
            unless=_any(rule.get("unless", ())),
            idioms=_any(rule.get("idioms", ())),
            fiction=_any(told["fiction"]),
            real=_any(told["real"]),
            answer=rule["answer"].strip(),
        )
        for rule in told["rules"]
    )


def _any(patterns: Iterable[str | list[str]]) -> re.Pattern[str]:
    """Return one pattern for any of several, for nothing if there is none; a list in the list is one by its anchor."""
    flat = [each for item in patterns for each in (item if isinstance(item, list) else [item])]
    return re.compile("|".join(f"(?:{each})" for each in flat) or _NEVER, re.IGNORECASE | re.DOTALL)
