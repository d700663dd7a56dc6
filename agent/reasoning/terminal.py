"""A `Reasoning` for a terminal: the text with its cues marked, the distribution as bars, the steps with citations.

Takes a value; gives what rich prints. Text of a corpus is shown as it is, less what would steer the terminal.
"""

from collections.abc import Iterator

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from thymos.agent.cli.show import printable
from thymos.agent.reasoning.values import Cue, Reasoning

TITLES = {
    "perceive": "What the words carry",
    "recall": "What is known",
    "appraise": "What it would have to mean",
    "decide": "Decision",
    "counterfactual": "What would change it",
}
_BAR, _EIGHTHS = 20, " ▏▎▍▌▋▊▉"


def terminal(reasoning: Reasoning, top: int = 4) -> Group:
    """Lay a reasoning out.

    Args:
        reasoning: to show.
        top: labels to show, most probable first.
    """
    parts: list[Text | Padding] = [Text(printable(turn), style="dim") for turn in reasoning.context]
    parts.append(_marked(reasoning))
    parts.append(Text())
    parts += _bars(reasoning, top)
    for step in reasoning.steps:
        if not step.sentences:
            continue
        parts += [Text(), Text(TITLES[step.name], style="bold")]
        for sentence in step.sentences:
            line = Text(printable(sentence.text))
            for citation in sentence.citations:
                line.append(f" [{citation}]", style="cyan")
            if not sentence.citations:
                line.append(" (rests on nothing shown)", style="yellow")
            parts.append(Padding(line, (0, 0, 0, 2)))
    if any(each.sources for each in reasoning.evidence):
        parts += [Text(), Text("Sources", style="bold")]
        for each in reasoning.evidence:
            parts.append(Text(f"  [kb:{each.id}]", style="cyan"))
            parts += [Padding(Text(printable(source), style="dim"), (0, 0, 0, 4)) for source in each.sources]
    return Group(*parts)


def _marked(reasoning: Reasoning) -> Text:
    """Return the text, cues for the answer green and against it red, strong ones bold."""
    text = Text(reasoning.text)
    for cue in reasoning.cues:
        if cue.start is not None and abs(cue.weight) >= 0.02:
            text.stylize(_style(cue), cue.start, cue.end)
    line = Text(f"{reasoning.speaker}: " if reasoning.speaker else "", style="dim")
    line.append_text(Text(printable(text.plain), spans=text.spans) if len(printable(text.plain)) == len(text) else text)
    return line


def _style(cue: Cue) -> str:
    return ("green" if cue.weight > 0 else "red") + (" bold" if abs(cue.weight) >= 0.1 else "")


def _bars(reasoning: Reasoning, top: int) -> Iterator[Text]:
    changed = reasoning.before != reasoning.after
    for name, probability in sorted(reasoning.after.items(), key=lambda item: -item[1])[:top]:
        eighths = round(probability * _BAR * 8)
        bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        line = Text(f"{name:>16} ", style="bold" if name in reasoning.labels else "")
        line.append(f"{bar:{_BAR}}", style="blue").append(f" {100 * probability:3.0f} %")
        if changed:
            line.append(f"  ({100 * reasoning.before[name]:.0f} % from the text alone)", style="dim")
        yield line
