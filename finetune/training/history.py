"""The history of a run: one JSON line a step, and the same as TensorBoard events.

Takes steps and looks at dev; appends them to a folder, and cuts the lines off that a resumed run will write again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from thymos.adapters.whole_file import refusal, whole_file
from thymos.finetune.training.loop import Step

FILE = "history.jsonl"


class History:
    """Appends to `history.jsonl` and to TensorBoard's event files in the same folder."""

    def __init__(self, folder: Path, *, after: int) -> None:
        """Open the folder for a run that has done some steps.

        Args:
            folder: must exist.
            after: steps done; later lines of an interrupted run are dropped.

        Raises:
            OutputError: the folder can't be written.
        """
        from tensorboardX import SummaryWriter

        self._path = folder / FILE
        lines = [line for line in read(folder) if line["step"] <= after]
        with whole_file(self._path) as handle:
            handle.writelines(json.dumps(line).encode() + b"\n" for line in lines)
        self._events: Any = SummaryWriter(logdir=str(folder / "tensorboard"), purge_step=after + 1)

    def step(self, step: Step) -> None:
        """Note a step."""
        self._append({"kind": "step", "step": step.number, **_rounded(asdict(step))})
        for name in ("loss", "rate", "norm"):
            self._events.add_scalar(f"train/{name}", getattr(step, name), step.number)
        self._events.add_scalar("train/tokens_per_second", step.tokens / step.seconds, step.number)

    def dev(self, number: int, figures: Mapping[str, Mapping[str, float]]) -> None:
        """Note a look at dev after a step."""
        self._append({"kind": "dev", "step": number, "corpora": {name: dict(each) for name, each in figures.items()}})
        for name, each in figures.items():
            for figure, value in each.items():
                self._events.add_scalar(f"dev/{name}/{figure}", value, number)
        self._events.flush()

    def close(self) -> None:
        """Finish the event file."""
        self._events.close()

    def _append(self, line: Mapping[str, object]) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(line) + "\n")
        except OSError as error:
            raise refusal(self._path, error) from error


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a history; a last one that a kill cut short is left out."""
    path = folder / FILE
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return lines


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value if isinstance(value, int) else float(f"{value:.6g}") for name, value in values.items()}
