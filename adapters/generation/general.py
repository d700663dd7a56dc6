"""`GeneralDecoder`: any causal LM of transformers writes, through its own `generate`, one request after another.

Takes requests as `Decoder` does and gives the same replies: the same choice of tokens, stop texts and counts, put into
`generate` as a processor of logits, a streamer and a criterion. Slower, and it goes on from nothing. For architectures
and quantised weights that `PackedLlama` does not compute. Knows nothing of chat.
"""

import threading
from collections.abc import Collection
from queue import SimpleQueue
from typing import Any, Self

from thymos.adapters.generation.decoder import check_length, closed
from thymos.adapters.generation.reply import Channel, Reply
from thymos.adapters.generation.sampling import Sampler
from thymos.adapters.generation.text import Text
from thymos.adapters.generation.values import Finish, Request, Usage
from thymos.prompts.errors import ModelError


class GeneralDecoder:
    """Writes."""

    def __init__(self, model: Any, tokenizer: Any, ends: Collection[int], *, context: int) -> None:
        """Start the thread that writes.

        Args:
            model: any causal LM of transformers.
            tokenizer: of the model.
            ends: tokens that end a text.
            context: longest sequence, tokens.
        """
        self.context = context
        self._model, self._tokenizer, self._ends = model, tokenizer, frozenset(ends)
        self._waiting: SimpleQueue[tuple[Request, Channel] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="thymos-writes", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Reply:
        """Begin to write; as `Decoder.submit`."""
        check_length(request, self.context)
        if self._closing.is_set():
            raise closed()
        channel = Channel(len(request.prompt))
        self._waiting.put((request, channel))
        return Reply(channel)

    def close(self) -> None:
        """End; replies that are not whole raise `ModelError`. May be called twice."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            request, channel = job
            try:
                if self._closing.is_set():
                    channel.fail(closed())
                elif not channel.left.is_set():
                    self._write(request, channel)
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                failed = ModelError(f"model must be able to write, got {error!r}; try again")
                failed.__cause__ = error
                channel.fail(failed)

    def _write(self, request: Request, channel: Channel) -> None:
        import torch

        hook = _Hook(request, channel, Text(self._tokenizer, request.stop), self._ends, self._closing)
        ids = torch.tensor([request.prompt], device=self._model.device)
        led: dict[str, Any] = {}
        if len(request.prompts) > 1:
            against = torch.tensor([request.against], device=self._model.device)
            led = {"guidance_scale": request.guidance, "negative_prompt_ids": against}
            led["negative_prompt_attention_mask"] = torch.ones_like(against)
        with torch.inference_mode():
            self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=min(request.most, self.context - max(map(len, request.prompts))),
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=min(self._ends, default=0),
                logits_processor=[hook.choose],
                stopping_criteria=[hook.stop],
                **led,
            )
        if self._closing.is_set() and not (hook.ended or hook.text.stopped):
            channel.fail(closed())
            return
        channel.put(hook.text.end())
        finish: Finish = "stop" if hook.ended or hook.text.stopped else "length"
        channel.end(finish, Usage(prompt=len(request.prompt), cached=0, completion=hook.written))


class _Hook:
    """What `generate` calls for each token: the choice, and whether that was the last."""

    def __init__(
        self, request: Request, channel: Channel, text: Text, ends: Collection[int], closing: threading.Event
    ) -> None:
        self.text, self.written, self.ended = text, 0, False
        self._channel, self._ends, self._closing = channel, ends, closing
        self._sampler = Sampler(request.sampling)

    def choose(self, _: Any, scores: Any) -> Any:
        """Leave one token to choose from, give out its text."""
        token = self._sampler(scores[0].float().cpu().numpy())
        self.written += 1
        self.ended = token in self._ends
        if not self.ended:
            self._channel.put(self.text.add(token))
        only = scores.new_full(scores.shape, -float("inf"))
        only[0, token] = 0
        return only

    def stop(self, ids: Any, _: Any, **__: Any) -> Any:
        """Say whether to stop, for each sequence."""
        over = self.ended or self.text.stopped or self._channel.left.is_set() or self._closing.is_set()
        return ids.new_full((len(ids),), over).bool()
