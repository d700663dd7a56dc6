"""The words of an answer that tells what is known or made: passages, labels, files, written sentences, small talk.

Takes findings or a call; gives Markdown. Knows nothing of analyses.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from thymos.agent.chat.calls import Call
from thymos.agent.chat.findings import LabelCard, LabelledFile, Moment, Passages, Written
from thymos.agent.reasoning.values import Evidence
from thymos.retrieval.sentences import sentences

_TOLD = 3  # sentences of a passage
_SHOWN = 5  # rows


def known(finding: Passages | LabelCard | LabelledFile | Written) -> str:
    """Write what one finding says."""
    if isinstance(finding, Passages):
        return _passages(finding)
    if isinstance(finding, LabelCard):
        return _label(finding)
    return _file(finding) if isinstance(finding, LabelledFile) else _written(finding)


def talk(call: Call) -> str:
    """Write an answer that rests on nothing but what Thymos is."""
    return str(_answers()["talk"][call.talk]).strip()


def missing(call: Call) -> str:
    """Ask for what a call lacks."""
    return str(_answers()["missing"][call.tool]).strip()


def _passages(finding: Passages) -> str:
    if not finding.passages:
        return str(_answers()["unknown"]).strip()
    return "\n\n".join(
        f"{_opening(each)}{' '.join(sentences(each.text)[:_TOLD])} [kb:{each.id}]{_after(each)}"
        for each in finding.passages
    )


def _opening(passage: Evidence) -> str:
    if not passage.title:
        return ""
    return f"**{passage.title}{'' if passage.title.endswith('?') else '.'}** "


def _after(passage: Evidence) -> str:
    """Name the works that a passage rests on, by author and year."""
    works = [match[0] for source in passage.sources if (match := re.match(r"\D+?\d{4}", source))]
    return f" ({'; '.join(works)})" if works else ""


def _label(finding: LabelCard) -> str:
    where = f" (valence {finding.place.valence:+.2f}, arousal {finding.place.arousal:+.2f})" if finding.place else ""
    if not finding.passages and not finding.maps:
        return f"- **{finding.name}**: {finding.description}"
    lines = [f"**{finding.name}** in {finding.taxonomy}: {finding.description}{where}."]
    for passage in finding.passages:
        lines.append(f"{' '.join(sentences(passage.text)[:2])} [kb:{passage.id}]")
    mapped = [f"{', '.join(names) or 'nothing'} in {taxonomy}" for taxonomy, names in finding.maps.items()]
    if mapped:
        lines.append(f"Elsewhere it is called {'; '.join(mapped)}.")
    return "\n\n".join(lines)


def _file(finding: LabelledFile) -> str:
    total = sum(finding.counts.values()) or 1
    most = [
        f"{name} {count:,} ({round(100 * count / total)} %)" for name, count in list(finding.counts.items())[:_SHOWN]
    ]
    aside = f" {finding.bad_rows:,} rows could not be read and were set aside." if finding.bad_rows else ""
    lines = [
        f"Labelled {finding.rows:,} rows of `{finding.source}` with {finding.taxonomy}: {', '.join(most)}.{aside}",
        f"The result is `{finding.result.name}`, with a probability for every label. First rows:",
        "\n".join(_row(each) for each in finding.preview[:_SHOWN]),
    ]
    return "\n\n".join(lines)


def _written(finding: Written) -> str:
    if not finding.kept:
        return (
            f"`{finding.writer}` wrote {finding.tried} sentences for {finding.label}, and the labeler read none of "
            "them as such, so I keep none. The model that comes along is small; a larger one writes better (`--model`)."
        )
    lines = [
        f"{len(finding.kept)} sentences for **{finding.label}**, of {finding.tried} that `{finding.writer}` wrote:"
    ]
    lines.append(
        "\n".join(f"{n}. {each.text} ({_sure(each, finding.label)})" for n, each in enumerate(finding.kept, 1))
    )
    lines.append(
        "*Kept are those that the labeler, which did not write them, reads as the label. A small model wrote them: "
        "look them over before you train on them.*"
    )
    return "\n\n".join(lines)


def _sure(moment: Moment, label: str) -> str:
    return f"{label} {round(100 * moment.probabilities.get(label, 0.0))} %"


def _row(moment: Moment) -> str:
    text = " ".join(moment.text.split())
    return f"- **{', '.join(moment.labels) or 'left to a person'}**: {text[:100]}{'…' if len(text) > 100 else ''}"


@cache
def _answers() -> Any:
    return yaml.safe_load((files("thymos.agent.chat") / "data" / "answers.yaml").read_text(encoding="utf-8"))
