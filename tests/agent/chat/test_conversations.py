"""Scripted conversations with the real agent: 200 written before the router was seen, 100 by one who saw neither.

Of a turn it is checked which tool was used, whether the guard answered, that every citation names something that was
found, the label where the script has one (where neutral leads, the feeling that the answer names beneath it counts),
and words that must or must not be there. Slow: a few hundred answers of the embedded model.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.agent.chat import material
from thymos.agent.chat.agent import ChatAgent
from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.citations import checked
from thymos.agent.chat.events import Done
from thymos.agent.chat.findings import Analysis
from thymos.agent.chat.values import Answer, Message

HERE = Path(__file__).parent
FLOORS = {"conversations": 0.9, "conversations_held_out": 0.8}  # share of conversations in which nothing is wrong


def problems(expected: dict[str, Any], answer: Answer) -> Iterator[str]:
    """Yield what is wrong with an answer."""
    text = answer.text.lower()
    if answer.tool != expected["tool"]:
        yield f"tool {answer.tool}, not {expected['tool']}"
    if answer.guarded != expected.get("guarded"):
        yield f"guarded {answer.guarded}, not {expected['guarded']}"
    yield from (f"lacks {word!r}" for word in expected.get("contains", ()) if word.lower() not in text)
    yield from (f"has {word!r}" for word in expected.get("lacks", ()) if word.lower() in text)
    if checked(answer.text, answer.findings) != answer.text:
        yield "cites what was not found"
    analyses = [each for each in answer.findings if isinstance(each, Analysis)]
    read = [label for each in analyses for label in (each.reasoning.likeliest, each.beneath)]
    wished = expected.get("label") or ()
    if wished and not set(read) & set(wished):
        yield f"label {read}, not {wished}"


def held(agent: ChatAgent, script: dict[str, Any], files: dict[str, Path]) -> list[str]:
    """Have a conversation; return what was wrong with it."""
    thread = agent.threads.create().id
    wrong = []
    for number, turn in enumerate(script["turns"]):
        attached = tuple(_attach(agent, thread, files[name]) for name in turn.get("attach", ()))
        message = Message(text=turn["say"] or "", attachments=attached, taxonomy=turn.get("taxonomy"))
        last = list(agent.reply(thread, message))[-1]
        found = problems(turn["expect"], last.answer) if isinstance(last, Done) else [f"failed: {last}"]
        wrong += [f"{script['id']}, turn {number}: {each}" for each in found]
    return wrong


def _attach(agent: ChatAgent, thread: str, path: Path) -> Attachment:
    with path.open("rb") as content:
        return agent.threads.attach(thread, path.name, content)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", FLOORS)
def test_conversations_go_as_they_should(name: str, tmp_path: Path, shared: Path) -> None:
    files = material.make(tmp_path, shared / "data")
    agent = ChatAgent.from_pretrained(home=tmp_path / "home")
    good, count, wrong = Counter[str](), Counter[str](), list[str]()
    for path in sorted((HERE / name).glob("*.yaml")):
        for script in yaml.safe_load(path.read_text(encoding="utf-8")):
            found = held(agent, script, files)
            wrong += found
            count[path.stem] += 1
            good[path.stem] += not found
    told = "\n".join([*(f"{kind} {good[kind]} of {count[kind]}" for kind in count), *wrong])
    print(f"{name}: {good.total()} of {count.total()}\n{told}")
    assert good.total() / count.total() >= FLOORS[name], told
