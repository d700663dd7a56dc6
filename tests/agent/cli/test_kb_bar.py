"""Embedding a large document says how far it is, also where there is no terminal to draw on."""

import io

from rich.console import Console

from thymos.agent.cli.kb_bar import embedding_bar, lines


def test_long_work_says_every_half_minute_how_far_it_is_and_what_is_left() -> None:
    now, said = [0.0], list[str]()
    told = lines("big.txt", said.append, lambda: now[0])
    for second, done in ((1, 64), (29, 1000), (30, 1500), (31, 1600), (61, 3000), (120, 6000)):
        now[0] = float(second)
        told(done, 6000)
    assert said == [
        "big.txt: 1,500 of 6,000 texts embedded, 2 min left",
        "big.txt: 3,000 of 6,000 texts embedded, 61 s left",
    ]


def test_short_work_says_nothing_where_there_is_no_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    with embedding_bar("small.md", console) as told:
        told(1, 2)
        told(2, 2)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == ""
