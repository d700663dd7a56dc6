"""Writers: the embedded or another local model, many texts at a time; or any LangChain chat model.

Take asks; give texts. Options of a server that it may not know (a seed) are sent only where they are known to be taken.
Know nothing of labels.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from thymos.agent.synth.guide import SPEAKERS, TurnGuide
from thymos.agent.synth.reading import said_in
from thymos.agent.synth.values import Ask, Writer
from thymos.prompts.errors import ModelError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from thymos.adapters.generation.load import Writes
    from thymos.adapters.generation.reply import Reply
    from thymos.adapters.llm.load import LanguageModel

TEMPERATURE = 0.9
GUIDANCE = 1.0
TOP_P = 0.95
MIN_P = 0.02
_AT_ONCE = 8  # requests to a server
_WAITING = 256  # requests to the local decoder, which lets 1,024 wait
_APART = 1_000_003  # between the seeds of texts for one turn


class LocalBatchWriter:
    """A local instruction-tuned model; every text is drawn from its own seed, whatever else is written beside it.

    A conversation is written a turn at a time: a small model counts badly, and ends many of six turns after the fourth.
    """

    def __init__(
        self,
        decoder: "Writes",
        loaded: "LanguageModel",
        *,
        slots: int = 16,
        temperature: float = TEMPERATURE,
        guidance: float = GUIDANCE,
    ) -> None:
        """Keep what writes.

        Args:
            decoder: from `resolve_decoder`.
            loaded: the model that it writes with.
            slots: texts that the decoder writes together; so many conversations are under way at a time, and what was
                said in each need not be read again.
            temperature: of the draws.
            guidance: how far a text is led away from the wish's contrast, see `Request.guidance`; 1 is not at all.
        """
        from thymos.agent.chat.model import public_name

        self.name = public_name(loaded.name)
        self._decoder = decoder
        self._loaded = loaded
        self._slots = slots
        self._temperature = temperature
        self._guidance = guidance
        self._guide: TurnGuide | None = None
        self._tries = 1

    def guided(self, guide: TurnGuide, tries: int) -> Self:
        """Return a writer that writes an utterance, or a turn with a label, so many times; the one that reads best so
        is given, or gone on with.
        """
        found = copy(self)
        found._guide, found._tries = guide, tries
        return found

    def identity(self) -> Mapping[str, object]:
        """Return name and weights."""
        loaded = self._loaded
        return {
            "name": self.name,
            "sha256": loaded.sha256,
            "adapter": loaded.adapter,
            "adapter_sha256": loaded.adapter_sha256,
            "temperature": self._temperature,
            "top_p": TOP_P,
            "min_p": MIN_P,
            **({"guidance": self._guidance} if self._guidance != 1 else {}),
            "conversations": "a turn at a time",
            "tries": self._tries,
            "guide": dict(self._guide.identity()) if self._guide else None,
        }

    def write(self, asks: Sequence[Ask]) -> list[str]:
        """Return one text per ask, its opening first."""
        texts: dict[int, str] = {}
        single = [place for place, ask in enumerate(asks) if ask.turns == 1]
        at_once = max(1, _WAITING // self._tries)
        for start in range(0, len(single), at_once):
            part = single[start : start + at_once]
            replies = {place: self._tried(asks[place], self.prompts(asks[place]), asks[place].tokens) for place in part}
            for place in part:
                ask, told = asks[place], [reply.text() for reply in replies[place]]
                best = self._best((), list(map(said_in, told)), ask.labels[0] if ask.labels else None)
                texts[place] = ask.opening + told[best]
        several = [place for place, ask in enumerate(asks) if ask.turns > 1]
        under_way = max(1, self._slots // self._tries)
        written = _together(self._conversation, [asks[place] for place in several], under_way)
        texts |= zip(several, written, strict=True)
        return [texts[place] for place in range(len(asks))]

    def prompts(self, ask: Ask) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the ids of an ask and of its contrast, the opening last; of the latter none where it plays no part."""
        opening = self._ids(ask.opening)
        against = ask.contrast.request if ask.contrast and self._guidance != 1 else None
        return (*self._asked(ask.system, ask.request), *opening), (
            () if against is None else (*self._asked(ask.system, against), *opening)
        )

    def _asked(self, system: str, request: str) -> tuple[int, ...]:
        from langchain_core.messages import HumanMessage, SystemMessage

        from thymos.agent.chat.prompt import prompt_ids

        return tuple(prompt_ids(self._loaded.tokenizer, [SystemMessage(system), HumanMessage(request)]))

    def _conversation(self, ask: Ask) -> str:
        """Write a conversation turn by turn; it has as many as were asked."""
        asked, against = self.prompts(replace(ask, opening=""))
        told: list[str] = []
        lines = ""
        for place in range(ask.turns):
            lines += f"{SPEAKERS[place % 2]}:"
            said = self._ids(lines)
            label = ask.labels[place] if ask.labels else None
            prompts = (*asked, *said), (*against, *said) if against else ()
            replies = self._tried(ask, prompts, ask.tokens // ask.turns, place)
            texts = [reply.text().strip() for reply in replies]
            told.append(texts[self._best(told, texts, label, speakers=True)])
            lines += f" {told[-1]}\n"
        return lines.rstrip("\n")

    def _tried(
        self, ask: Ask, prompts: tuple[tuple[int, ...], tuple[int, ...]], tokens: int, place: int = 0
    ) -> list["Reply"]:
        """Begin the texts of a turn: several where there is one to choose by its label."""
        from thymos.adapters.generation.values import Request, Sampling

        label = ask.labels[place] if ask.labels else None
        seeds = [ask.seed + place + each * _APART for each in range(self._tries if label else 1)]
        request = Request(
            prompts[0],
            most=tokens,
            sampling=Sampling(self._temperature, top_p=TOP_P, min_p=MIN_P),
            stop=("\n",) if ask.turns > 1 else (),
        )
        if ask.contrast and label not in (None, ask.contrast.label):
            request = replace(request, against=prompts[1], guidance=self._guidance)
        drawn = (replace(request, sampling=replace(request.sampling, seed=seed)) for seed in seeds)
        return list(map(self._decoder.submit, drawn))

    def _best(self, before: Sequence[str], texts: Sequence[str], label: str | None, *, speakers: bool = False) -> int:
        if self._guide is None or label is None or len(texts) == 1:
            return 0
        return self._guide.best(before, texts, label, speakers=speakers)

    def _ids(self, text: str) -> Sequence[int]:
        from thymos.adapters.llm.tokens import tokenized

        ids: Sequence[int] = tokenized(self._loaded.tokenizer, text, data=True)["input_ids"] if text else ()
        return ids


class ChatWriter:
    """Any LangChain chat model, several requests at a time."""

    def __init__(self, model: "BaseChatModel", *, options: Callable[[Ask], Mapping[str, Any]] | None = None) -> None:
        """Keep what writes.

        Args:
            model: a chat model; its own settings decide how it draws.
            options: further options of a call that the model takes, such as a seed.
        """
        self._model = model
        self._options = options
        self.name = str(getattr(model, "model_name", None) or getattr(model, "model", None) or type(model).__name__)

    def identity(self) -> Mapping[str, object]:
        """Return the name; what is behind it can't be told apart by its weights."""
        told = {"name": self.name, "class": type(self._model).__name__, "seeded": self._options is not None}
        temperature = getattr(self._model, "temperature", None)
        return told | {"temperature": float(temperature) if isinstance(temperature, int | float) else None}

    def write(self, asks: Sequence[Ask]) -> list[str]:
        """Return one text per ask.

        Raises:
            ModelError: a request fails.
        """
        return _together(self._one, asks, _AT_ONCE)

    def _one(self, ask: Ask) -> str:
        from langchain_core.messages import HumanMessage, SystemMessage

        options = self._options(ask) if self._options else {}
        try:
            reply = self._model.invoke([SystemMessage(ask.system), HumanMessage(ask.request)], **options)
        except Exception as error:  # whatever the model's library raises
            raise ModelError(
                f"writer {self.name!r} must answer, got {type(error).__name__}: {error}; what was written before stays:"
                " see to it and run the same command again"
            ) from error
        return str(reply.text)


def _together(write: Callable[[Ask], str], asks: Sequence[Ask], most: int) -> list[str]:
    """Return what is written for asks, so many at a time."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(most)
    try:
        waiting = [pool.submit(write, ask) for ask in asks]
        return [each.result() for each in waiting]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever stops does not wait for a slow server


def server_writer(name: str, *, temperature: float = TEMPERATURE) -> Writer:
    """Return a writer behind an address, `URL` or `URL#MODEL`, that speaks OpenAI's protocol.

    Args:
        name: the address.
        temperature: of the draws.

    Raises:
        ModelError: it is no address, or langchain-openai is missing.
    """
    from thymos.agent.chat.model_choice import server_model

    model = server_model(name, temperature=temperature)
    return ChatWriter(model, options=lambda ask: {"max_tokens": ask.tokens, "top_p": TOP_P, "seed": ask.seed})
