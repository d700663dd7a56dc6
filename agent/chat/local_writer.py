"""`LocalWriter`: the embedded model, or another local one, writes sentences; many at a time.

Takes an instruction and a request; gives several continuations. Knows nothing of labels.
"""

from langchain_core.messages import HumanMessage, SystemMessage

from thymos.adapters.generation.load import Writes
from thymos.adapters.generation.values import Request, Sampling
from thymos.adapters.llm.load import LanguageModel
from thymos.agent.chat.prompt import prompt_ids

_TEMPERATURE = 0.9
_TOP_P = 0.95


class LocalWriter:
    """A local instruction-tuned model that writes."""

    def __init__(self, decoder: Writes, loaded: LanguageModel) -> None:
        """Keep what writes.

        Args:
            decoder: from `resolve_decoder`.
            loaded: the model that it writes with.
        """
        self.name = loaded.name
        self._decoder = decoder
        self._tokenizer = loaded.tokenizer

    def write(self, system: str, request: str, *, count: int, tokens: int, seed: int) -> list[str]:
        """Return continuations; see `desk.Writer`.

        Raises:
            ModelError: the model has no chat template.
        """
        prompt = tuple(prompt_ids(self._tokenizer, [SystemMessage(system), HumanMessage(request)]))
        drawn = (Sampling(_TEMPERATURE, top_p=_TOP_P, seed=seed * count + number) for number in range(count))
        replies = [self._decoder.submit(Request(prompt, most=tokens, sampling=each)) for each in drawn]
        return [reply.text() for reply in replies]
