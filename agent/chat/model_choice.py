"""`ModelChooser`: a language model that can call tools chooses the tool and words the answer, in place of the router.

Takes any LangChain chat model with tool calling; gives calls. What it makes up does not get through: a tool that there
is not, or arguments that do not fit, leave the choice to the router; citations are checked by the graph; the guard has
stood before. LangChain's types stay here.
"""

import json
import os
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field, ValidationError

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.calls import Call, Line, Subject
from thymos.agent.chat.findings import Finding
from thymos.agent.chat.graph import Chooser
from thymos.agent.chat.reading import dialogue_lines
from thymos.agent.chat.subjects import title_of
from thymos.agent.chat.values import Message
from thymos.prompts.catalogue import builtin_taxonomies
from thymos.prompts.errors import ModelError
from thymos.prompts.template import render

_HISTORY = 8  # earlier messages that the model sees
_COUNT = 20  # sentences at most
_RECORDINGS = ("speech", "face", "physiology")


class Analyse(BaseModel):
    """Say which emotion words or the attached recordings express, and why."""

    text: str = Field("", description="the words, copied; empty for recordings alone")
    speaker: str | None = None
    context: list[str] = Field(default_factory=list, description="earlier turns, `Name: words`, oldest first")
    taxonomy: str | None = None
    why: bool = Field(False, description="whether the user wants the reasons")


class Search(BaseModel):
    """Look a question of emotion science up in the knowledge base."""

    query: str


class Compare(BaseModel):
    """Compare two texts, or two attached recordings if both texts are empty."""

    first: str = ""
    second: str = ""
    taxonomy: str | None = None


class Timeline(BaseModel):
    """Show how the emotion changes over a dialogue, one `Name: words` a line, or over an attached recording or text."""

    dialogue: str = ""
    taxonomy: str | None = None


class LabelFile(BaseModel):
    """Label every row of the attached table or text file."""

    taxonomy: str | None = None


class Synthesise(BaseModel):
    """Write sentences that express a label."""

    label: str
    count: int = Field(5, ge=1, le=_COUNT)
    taxonomy: str | None = None


class ExplainLabel(BaseModel):
    """Explain one label, or what parts two of them; none lists them all."""

    labels: list[str] = Field(default_factory=list)
    taxonomy: str | None = None


TOOLS = (Analyse, Search, Compare, Timeline, LabelFile, Synthesise, ExplainLabel)


class ModelChooser:
    """A tool-calling model as a chooser."""

    def __init__(self, model: BaseChatModel, fallback: Chooser) -> None:
        """Keep what chooses.

        Args:
            model: can call tools.
            fallback: chooses where the model does not.
        """
        self._model = model
        self._tools = model.bind_tools(list(TOOLS))
        self._fallback = fallback
        self.name = str(getattr(model, "model_name", None) or getattr(model, "model", None) or type(model).__name__)

    def choose(self, message: Message, last: Call | None, history: Sequence[Message]) -> Call | str:
        """Return the call that the model makes, or what it says where it makes none.

        Raises:
            ModelError: the model can't be reached.
        """
        instruction = SystemMessage(render("chat/system", taxonomies=builtin_taxonomies()))
        said: list[BaseMessage] = [HumanMessage(each.text or "(a file)") for each in history[-_HISTORY:]]
        known: dict[str, Any] = {}
        if last is not None:
            known["the conversation was last about"] = last.model_dump(mode="json", exclude_defaults=True)
        if message.attachments:
            known["attached to the next message"] = [f"{each.name} ({each.kind})" for each in message.attachments]
        if known:
            said.append(HumanMessage(json.dumps(known, ensure_ascii=False)))
        reply = self._asked([instruction, *said, HumanMessage(message.text or "(see the attachment)")])
        for called in reply.tool_calls:
            tool = next((each for each in TOOLS if each.__name__.lower() == called["name"].lower()), None)
            if tool is not None:
                try:
                    return as_call(tool.model_validate(called["args"]), message, last)
                except ValidationError:
                    break
        if reply.tool_calls or not (text := reply.text.strip()):
            return self._fallback.choose(message, last, history)
        return text

    def tell(self, message: Message, call: Call, findings: Sequence[Finding], words: str) -> str:
        """Return the answer in the model's words, or `words` where it has none; what was found is never lost."""
        told = {"message": message.text, "tool": call.tool, "found": words}
        data = HumanMessage(json.dumps(told, ensure_ascii=False))
        try:
            reply = self._model.invoke([SystemMessage(render("chat/tell").strip()), data])
        except Exception as error:  # noqa: BLE001 - whatever the model's library raises
            return f"{words}\n\n({_unreachable(self.name, error)})"
        return reply.text.strip() or words

    def _asked(self, messages: list[BaseMessage]) -> AIMessage:
        try:
            reply = self._tools.invoke(messages)
        except Exception as error:
            raise _unreachable(self.name, error) from error
        return reply if isinstance(reply, AIMessage) else AIMessage("")


def as_call(arguments: BaseModel, message: Message, last: Call | None = None) -> Call:
    """Return a model's tool call as a `Call`, with the attachments of the message.

    Args:
        arguments: of the tool.
        message: that is answered.
        last: what the thread was about; its recordings go along where the message brings nothing else.
    """
    told = arguments.model_dump()
    taxonomy = told.get("taxonomy") if told.get("taxonomy") in builtin_taxonomies() else message.taxonomy
    recordings = tuple(each for each in message.attachments if each.kind in _RECORDINGS)
    before = last.subjects[0] if last and last.subjects and not message.attachments else None
    match arguments:
        case Analyse():
            if before is not None and arguments.text in ("", before.text):
                recordings = before.recordings
            subject = Subject(
                title=title_of(arguments.text) if arguments.text else "the material",
                text=arguments.text or None,
                speaker=arguments.speaker,
                context=tuple(line for each in arguments.context for line in dialogue_lines(each)),
                recordings=recordings,
            )
            lacks = "" if arguments.text or recordings else "the words, or a recording"
            return Call(tool="analyse", subjects=(subject,), taxonomy=taxonomy, why=arguments.why, missing=lacks)
        case Search():
            return Call(tool="search", query=arguments.query)
        case Compare():
            subjects = _two(arguments, recordings)
            lacks = "" if len(subjects) == 2 else "two texts or recordings"
            return Call(tool="compare", subjects=subjects, taxonomy=taxonomy, missing=lacks)
        case Timeline():
            lines: tuple[Line, ...] = dialogue_lines(arguments.dialogue)
            attached = _first(message, "dialogue", "speech")
            lacks = "" if lines or attached else "a conversation or a recording"
            subject = Subject(title="the conversation", context=lines)
            return Call(tool="timeline", subjects=(subject,), attachment=attached, taxonomy=taxonomy, missing=lacks)
        case LabelFile():
            attached = _first(message, "corpus", "dialogue")
            return Call(
                tool="label_file", attachment=attached, taxonomy=taxonomy, missing="" if attached else "the file"
            )
        case Synthesise():
            return Call(tool="synthesise", labels=(arguments.label,), count=arguments.count, taxonomy=taxonomy)
        case _:
            return Call(tool="explain_label", labels=tuple(told["labels"]), taxonomy=taxonomy)


def tool_calling_model(name: str, device: str | None = None) -> BaseChatModel:
    """Return a model that can call tools.

    Args:
        name: `URL` or `URL#MODEL` of a server that speaks OpenAI's protocol (its key, if it wants one, in
            $THYMOS_LLM_KEY), or a local model whose chat template takes tools.
        device: torch device of a local one.

    Raises:
        ModelError: it can't be used, or can't call tools.
    """
    if not name.startswith(("http://", "https://")):
        from thymos.agent.chat.model import ThymosChatModel

        local = ThymosChatModel.from_pretrained(name, device=device)
        if not local.calls_tools:
            raise ModelError(
                f"llm must be able to call tools, got {name!r}, whose chat template takes none; leave it out"
            )
        return local
    return server_model(name)


def server_model(name: str, *, temperature: float = 0) -> BaseChatModel:
    """Return a model behind an address.

    Args:
        name: `URL` or `URL#MODEL`, as in `tool_calling_model`.
        temperature: 0 takes the likeliest word always.

    Raises:
        ModelError: it is no address, or langchain-openai is missing.
    """
    try:
        from langchain_openai import ChatOpenAI
    except ImportError as error:
        raise ModelError("llm at an address needs langchain-openai; pip install 'thymos[openai]'") from error
    url, _, model = name.partition("#")
    if not urlsplit(url).hostname:
        raise ModelError(f"llm must be an address such as http://127.0.0.1:8080/v1#MODEL, got {name!r}; correct it")
    key = os.environ.get("THYMOS_LLM_KEY") or "none"
    return ChatOpenAI(
        base_url=url, model=model or "default", api_key=lambda: key, temperature=temperature, max_retries=2
    )


def leaves_machine(name: str) -> bool:
    """Say whether what is said to an LLM leaves this machine."""
    host = urlsplit(name).hostname if name.startswith(("http://", "https://")) else None
    return host is not None and host not in ("localhost", "127.0.0.1", "::1")


def _two(arguments: Compare, recordings: tuple[Attachment, ...]) -> tuple[Subject, ...]:
    if arguments.first and arguments.second:
        return Subject(title="A", text=arguments.first), Subject(title="B", text=arguments.second)
    return tuple(Subject(title=each.name, recordings=(each,)) for each in recordings[:2])


def _first(message: Message, *kinds: Literal["dialogue", "speech", "corpus"]) -> Attachment | None:
    return next((each for kind in kinds for each in message.attachments if each.kind == kind), None)


def _unreachable(name: str, error: Exception) -> ModelError:
    return ModelError(
        f"llm {name!r} must answer, got {type(error).__name__}: {error}; check its address, or leave it out"
    )
