"""A conversation as text for people, or as JSON for programs.

Takes a thread and its turns; gives text.
"""

import json
from collections.abc import Sequence

from thymos.agent.chat.values import Thread, Turn


def as_markdown(thread: Thread, turns: Sequence[Turn]) -> str:
    """Return a conversation as Markdown, with its sources."""
    parts = [f"# {thread.title}", f"{thread.created[:10]}, labels of {thread.taxonomy}"]
    for turn in turns:
        said = turn.message.text.strip() or "(no words)"
        parts.append("\n".join(f"> {line}" for line in said.splitlines()))
        if turn.message.attachments:
            parts.append("Attached: " + ", ".join(f"`{each.name}`" for each in turn.message.attachments))
        if turn.answer is None:
            parts.append("*Not answered.*")
            continue
        parts.append(turn.answer.text)
        if turn.answer.sources:
            parts.append("\n".join(f"- [kb:{each.id}] {'; '.join(each.sources)}" for each in turn.answer.sources))
        if turn.feedback:
            right = f", right would be {turn.feedback.label}" if turn.feedback.label else ""
            parts.append(
                f"*Rated {'good' if turn.feedback.rating == 1 else 'bad'}{right}. {turn.feedback.comment}*".rstrip()
            )
    return "\n\n".join(parts) + "\n"


def as_json(thread: Thread, turns: Sequence[Turn]) -> str:
    """Return a conversation as JSON with all that was found."""
    told = {"thread": thread.model_dump(), "turns": [turn.model_dump(mode="json") for turn in turns]}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"
