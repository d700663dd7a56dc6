"""A whole run with fakes, for tests and for the processes that they kill.

`python -m tests.agent.synth.session OUT PAUSE`
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.agent.synth.fakes import FakeWriter, SignLabeler, WordEmbedder, plan_of
from thymos.agent.synth.build import Comparisons, Models, Options, Works, build
from thymos.agent.synth.output import Extras
from thymos.agent.synth.plan import Plan
from thymos.agent.synth.run import SynthReport, run
from thymos.agent.synth.values import Ask, Writer

COUNTS = {"joy": 14, "fear": 12, "neutral": 4}
CHUNK = 4


def works_of(
    plan: Plan,
    writer: Writer | None = None,
    labeler: SignLabeler | None = None,
    compared: Comparisons | None = None,
    **options: Any,
) -> Works:
    models = Models(lambda: writer or FakeWriter(), lambda: labeler or SignLabeler(), WordEmbedder)
    return build(plan, compared or Comparisons(), models, Options(**{"candidates": 3, **options}))


def session(
    out: Path,
    *,
    counts: Mapping[str, int] = COUNTS,
    turns: tuple[int, int] = (1, 1),
    seed: int = 0,
    writer: Writer | None = None,
    compared: Comparisons | None = None,
    real: Sequence[str] = (),
    dev: float = 0.2,
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> SynthReport:
    plan = plan_of(counts, turns, seed)
    works = works_of(plan, writer, compared=compared, **(options or {}))
    told = {"command": "thymos synth", "labeler": "signs", "licence": "cc0-1.0", "off": dict(works.gates.off)}
    extras = Extras(dev=dev, vectors=works.vectors, real=real, seed=seed, told=told)
    return run(plan, works.maker, out, extras=extras, **{"chunk_rows": CHUNK, **more})


def constant(text: str) -> Callable[[Ask], str]:
    return lambda ask: text


class SlowWriter(FakeWriter):
    """Takes its time, so that it can be killed."""

    pause = 0.0

    def write(self, asks: Sequence[Ask]) -> list[str]:
        time.sleep(self.pause)
        return super().write(asks)


if __name__ == "__main__":
    slow = SlowWriter()
    slow.pause = float(sys.argv[2])
    session(Path(sys.argv[1]), writer=slow)
