"""The steps of an answer as a LangGraph graph: guard, choose, act, tell.

Takes a message and a desk; gives events. LangGraph's types stay here and in `agent.py`. Each step's result is
checkpointed as plain JSON values where there is a checkpointer, so that an answer that was interrupted goes on after
its last finished step.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from thymos.agent.chat.calls import Call
from thymos.agent.chat.citations import checked, renumbered, sources
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Called, Event, Found, Said
from thymos.agent.chat.findings import Finding
from thymos.agent.chat.guard import guard
from thymos.agent.chat.reading import read
from thymos.agent.chat.tools.analyse import analyse
from thymos.agent.chat.tools.compare import compare
from thymos.agent.chat.tools.explain_label import explain_label
from thymos.agent.chat.tools.label_file import label_file
from thymos.agent.chat.tools.search import search
from thymos.agent.chat.tools.synthesise import synthesise
from thymos.agent.chat.tools.timeline import timeline
from thymos.agent.chat.values import Answer, Message, Tool
from thymos.agent.chat.wording import word
from thymos.agent.chat.wording_known import missing, talk
from thymos.prompts.errors import RunError, ThymosError

Act = Callable[[Call, Desk], Iterator[Event]]
TOOLS: Mapping[Tool, Act] = {
    "analyse": analyse,
    "search": search,
    "compare": compare,
    "timeline": timeline,
    "label_file": label_file,
    "synthesise": synthesise,
    "explain_label": explain_label,
}
_DOING: Mapping[Tool, str] = {
    "analyse": "Reading what it expresses",
    "search": "Searching the knowledge base",
    "compare": "Comparing the two",
    "timeline": "Following the emotion over time",
    "label_file": "Labelling the file",
    "synthesise": "Writing sentences",
    "explain_label": "Looking the label up",
}
_FINDING: TypeAdapter[Finding] = TypeAdapter(Finding)


class Chooser(Protocol):
    """Chooses what to do: the router, or a language model that can call tools.

    Attributes:
        name: of what chooses, for the answer.
    """

    name: str

    def choose(self, message: Message, last: Call | None, history: Sequence[Message]) -> Call | str:
        """Return the call for a message, or the answer itself where no tool is needed."""
        ...

    def tell(self, message: Message, call: Call, findings: Sequence[Finding], words: str) -> str:
        """Return the answer in its own words, or `words` as they are."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a graph works with and never stores."""

    desk: Desk
    chooser: Chooser
    history: Sequence[Message] = ()
    stopped: threading.Event = field(default_factory=threading.Event)


class State(TypedDict, total=False):
    """What is known so far, as JSON values.

    `message`, `last` (the call before) come in; `call`, `findings`, `problem` and `answer` are made here.
    """

    message: dict[str, Any]
    last: dict[str, Any] | None
    call: dict[str, Any] | None
    findings: list[dict[str, Any]]
    problem: str | None
    answer: dict[str, Any] | None


def build(checkpointer: BaseCheckpointSaver[str] | None = None) -> Any:
    """Return the compiled graph.

    Args:
        checkpointer: where steps are kept; None keeps none.
    """
    graph = StateGraph(State, context_schema=Surroundings)
    graph.add_node("guard", _guard)
    graph.add_node("choose", _choose)
    graph.add_node("act", _act)
    graph.add_node("tell", _tell)
    graph.add_edge(START, "guard")
    graph.add_conditional_edges("guard", _unless_answered)
    graph.add_conditional_edges("choose", _to_act_or_tell)
    graph.add_edge("act", "tell")
    graph.add_edge("tell", END)
    return graph.compile(checkpointer=checkpointer)


def _guard(state: State) -> State:
    message = Message.model_validate(state["message"])
    answer = guard(read(message.text).asked, message.text)
    if answer is None:
        return {"answer": None, "findings": [], "problem": None, "call": None}
    _emit(Said(text=answer.text))
    return {"answer": answer.model_dump(), "findings": [], "problem": None, "call": None}


def _unless_answered(state: State) -> Literal["choose", "__end__"]:
    return "__end__" if state.get("answer") else "choose"


def _choose(state: State, runtime: Runtime[Surroundings]) -> State:
    message = Message.model_validate(state["message"])
    last = Call.model_validate(state["last"]) if state.get("last") else None
    chosen = runtime.context.chooser.choose(message, last, runtime.context.history)
    if isinstance(chosen, str):
        text = checked(chosen, ())
        _emit(Said(text=text))
        answer = Answer(text=text, tool="none", chosen_by=runtime.context.chooser.name)
        return {"answer": answer.model_dump()}
    return {"call": chosen.model_dump()}


def _to_act_or_tell(state: State) -> Literal["act", "tell", "__end__"]:
    if state.get("answer"):
        return "__end__"
    call = Call.model_validate(state["call"])
    return "tell" if call.missing or call.tool == "none" else "act"


def _act(state: State, runtime: Runtime[Surroundings]) -> State:
    """Run the tool; what it can't do is told, not raised."""
    call = Call.model_validate(state["call"])
    _emit(Called(tool=call.tool, says=_DOING[call.tool]))
    findings: list[Finding] = []
    try:
        for event in TOOLS[call.tool](call, runtime.context.desk):
            if runtime.context.stopped.is_set():
                raise RunError("the answer was stopped before its end; ask again for it")
            if isinstance(event, Found):
                finding = renumbered(event.finding, findings)
                findings.append(finding)
                _emit(Found(finding=finding))
            else:
                _emit(event)
    except ThymosError as error:
        return {"findings": [_dumped(each) for each in findings], "problem": str(error)}
    return {"findings": [_dumped(each) for each in findings], "problem": None}


def _tell(state: State, runtime: Runtime[Surroundings]) -> State:
    """Write the answer; a citation of nothing that was found does not get through."""
    call = Call.model_validate(state["call"])
    message = Message.model_validate(state["message"])
    findings = tuple(_FINDING.validate_python(each) for each in state["findings"])
    chooser = runtime.context.chooser
    if call.missing:
        text = missing(call)
    elif call.tool == "none":
        text = talk(call)
    else:
        text = word(call, findings)
        text = checked(chooser.tell(message, call, findings, text), findings) if findings else text
    if problem := state.get("problem"):
        text = f"{text}\n\nThat did not work: {problem}" if text else f"That did not work: {problem}"
    _emit(Said(text=text))
    answer = Answer(
        text=text, tool=call.tool, findings=findings, sources=sources(text, findings), chosen_by=chooser.name
    )
    return {"answer": answer.model_dump()}


def _dumped(finding: Finding) -> dict[str, Any]:
    return finding.model_dump(mode="json")


def _emit(event: Event) -> None:
    get_stream_writer()(event)
