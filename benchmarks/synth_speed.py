"""How fast conversations are written, side by side with plain `generate`, one by one.

    python benchmarks/synth_speed.py [--rounds 3] [--dialogues 32] [--turns 6] [--one-by-one 4]

One model with one adapter (the built-in writer), the same prompts, the same draws' settings, two threads. In each round
ours writes all conversations through `LocalBatchWriter`, as `thymos synth` does; transformers' `generate` writes the
first ones, one after another, in the number format that is fastest for it here. A conversation counts when it is well
formed, and both are told also in tokens, since a sampled conversation ends where it ends. The gates are not part of it.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from _common import machine_line

from thymos.adapters.generation.load import resolve_decoder
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.weights import DEFAULT
from thymos.agent.synth.grid import load_grid
from thymos.agent.synth.models import SLOTS, manner_of, writer_adapter
from thymos.agent.synth.plan import Plan, Wish
from thymos.agent.synth.reading import read_text
from thymos.agent.synth.request import Requests
from thymos.agent.synth.values import Ask
from thymos.agent.synth.writers import MIN_P, TEMPERATURE, TOP_P, LocalBatchWriter
from thymos.prompts.catalogue import load_taxonomy

Write = Callable[[Sequence[Ask]], list[str]]


def plain(dtype: str, adapter: str | None) -> tuple[str, Write]:
    """Transformers' generate, one conversation after another."""
    loaded = load_language_model(DEFAULT, adapter=adapter, dtype=dtype)
    shaped = LocalBatchWriter(None, loaded)  # type: ignore[arg-type]  # for its prompts alone

    def write(asks: Sequence[Ask]) -> list[str]:
        texts = []
        for ask in asks:
            torch.manual_seed(ask.seed)
            ids = torch.tensor([shaped.prompts(ask)[0]])
            options = {"temperature": TEMPERATURE, "top_p": TOP_P, "min_p": MIN_P, "max_new_tokens": ask.tokens}
            out = loaded.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, **options)
            texts.append(ask.opening + loaded.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))
        return texts

    return f"generate {dtype}, one by one", write


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dialogues", type=int, default=32)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--one-by-one", type=int, default=4)
    told = parser.parse_args()
    print(machine_line())
    adapter = writer_adapter(None, "auto")
    taxonomy, grid = load_taxonomy("ekman"), load_grid()
    counts = dict.fromkeys(taxonomy.names, -(-told.dialogues // len(taxonomy)))
    plan = Plan(Wish(counts, turns=(told.turns, told.turns)), taxonomy, grid)
    rows = list(plan)[: told.dialogues]
    requests = Requests(taxonomy, grid, manner=manner_of(None, adapter))
    loaded = load_language_model(DEFAULT, adapter=adapter)
    writer = LocalBatchWriter(resolve_decoder(loaded, slots=SLOTS), loaded)
    contenders: dict[str, tuple[Write, int]] = {"thymos, 16 at once": (writer.write, len(rows))}
    for dtype in ("float32", "bfloat16"):
        name, write = plain(dtype, adapter)
        contenders[name] = (write, told.one_by_one)
    minutes: dict[str, list[float]] = {name: [] for name in contenders}
    tokens: dict[str, list[float]] = {name: [] for name in contenders}
    writer.write([requests.ask(row, 99) for row in rows[:2]])  # the first call compiles
    for turn in range(told.rounds):
        for name, (write, count) in contenders.items():
            asks = [requests.ask(row, turn) for row in rows[:count]]
            start = time.perf_counter()
            texts = write(asks)
            seconds = time.perf_counter() - start
            good = sum(not isinstance(read_text(row, text), str) for row, text in zip(rows, texts, strict=False))
            minutes[name].append(60 * good / seconds)
            tokens[name].append(sum(len(loaded.tokenizer(text)["input_ids"]) for text in texts) / seconds)
            print(f"  round {turn + 1}, {name}: {good} of {count} well formed in {seconds:.1f} s")
    ours = next(iter(contenders))
    print(f"\n{'median':34s}{'a minute':>10s}{'thymos is':>11s}{'tokens/s':>10s}{'thymos is':>11s}")
    for name in contenders:
        row = [statistics.median(each[name]) for each in (minutes, tokens)]
        ratios = [
            statistics.median(each[ours]) / (value or 1e-9) for each, value in zip((minutes, tokens), row, strict=True)
        ]
        print(f"{name:34s}{row[0]:10.1f}{ratios[0]:10.2f}x{row[1]:10.1f}{ratios[1]:10.2f}x")


if __name__ == "__main__":
    main()
