"""The line of a fine-tuning where no bar can be drawn: steps, the running loss, and each fold for itself."""

import io

from rich.console import Console

from thymos.agent.cli.tune_bar import TuneBar
from thymos.finetune.training.loop import Step
from thymos.finetune.training.watch import Progress


def at(number: int, loss: float) -> Progress:
    return Progress(Step(number, 50, loss, rate=1e-3, norm=1.0, rows=8, tokens=100, seconds=1.0), None, 100.0)


def test_lines_tell_the_running_loss_and_begin_anew_with_each_fold() -> None:
    now, said = [0.0], io.StringIO()
    bar = TuneBar(Console(file=said, force_terminal=False), clock=lambda: now[0])
    for second, progress in ((1, at(1, 3.0)), (40, at(20, 2.0)), (41, at(50, 2.0)), (80, at(1, 5.0))):
        now[0] = float(second)
        bar(progress)
    assert said.getvalue().splitlines() == [
        "step 20 of 50, loss 2.980, 100 tokens/s",
        "step 50 of 50, loss 2.960, 100 tokens/s",
        "step 1 of 50, loss 5.000, 100 tokens/s",
    ]


def test_recordings_that_are_encoded_are_told_too() -> None:
    now, said = [0.0], io.StringIO()
    bar = TuneBar(Console(file=said, force_terminal=False), clock=lambda: now[0])
    bar.encoded(3, 1000)
    now[0] = 31.0
    bar.encoded(400, 1000)
    assert said.getvalue() == "400 of 1,000 recordings encoded\n"
