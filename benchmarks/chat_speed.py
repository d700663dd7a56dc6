"""How fast a chat answer comes, side by side with what people use instead.

    python benchmarks/chat_speed.py [--rounds 5] [--tokens 64] [--threads 2]

One model (the embedded one), the same prompts, greedy, the same number of threads. In each round every contender, one
after another, answers the first and the second message of a new thread: seconds to the first token of each, and
tokens/s after it. Ours: weights as they are and in int8. Others: transformers' `generate` in fp32 and bf16, and llama-
cpp-python on the same weights in bf16 and on the GGUF as shipped, if it is installed. Then eight requests at once
against one after another, and how often int8 would choose the same token.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import machine_line

from thymos.adapters.generation.llama import MOST, PackedLlama
from thymos.adapters.generation.load import Writes, resolve_decoder
from thymos.adapters.generation.values import Request
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.scoring.tight import TightLlama
from thymos.adapters.weights import locate

Stream = Callable[[Sequence[int], int], Iterator[object]]  # prompt, tokens -> something for each token
_TOPICS = ("jealousy", "grief", "pride", "shame", "hope", "anger", "boredom", "relief", "awe", "guilt", "envy", "calm")


@dataclass(slots=True)
class Figures:
    """What was measured of one contender.

    Attributes:
        first: s to the first token of a first turn.
        second: likewise of a second turn.
        speed: tokens/s after that.
        work: ms of processor time a token, of all threads: what others do on the machine shows least in it.
    """

    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)


def ours(decoder: Writes) -> Stream:
    """Our decoder; pieces of text come token by token here, since all of these are whole characters."""
    return lambda prompt, most: iter(decoder.submit(Request(tuple(prompt), most=most)))


def generate(dtype: str) -> Stream:
    """Transformers' generate, its tokens as its streamer gives them."""
    loaded = load_language_model(dtype=dtype)

    def run(prompt: Sequence[int], most: int) -> Iterator[object]:
        from queue import SimpleQueue
        from threading import Thread

        queue: SimpleQueue[object] = SimpleQueue()

        class Streamer:
            def put(self, token: Any) -> None:
                if token.dim() == 1:  # the prompt comes first, with its batch
                    queue.put(token)

            def end(self) -> None:
                queue.put(None)

        ids = torch.tensor([prompt])
        options = {"attention_mask": torch.ones_like(ids), "max_new_tokens": most, "do_sample": False}
        Thread(target=lambda: loaded.model.generate(ids, streamer=Streamer(), **options)).start()
        yield from iter(queue.get, None)

    return run


def llama_cpp(bf16: bool) -> Stream:
    """llama.cpp; it goes on from the longest beginning that it has in its cache, too."""
    import llama_cpp as module

    file = str(locate("smollm2-135m"))
    module._logger.set_verbose(False)
    if bf16:
        wide = str(Path(tempfile.mkdtemp()) / "bf16.gguf")
        wish = module.llama_model_quantize_default_params()
        wish.ftype, wish.allow_requantize = module.LLAMA_FTYPE_MOSTLY_BF16, True
        assert module.llama_model_quantize(file.encode(), wide.encode(), wish) == 0
        file = wide
    threads = torch.get_num_threads()
    model = module.Llama(file, n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False)

    def run(prompt: Sequence[int], most: int) -> Iterator[object]:
        for number, token in enumerate(model.generate(list(prompt), temp=0.0, repeat_penalty=1.0), 1):
            yield token
            if number == most or token == model.token_eos():
                return

    return run


def timed(stream: Iterator[object]) -> tuple[float, float, float]:
    """Return s to the first token; and after it tokens/s, and ms of processor time a token."""
    start = time.perf_counter()
    next(stream)
    first, worked = time.perf_counter(), time.process_time()
    rest = sum(1 for _ in stream)
    return first - start, rest / (time.perf_counter() - first), 1000 * (time.process_time() - worked) / rest


def threads_of(tokenizer: Any, rounds: int, tokens: int) -> list[list[list[int]]]:
    """Return the prompts of the first and the second turn of each thread, with what greedy writing says in between.

    A decoder of its own writes the replies, so that no contender has seen them.
    """
    found = []
    writer = resolve_decoder(load_language_model())
    for turn in range(rounds):
        chat = [{"role": "user", "content": f"Tell me about {_TOPICS[turn % len(_TOPICS)]} and what to do with it."}]
        first = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)["input_ids"]
        said = writer.submit(Request(tuple(first), most=tokens)).text()
        chat += [{"role": "assistant", "content": said}, {"role": "user", "content": "How do I notice it in a friend?"}]
        second = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)["input_ids"]
        found.append([first, second])
    writer.close()
    return found


def race(contenders: dict[str, Stream], tokenizer: Any, rounds: int, tokens: int) -> dict[str, Figures]:
    """Let every contender answer two turns in each round; the first round is a warm-up and does not count."""
    found = {name: Figures() for name in contenders}
    for turn, prompts in enumerate(threads_of(tokenizer, rounds + 1, tokens)):
        for name, run in contenders.items():
            first, speed, work = timed(run(prompts[0], tokens))
            second, other, again_work = timed(run(prompts[1], tokens))
            if turn:
                found[name].first.append(first)
                found[name].second.append(second)
                found[name].speed += [speed, other]
                found[name].work += [work, again_work]
        if turn:
            print(f"  round {turn}: " + ", ".join(f"{name} {each.speed[-1]:.0f}" for name, each in found.items()))
    return found


def report(found: dict[str, Figures], mine: str) -> None:
    """Print medians, and tokens/s of ours as a multiple of each."""
    heads = f"{'first turn s':>14s}{'second turn s':>15s}{'tokens/s':>10s}{mine + ' is':>11s}{'CPU ms/token':>14s}"
    print(f"\n{'median':28s}{heads}")
    speeds = {name: statistics.median(each.speed) for name, each in found.items()}
    for name, each in found.items():
        first, second = statistics.median(each.first), statistics.median(each.second)
        ratio, work = speeds[mine] / speeds[name], statistics.median(each.work)
        print(f"{name:28s}{first:14.3f}{second:15.3f}{speeds[name]:10.1f}{ratio:>10.2f}x{work:14.1f}")


def together(decoder: Writes, tokenizer: Any, tokens: int, rounds: int) -> None:
    """Eight requests at once against one after another."""
    wishes = []
    for topic in _TOPICS[:8]:
        chat = [{"role": "user", "content": f"Write about {topic}."}]
        ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)["input_ids"]
        wishes.append(Request(tuple(ids), most=tokens))
    speeds: dict[str, list[float]] = {"one after another": [], "at once": []}
    for _ in range(rounds):
        for name, values in speeds.items():
            start = time.perf_counter()
            if name == "at once":
                replies = [decoder.submit(wish) for wish in wishes]
                for reply in replies:
                    reply.text()
            else:
                replies = []
                for wish in wishes:
                    replies.append(decoder.submit(wish))
                    replies[-1].text()
            values.append(sum(reply.usage.completion for reply in replies) / (time.perf_counter() - start))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    ratio = medians["at once"] / medians["one after another"]
    print("\n8 requests, tokens/s: " + ", ".join(f"{name} {each:.1f}" for name, each in medians.items()), end="")
    print(f", {ratio:.2f}x")


def agreement(tokenizer: Any, tokens: int) -> None:
    """Say how often int8 chooses the token that the weights as they are choose, on texts written with the latter."""
    parts = TightLlama(load_language_model().model).parts
    same = places = 0
    apart: list[float] = []
    with (
        PackedLlama(parts, slots=1, context=512, form=None, threads=2) as exact,
        PackedLlama(parts, slots=1, context=512, form="int8", threads=2) as rounded,
    ):
        for topic in _TOPICS:
            chat = [{"role": "user", "content": f"Tell me about {topic}."}]
            ids = list(tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True)["input_ids"])
            begin = len(ids)
            for at in range(0, begin, MOST):
                share = ids[at : at + MOST]
                for steps in (exact, rounded):
                    steps.forward(share, [0] * len(share), range(at, at + len(share)), [])
            for position in range(begin - 1, begin + tokens - 1):
                true, other = (
                    torch.from_numpy(steps.forward([ids[position]], [0], [position], [0])[0]).log_softmax(-1).numpy()
                    for steps in (exact, rounded)
                )
                same += int(true.argmax() == other.argmax())
                places += 1
                apart.append(float(np.sum(np.exp(true) * (true - other))))
                ids.append(int(true.argmax()))
    print(f"\nint8: the same next token in {same} of {places} places, mean divergence {np.mean(apart):.5f} nats")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of every contender")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(machine_line())
    model = load_language_model()
    tokenizer = model.tokenizer
    decoder = resolve_decoder(model, threads=torch.get_num_threads())
    small = resolve_decoder(load_language_model(), weights="int8", threads=torch.get_num_threads())
    contenders = {"thymos": ours(decoder), "thymos int8": ours(small)}
    contenders |= {"generate fp32": generate("float32"), "generate bf16": generate("bfloat16")}
    for name, bf16 in (("llama.cpp bf16", True), ("llama.cpp Q4_1, as shipped", False)):
        try:
            contenders[name] = llama_cpp(bf16)
        except ImportError as missing:
            print(f"  without {name}: {missing.name} is not installed")
    report(race(contenders, tokenizer, options.rounds, options.tokens), "thymos")
    together(decoder, tokenizer, options.tokens, max(1, options.rounds // 2))
    decoder.close()
    small.close()
    agreement(tokenizer, options.tokens)


if __name__ == "__main__":
    main()
