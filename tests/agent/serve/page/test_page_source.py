"""The page's own files, read without a browser: nothing inline, nothing from elsewhere, no HTML made of text."""

import re
from html.parser import HTMLParser
from importlib.resources import as_file, files
from pathlib import Path

import pytest

with as_file(files("thymos.agent.serve") / "page") as folder:
    PAGE = folder
SCRIPTS = sorted(PAGE.glob("js/*.js"))
STYLES = sorted(PAGE.glob("css/*.css"))
LONGEST = 250  # lines
HEAVIEST = 200_000  # bytes of everything, uncompressed


class _Frame(HTMLParser):
    """Collects tags with their attributes, and text inside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style") and data.strip():
            self.inline.append(data)


@pytest.fixture(scope="module")
def frame() -> _Frame:
    parsed = _Frame()
    parsed.feed((PAGE / "index.html").read_text(encoding="utf-8"))
    return parsed


def test_no_script_or_style_stands_in_the_frame(frame: _Frame) -> None:
    assert frame.inline == []
    assert [tag for tag, _ in frame.tags if tag == "style"] == []
    names = [name for _, attributes in frame.tags for name in attributes]
    assert [name for name in names if name == "style" or name.startswith("on")] == []


def test_everything_that_the_frame_and_the_scripts_name_is_there_and_nothing_else(frame: _Frame) -> None:
    named = {value for _, attributes in frame.tags for key, value in attributes.items() if key in ("src", "href")}
    reached = {PAGE / value.removeprefix("/static/") for value in named if value and value.startswith("/static/")}
    waiting = [path for path in reached if path.suffix == ".js"]
    while waiting:
        path = waiting.pop()
        for name in re.findall(r'(?:from|new URL\()\s*"\./([\w.-]+)"', path.read_text(encoding="utf-8")):
            if path.parent / name not in reached:
                reached.add(path.parent / name)
                waiting.append(path.parent / name)
    on_disk = {path for path in PAGE.rglob("*") if path.is_file()} - {PAGE / "index.html"}
    assert reached == on_disk


def test_every_module_is_fetched_at_once_and_not_when_another_names_it(frame: _Frame) -> None:
    early = {attributes["href"] for _, attributes in frame.tags if attributes.get("rel") == "modulepreload"}
    elsewhere = {"early.js", "app.js", "worklet.js"}  # in the frame itself, and in the audio thread
    assert early == {f"/static/js/{path.name}" for path in SCRIPTS if path.name not in elsewhere}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_never_makes_html_or_code_of_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for forbidden in (
        r"innerHTML",
        r"outerHTML",
        r"insertAdjacentHTML",
        r"document\.write",
        r"\beval\(",
        r"new Function",
    ):
        assert not re.search(forbidden, text), forbidden
    assert not re.search(r"[{,]\s*style:", text)  # as an attribute it would breach the policy


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_a_file_says_what_it_is_and_holds_one_noun(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert re.match(r"// \S|/\* \S", lines[0])
    assert len(lines) <= LONGEST


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES, PAGE / "index.html"], ids=lambda path: path.name)
def test_no_other_host_is_named(path: Path) -> None:
    hosts = set(re.findall(r"(?:https?:)?//([\w-]+(?:\.[\w-]+)+)", path.read_text(encoding="utf-8")))
    assert hosts <= {"www.w3.org"}  # the name of SVG


def test_the_page_is_light() -> None:
    assert sum(path.stat().st_size for path in PAGE.rglob("*") if path.is_file()) < HEAVIEST
