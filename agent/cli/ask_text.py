"""A `Reasoning` for the terminal: the text with its cues marked, the distribution as bars, the steps with citations.

Takes a value; gives what rich prints. Text of a corpus is shown as it is, less what would steer the terminal.
"""

from collections.abc import Iterator

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from thymos.agent.cli.show import bar, printable
from thymos.agent.reasoning.recordings import in_words
from thymos.agent.reasoning.values import TITLES, Cue, Reasoning

_BAR = 20  # cells of a bar that stands for probability 1


def terminal(reasoning: Reasoning, top: int = 4) -> Group:
    """Lay a reasoning out.

    Args:
        reasoning: to show.
        top: labels to show, most probable first.
    """
    parts: list[Text | Padding] = [Text(printable(turn), style="dim") for turn in reasoning.context]
    parts.append(_marked(reasoning))
    for recording in reasoning.recordings:
        told = f"{recording.modality}: {in_words(recording.measured) or 'nothing measured'}"
        parts.append(Text(printable(told), style="dim"))
        parts += [Text(printable(f"  {flag}"), style="yellow") for flag in recording.flags]
    parts.append(Text())
    parts += _bars(reasoning, top)
    for step in reasoning.steps:
        if not step.sentences:
            continue
        parts += [Text(), Text(TITLES[step.name], style="bold")]
        for sentence in step.sentences:
            line = Text(printable(sentence.text))
            for citation in sentence.citations:
                line.append(printable(f" [{citation}]"), style="cyan")
            if not sentence.citations:
                line.append(" (rests on nothing shown)", style="yellow")
            parts.append(Padding(line, (0, 0, 0, 2)))
    if any(each.sources for each in reasoning.evidence):
        parts += [Text(), Text("Sources", style="bold")]
        for each in reasoning.evidence:
            parts.append(Text(printable(f"  [kb:{each.id}]"), style="cyan"))
            parts += [Padding(Text(printable(source), style="dim"), (0, 0, 0, 4)) for source in each.sources]
    return Group(*parts)


def _marked(reasoning: Reasoning) -> Text:
    """Return the text, cues for the answer green and against it red, strong ones bold."""
    text = Text(reasoning.text)
    for cue in reasoning.cues:
        if cue.start is not None and abs(cue.weight) >= 0.02:
            text.stylize(_style(cue), cue.start, cue.end)
    line = Text(f"{reasoning.speaker}: " if reasoning.speaker else "", style="dim")
    line.append_text(Text(printable(text.plain), spans=text.spans))  # a character for each: the spans still fit
    return line


def _style(cue: Cue) -> str:
    return ("green" if cue.weight > 0 else "red") + (" bold" if abs(cue.weight) >= 0.1 else "")


def _bars(reasoning: Reasoning, top: int) -> Iterator[Text]:
    changed = reasoning.before != reasoning.after
    for name, probability in sorted(reasoning.after.items(), key=lambda item: -item[1])[:top]:
        line = Text(f"{name:>16} ", style="bold" if name in reasoning.labels else "")
        line.append(bar(probability, _BAR), style="cyan").append(f" {probability:4.0%}")
        if changed:
            line.append(f"  ({reasoning.before[name]:.0%} from the text alone)", style="dim")
        yield line
