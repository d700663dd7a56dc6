"""`LocalWriter`: the embedded model, or another local one, writes sentences.

Takes an instruction and a request; gives several continuations. Knows nothing of labels.
"""

from typing import Any, Self

from thymos.adapters.llm.load import load_language_model
from thymos.adapters.weights import DEFAULT
from thymos.prompts.errors import ModelError

_TEMPERATURE = 0.9
_TOP_P = 0.95


class LocalWriter:
    """A local instruction-tuned model that writes."""

    def __init__(self, model: Any, tokenizer: Any, name: str, device: str) -> None:
        """Keep the model."""
        self.name = name
        self._model = model
        self._tokenizer = tokenizer
        self._device = device

    @classmethod
    def from_pretrained(cls, model: str = DEFAULT, *, device: str | None = None) -> Self:
        """Load a model.

        Raises:
            ModelError: it can't be used here, or has no chat template.
        """
        loaded = load_language_model(model, device=device)
        if not getattr(loaded.tokenizer, "chat_template", None):
            raise ModelError(f"writer must be instruction-tuned, got {model!r} without a chat template; choose another")
        return cls(loaded.model, loaded.tokenizer, loaded.name, loaded.device)

    def write(self, system: str, request: str, *, count: int, tokens: int, seed: int) -> list[str]:
        """Return continuations; see `desk.Writer`."""
        import torch

        messages = [{"role": "system", "content": system}, {"role": "user", "content": request}]
        asked = self._tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        ).to(self._device)
        with torch.random.fork_rng(devices=[]), torch.inference_mode():
            torch.manual_seed(seed)
            out = self._model.generate(
                **asked,
                max_new_tokens=tokens,
                do_sample=True,
                temperature=_TEMPERATURE,
                top_p=_TOP_P,
                num_return_sequences=count,
            )
        begun = asked["input_ids"].shape[1]
        return [str(self._tokenizer.decode(row[begun:], skip_special_tokens=True)) for row in out]
