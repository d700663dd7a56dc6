"""Other wordings of texts by a language model, as a cheap alternative to synthetic rows.

Takes texts and a writer; gives one wording each, or nothing where the writer gave none that differs. No label is shown
to the writer, and a text is data: what it says cannot become more than another row.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from thymos.agent.chat.desk import Writer
from thymos.prompts.template import render

_AT_ONCE = 8  # requests; a local writer works on them together
_TOKENS = 64
_LONGEST = 500  # characters of a text that are shown


class WriterParaphraser:
    """Says texts in other words through a `Writer`."""

    def __init__(self, writer: Writer) -> None:
        """Keep the writer."""
        self._writer = writer

    @property
    def name(self) -> str:
        """The writer's."""
        return self._writer.name

    def paraphrase(self, texts: Sequence[str], seed: int) -> list[str]:
        """Return one other wording a text, in order; empty where there is none."""
        system = render("paraphrase/system")

        def one(numbered: tuple[int, str]) -> str:
            number, text = numbered
            request = render("paraphrase/request", text=" ".join(text.split())[:_LONGEST])
            own = seed * 1_000_003 + number  # a seed of its own, so that order and speed change nothing
            (said,) = self._writer.write(system, request, count=1, tokens=_TOKENS, seed=own)
            return _tidy(said, text)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(one, enumerate(texts)))


def _tidy(said: str, text: str) -> str:
    """Return the first line of an answer without what a model puts around it; nothing if it is the text itself."""
    line = next((each.strip() for each in said.splitlines() if each.strip()), "")
    line = re.sub(r"^(?:[-*•\d.)\s]+|[A-Z][a-z]+:\s+)", "", line).strip(" \"“”'")
    return "" if line.casefold() == text.strip().casefold() or len(line.split()) < 2 else line
