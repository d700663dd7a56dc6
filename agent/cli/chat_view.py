"""What a conversation looks like: on the terminal with bars and colours, or as lines of JSON.

Takes events; prints. Text of users and corpora is shown as it is, less what would steer the terminal.
"""

import re
from typing import IO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from thymos.agent.chat.events import Called, Done, Event, Failed, Found, Progress
from thymos.agent.chat.findings import Analysis, Comparison, Finding, Moment, Timeline
from thymos.agent.chat.values import Answer, Thread
from thymos.agent.cli.ask_text import terminal
from thymos.agent.cli.show import bar, printable
from thymos.agent.reasoning.values import Reasoning

_BAR = 20  # cells
_TOP = 4  # labels
_SHORT = 12  # digits of a thread's id


class JsonView:
    """One line of JSON an answer."""

    def __init__(self, out: IO[str]) -> None:
        """Keep where to print."""
        self._out = out

    def event(self, event: Event) -> None:
        """Print an answer, or why there is none."""
        if isinstance(event, Done | Failed):
            self._out.write(event.model_dump_json() + "\n")
            self._out.flush()

    def still(self) -> None:
        """Print nothing."""

    def note(self, text: str) -> None:
        """Print nothing: only answers are lines."""

    def problem(self, text: str) -> None:
        """Print what did not work as an event."""
        self.event(Failed(says=text))

    def sources(self, answer: Answer) -> None:
        """Print the passages."""
        for each in answer.sources:
            self._out.write(each.model_dump_json() + "\n")

    def why(self, answer: Answer) -> None:
        """Print the findings."""
        for each in answer.findings:
            self._out.write(each.model_dump_json() + "\n")

    def threads(self, threads: list[Thread]) -> None:
        """Print the threads."""
        for each in threads:
            self._out.write(each.model_dump_json() + "\n")

    def helps(self, commands: dict[str, str]) -> None:
        """Print nothing."""


class TerminalView:
    """Bars, text and colours."""

    def __init__(self, console: Console) -> None:
        """Keep the console."""
        self._console = console
        self._live: Live | None = None

    def event(self, event: Event) -> None:
        """Show an event: work as a line that changes, findings when they are there, then the answer."""
        if isinstance(event, Called | Progress):
            self._working(event.says or "working")
        elif isinstance(event, Found):
            self.still()
            if (shown := drawn(event.finding)) is not None:
                self._console.print(Padding(shown, (0, 0, 1, 2)))
        elif isinstance(event, Done):
            self.still()
            self._console.print(Markdown(readable(event.answer.text)))
            if event.answer.sources:
                count = len(event.answer.sources)
                told = f"{count} source{'' if count == 1 else 's'}, /sources shows them; /why shows every step"
                self._console.print(Text(told, style="dim"))
            self._console.print()
        elif isinstance(event, Failed):
            self.problem(event.says)

    def note(self, text: str) -> None:
        """Show a sentence of the program's own."""
        self.still()
        self._console.print(Text(printable(text), style="dim"))

    def problem(self, text: str) -> None:
        """Show what did not work."""
        self.still()
        self._console.print(Text(printable(text), style="red"))

    def sources(self, answer: Answer) -> None:
        """Show the passages that an answer cites."""
        if not answer.sources:
            self.note("the last answer cites no passage")
        for each in answer.sources:
            self._console.print(Text(printable(f"[kb:{each.id}] {each.title}"), style="cyan"))
            self._console.print(Padding(Text(printable(each.text)), (0, 0, 0, 2)))
            for source in each.sources:
                self._console.print(Padding(Text(printable(source), style="dim"), (0, 0, 0, 2)))

    def why(self, answer: Answer) -> None:
        """Show the steps of an answer's analyses."""
        reasonings = [each.reasoning for each in answer.findings if isinstance(each, Analysis)]
        if not reasonings:
            self.note("the last answer rests on no analysis; ask about words, a voice or a face")
        for reasoning in reasonings:
            self._console.print(terminal(reasoning))

    def threads(self, threads: list[Thread]) -> None:
        """Show a list of conversations."""
        self._console.print(thread_table(threads))

    def helps(self, commands: dict[str, str]) -> None:
        """Show the commands."""
        table = Table(box=None, show_header=False)
        for name, says in commands.items():
            table.add_row(Text(name, style="cyan"), says)
        self._console.print(table)

    def _working(self, says: str) -> None:
        if not self._console.is_terminal:
            return
        shown = Spinner("dots", Text(printable(says), style="dim"))
        if self._live is None:
            self._live = Live(shown, console=self._console, transient=True, refresh_per_second=8)
            self._live.start()
        else:
            self._live.update(shown)

    def still(self) -> None:
        """Take away what says that something is going on."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def drawn(finding: Finding) -> RenderableType | None:
    """Return bars of an analysis or comparison, a row of marks of a timeline; None where words say it all."""
    if isinstance(finding, Analysis):
        return _bars(finding.title, finding.reasoning)
    if isinstance(finding, Comparison):
        return Group(_bars("A", finding.first.reasoning), Text(), _bars("B", finding.second.reasoning))
    if isinstance(finding, Timeline):
        table = Table(box=None, show_header=False, padding=(0, 1))
        for number, moment in enumerate(finding.moments, 1):
            table.add_row(*_row(number, moment))
        return table
    return None


def readable(text: str) -> str:
    """Return Markdown whose citations are set apart, and which holds nothing that steers the terminal."""
    kept = "\n".join(printable(line) for line in text.split("\n"))
    return re.sub(r" ?\[((?:kb|cue|ex):[^\]\s]+)\]", r" `\1`", kept)


def thread_table(threads: list[Thread]) -> Table:
    """Return a table of conversations."""
    table = Table(box=None)
    for head in ("id", "last used (UTC)", "turns", "labels", "title"):
        table.add_column(head, overflow="fold")
    for each in threads:
        when = each.updated[:16].replace("T", " ")
        table.add_row(each.id[:_SHORT], when, str(each.turns), each.taxonomy, Text(printable(each.title)))
    return table


def _bars(title: str, reasoning: Reasoning) -> Group:
    lines = [Text(printable(title), style="bold")]
    for name, probability in sorted(reasoning.after.items(), key=lambda pair: -pair[1])[:_TOP]:
        line = Text(f"{name:>16} ", style="bold" if name in reasoning.labels else "")
        line.append(f"{bar(probability, _BAR):<{_BAR}}", style="cyan").append(f" {probability:4.0%}")
        lines.append(line)
    return Group(*lines)


def _row(number: int, moment: Moment) -> tuple[Text, ...]:
    where = f"{moment.start:.0f} s" if moment.start is not None else str(number)
    if not moment.probabilities:
        return Text(where, style="dim"), Text("not read", style="yellow"), Text(), Text(printable(moment.problem or ""))
    name, p = max(moment.probabilities.items(), key=lambda pair: pair[1])
    said = f"{moment.speaker}: {moment.text}" if moment.speaker else moment.text
    return Text(where, style="dim"), Text(name), Text(bar(p, 8), style="cyan"), Text(printable(said[:60]), style="dim")
