"""Share of the machine's own matrix-product peak that label scoring reaches.

    python benchmarks/gemm_share.py [--rounds 5] [--rows 1024]

The peak is measured in the same process: the best of several large bf16 products (fp32 where the processor has no
bf16), and also the products of one decoder layer at the shapes and in the order in which they are used, weights cold as
they are in use. Scoring's work is counted as 2 x weights x tokens for the linear layers alone; attention, norms,
softmax and padding count as nothing, so the share is a lower bound.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from _common import TAXONOMY, machine_line, rows

from thymos.adapters.llm.load import load_language_model
from thymos.adapters.scoring.batches import TOKEN_BUDGET
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.engine import can_compile, resolve_engine
from thymos.adapters.scoring.scorer import LabelScorer
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.template import load_prompt

GIGA = 1e9


def seconds(function: Callable[[], object], rounds: int) -> float:
    """Median time of a call, in seconds, after one warm-up."""
    function()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def large_peak(dtype: torch.dtype, rounds: int) -> float:
    """Best GFLOPS over square and tall products."""
    best = 0.0
    for m, k, n in ((4096, 4096, 4096), (2048, 2048, 2048), (1024, 576, 3072), (1024, 1536, 576)):
        left, right = torch.randn(m, k, dtype=dtype), torch.randn(n, k, dtype=dtype)
        took = seconds(lambda left=left, right=right: F.linear(left, right), 3 * rounds)  # type: ignore[misc]
        best = max(best, 2 * m * k * n / took / GIGA)
    return best


def layer_peak(dtype: torch.dtype, layers: int, rounds: int) -> float:
    """GFLOPS of the four products of every layer in turn, nothing between them."""
    shapes = ((960, 576), (576, 576), (3072, 576), (576, 1536))
    weights = [[torch.randn(shape, dtype=dtype) for shape in shapes] for _ in range(layers)]
    inputs = [torch.randn(TOKEN_BUDGET, shape[1], dtype=dtype) for shape in shapes]
    took = seconds(lambda: [F.linear(x, w) for layer in weights for x, w in zip(inputs, layer, strict=True)], rounds)
    return layers * sum(2 * TOKEN_BUDGET * out * into for out, into in shapes) / took / GIGA


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1024)
    options = parser.parse_args()
    print(machine_line())
    texts = rows(options.rows)
    taxonomy = load_taxonomy(TAXONOMY)
    for engine in ("eager", "compiled") if can_compile() else ("eager",):
        for name in ("instruct", "tuned"):
            model = load_language_model()
            layers, dtype = model.model.config.num_hidden_layers, getattr(torch, model.dtype)
            weights = sum(p.numel() for p in model.model.model.layers.parameters() if p.dim() == 2)
            _, forward = resolve_engine(model, engine)
            prompt = load_prompt(name, taxonomy)
            encoder = PromptEncoder(model.tokenizer, prompt.system, taxonomy.words, answer=prompt.answer)
            scorer = LabelScorer(forward, encoder)
            ids = [encoder.row(prompt.row(text)) for text in texts]
            took = seconds(lambda s=scorer, i=ids: s.log_probabilities(i), options.rounds)  # type: ignore[misc]
            speed = 2 * weights * sum(map(len, ids)) / took / GIGA
            large, cold = large_peak(dtype, options.rounds), layer_peak(dtype, layers, options.rounds)
            print(
                f"{engine:9s}{name:9s}{len(ids) / took:7.1f} rows/s {speed:7.0f} GFLOPS = {speed / large:4.0%} of the "
                f"best product ({large:.0f}), {speed / cold:4.0%} of this model's own products in turn ({cold:.0f})"
            )


if __name__ == "__main__":
    main()
