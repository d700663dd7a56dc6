"""What the progress bar says, and when it says nothing."""

import io

from rich.console import Console

from thymos.agent.cli.run_bar import RunBar
from thymos.agent.runs.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_where_no_bar_can_be_drawn_a_line_comes_every_half_minute() -> None:
    said, clock = io.StringIO(), Clock()
    with RunBar(Console(file=said), clock=clock) as bar:
        bar(Progress("label", 1000, 0, 1000, 4000))  # an earlier session's rows took no time
        for rows in (1200, 1400, 1600, 1800):
            clock.now += 10.0
            bar(Progress("label", rows, 3, 1000, 4000))
    # 600 rows in 30 s are 20 rows/s, 2,400 are left. The next line is due 30 s later.
    assert said.getvalue() == "1,600 of 4,000 rows, 20.0 rows/s, 2 min left, 3 bad\n"


def test_a_terminal_gets_a_bar_with_rows_speed_and_bad_rows() -> None:
    drawn, clock = io.StringIO(), Clock()
    with RunBar(Console(file=drawn, force_terminal=True, width=120), clock=clock) as bar:
        clock.now = 10.0
        bar(Progress("label", 512, 2, 0, 1024))
    last = drawn.getvalue()
    assert "512/1024" in last
    assert "51.2 rows/s" in last
    assert "2 bad" in last


def test_quiet_draws_nothing() -> None:
    for terminal in (True, False):
        drawn, clock = io.StringIO(), Clock()
        with RunBar(Console(file=drawn, force_terminal=terminal), quiet=True, clock=clock) as bar:
            clock.now = 100.0
            bar(Progress("label", 512, 2, 0, 1024))
        assert drawn.getvalue() == ""
