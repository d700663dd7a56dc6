"""The page needs nothing else, shows what it is given, and turns nothing of it into markup."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup
from numpy.typing import NDArray

from tests.agent.synth_report.rows_made import made, synthesis, write
from thymos.agent.cli import app
from thymos.agent.synth_report import svg
from thymos.agent.synth_report.page import MADE, REAL, page
from thymos.agent.synth_report.rows import read_folder
from thymos.prompts.errors import InputError

HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{ 7 * 7 }}"
REALS = ["We won the cup and danced all night.", "I lost my keys again.", "It rained.", "What a day that was."]


class Letters:
    fingerprint = "letters"

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        counts = np.array([[text.lower().count(chr(97 + n)) for n in range(26)] for text in texts], dtype=np.float32)
        if on_progress is not None:
            on_progress(len(texts))
        return np.asarray(counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1), dtype=np.float32)


def test_the_page_shows_counts_gates_labels_neighbours_and_reasons(tmp_path: Path) -> None:
    kept, dropped = read_folder(synthesis(tmp_path / "s"))
    told: list[tuple[int, int]] = []
    shown = page(
        kept, dropped, title="Mine", real=REALS, embedder=Letters(), on_progress=lambda *each: told.append(each)
    )
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert "<title>Thymos: Mine</title>" in shown
    assert "3 kept of 5 written: 3 utterances" in text
    assert "75 % read as asked before the gates, 100 % after" in text
    assert "joy 2 / 2" in text
    assert "relabel 3 (−1) duplicates 3" in text
    assert "the same words" in text  # a copy of a real text
    assert "read as sadness (0.25)" in text
    assert "too short" in text
    assert "(tiny)" in text
    assert told == [(7, 7)]


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    kept, dropped = read_folder(synthesis(tmp_path / "s"))
    plain = page(kept, dropped, title="Mine")
    assert "Map by meaning" not in plain
    assert ">real<" not in plain
    assert "Map by meaning" in page(kept, dropped, title="Mine", embedder=Letters())
    assert "Nearest real texts" not in page(kept, dropped, title="Mine", embedder=Letters())
    assert "None." in page((), dropped, title="Mine", real=REALS, embedder=Letters())
    assert "None." in page(kept, (), title="Mine")


def test_hostile_text_stays_text_wherever_it_comes_from(tmp_path: Path) -> None:
    row = made("a/0", HOSTILE, HOSTILE, provenance={"writer": HOSTILE})
    row["plan"] |= {"scenario": HOSTILE, "kind": HOSTILE}
    bad = made("b/0", HOSTILE, HOSTILE, dropped_by="relabel", reason=f"read as {HOSTILE}x")
    gate = made("c/0", HOSTILE, HOSTILE, gates={HOSTILE: {"score": 1, "kept": False, "reason": HOSTILE}})
    turns = [{"speaker": HOSTILE, "text": HOSTILE, "label": HOSTILE}] * 2
    write(tmp_path / "out.jsonl", [row, made("d/0", "joy", "", turns=turns)])
    write(tmp_path / "dropped.jsonl", [bad, gate | {"dropped_by": HOSTILE}])
    shown = page(*read_folder(tmp_path), title=HOSTILE, real=[HOSTILE, "b"], embedder=Letters())
    assert shown.count("&lt;script&gt;") > 15
    assert "<script" not in shown
    assert "<img" not in shown
    assert shown.count("{{ 7 * 7 }}") > 15  # not worked out
    assert not re.search(r"=\"[^\"]*<", shown)


def test_the_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    shown = page(*read_folder(synthesis(tmp_path / "s")), title="Mine", real=REALS, embedder=Letters())
    assert "default-src 'none'" in shown
    assert not re.search(r"\bsrc=|href|url\(|@import|https?://", shown)


def test_equal_seeds_give_equal_pages_and_others_choose_other_examples(tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl", [made(f"joy-{n}/0", "joy", f"Text number {n}.") for n in range(40)])
    rows = read_folder(tmp_path)
    assert page(*rows, title="Mine") == page(*rows, title="Mine")
    assert page(*rows, title="Mine") != page(*rows, title="Mine", seed=1)


@pytest.mark.parametrize(
    "picture",
    [
        svg.points([(REAL, np.array([[0.0, 0.0], [1.0, 1.0]]))], "a <map>"),
        svg.histogram([(REAL, [1, 2, 2, 9]), (MADE, [3])], "words & more", "lengths"),
        svg.histogram([(MADE, [5.0, 5.0])], "words", "all the same"),
        svg.curves([(MADE, [(0, 0), (10, 4)])], "read", "different", "growth"),
        svg.curves([(MADE, [(0, 0)])], "read", "different", "nothing"),
    ],
)
def test_pictures_are_well_formed_and_stay_in_their_frame(picture: Markup) -> None:
    root = ElementTree.fromstring(str(picture))
    assert root.attrib["role"] == "img"
    for points in (each.attrib["points"] for each in root.iter() if "points" in each.attrib):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 480
            assert 0 <= y <= 300
    assert "-0" not in "".join(root.itertext())


def test_bars_of_a_histogram_are_shares_of_their_group() -> None:
    root = ElementTree.fromstring(str(svg.histogram([(REAL, [1, 1, 1, 2]), (MADE, [1, 2])], "words", "lengths")))
    heights = []
    for area in root.iter("polygon"):
        ys = [float(point.split(",")[1]) for point in area.attrib["points"].split()]
        heights.append([256 - y for y in ys])  # 300 less the 44 below
    scale = max(heights[0]) / 0.75
    assert sorted({round(height / scale, 2) for height in heights[0]}) == [0, 0.25, 0.75]
    assert sorted({round(height / scale, 2) for height in heights[1]}) == [0, 0.5]


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    folder = synthesis(tmp_path / "s")
    (tmp_path / "real.csv").write_text("said,n\nIt rained.,1\n,2\n", encoding="utf-8")
    given = ["synth", "report", str(folder), "-o", str(tmp_path / "r.html"), "--no-map", "--title", "Ours"]
    app([*given, "--real", str(tmp_path / "real.csv"), "--text-column", "said"], result_action="return_value")
    shown = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Thymos: Ours" in shown
    assert "as many real" in shown
    with pytest.raises(InputError, match="folder of the page must exist"):
        app(["synth", "report", str(folder), "-o", str(tmp_path / "no" / "r.html")], result_action="return_value")
