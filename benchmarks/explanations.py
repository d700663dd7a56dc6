"""Explanations written by a small model: do they cite what there is, and say what was measured?

Rows of a test split are explained; the steps are written by the templates, by a model tuned with the recipe `explain`,
and by the same model untuned, both held to the same grammars. Of every sentence: does it carry a citation, do its
citations name something, do its quotations, numbers and labels agree with the cues that it cites (`supported`), and is
it, word for word, one of the templates'. What does not agree is replaced by the templates in use; here it is counted.

    python benchmarks/explanations.py --gold corpora/goemotions/test.tsv --adapter runs/explain/adapter --rows 500
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from thymos.adapters.corpus import BadRow
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.readers import open_corpus
from thymos.agent.labeler import Labeler
from thymos.agent.reasoning.held_writing import HeldWriter
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.agent.reasoning.step_requests import model_written, sentences_of, step_requests
from thymos.agent.reasoning.support import supported
from thymos.agent.reasoning.values import Sentence, Step
from thymos.agent.reasoning.writing import Material, write_steps
from thymos.prompts.steps import StepWish
from thymos.retrieval.builtin import open_base


def materials(gold: str, format: str, taxonomy: str, rows: int, seed: int) -> list[Material]:  # noqa: A002
    """Measure and recall what explanations of rows rest on."""
    every = [row for row in open_corpus(gold, format=format) if not isinstance(row, BadRow)]
    samples = random.Random(seed).sample([row for row in every if len((row.text or "").split()) > 5], rows)
    found: list[Material] = []

    def keep(material: Material) -> tuple[Step, ...]:
        found.append(material)
        return write_steps(material)

    reasoner = Reasoner(Labeler.from_pretrained(taxonomy=taxonomy), taxonomy, open_base(), writer=keep)
    for place, sample in enumerate(samples, start=1):
        reasoner.reason(sample)
        if place % 100 == 0:
            print(f"{place} of {rows} rows measured", flush=True)
    return found


class Kept(HeldWriter):
    """Keeps what is written before it is checked: steps first, then causes."""

    def __init__(self, loaded: LanguageModel) -> None:
        super().__init__(loaded)
        self.said: list[list[str | None]] = []

    def texts(
        self, asked: Sequence[tuple[StepWish, str]], on_written: Callable[[int], None] = lambda done: None
    ) -> list[str | None]:
        self.said.append(super().texts(asked, on_written))
        return self.said[-1]


def known(material: Material) -> set[str]:
    return {
        *(f"cue:{cue.number}" for cue in material.cues),
        *(f"kb:{each.id}" for each in material.evidence),
        *(f"ex:{each.id}" for each in material.examples),
    }


def told(name: str, written: Sequence[tuple[int, Sentence]], found: Sequence[Material], seconds: float) -> None:
    """Print the shares of one writer; each sentence comes with the place of what it rests on."""
    plain = [{one.text for step in write_steps(each) for one in step.sentences} for each in found]
    total = max(1, len(written))
    cited = sum(bool(each.citations) for _, each in written)
    valid = sum(set(each.citations) <= known(found[place]) for place, each in written)
    true = sum(supported(each, found[place]) for place, each in written)
    same = sum(each.text in plain[place] for place, each in written)
    print(
        f"{name}: {len(written)} sentences in {seconds:.0f} s; cited {cited / total:.1%}, citations all name something "
        f"{valid / total:.1%}, agree with what they cite {true / total:.1%}, as the templates {same / total:.1%}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gold", type=Path, required=True)
    parser.add_argument("--format", default="goemotions")
    parser.add_argument("--taxonomy", default="goemotions")
    parser.add_argument("--adapter", required=True, help="tuned with the recipe `explain`")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--untuned", type=int, default=50, help="rows that the untuned model writes of")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = materials(str(options.gold), options.format, options.taxonomy, options.rows, options.seed)
    start = time.perf_counter()
    steps = [write_steps(each) for each in found]
    took = time.perf_counter() - start
    told(
        "templates",
        [(place, one) for place, each in enumerate(steps) for step in each for one in model_written(step)],
        found,
        took,
    )
    for name, adapter, rows in (("tuned", options.adapter, options.rows), ("untuned", None, options.untuned)):
        writer = Kept(load_language_model(adapter=adapter))
        asked = [
            place
            for place, (material, written) in enumerate(zip(found[:rows], steps[:rows], strict=True))
            for _ in step_requests(material, written)
        ]
        start = time.perf_counter()
        whole = writer.write_many(found[:rows])
        took = time.perf_counter() - start
        texts = writer.said[0]
        pairs = [(place, one) for place, text in zip(asked, texts, strict=True) for one in sentences_of(text or "")]
        told(name, pairs, found, took)
        every = [one for each in whole for step in each for one in step.sentences]
        bare = sum(not one.citations for one in every)
        print(
            f"  {len(asked)} steps of {rows} explanations, {texts.count(None)} without an end; in use {writer.written} "
            f"stay and {writer.replaced} are replaced; with passages and causes {len(every)} sentences, {bare} bare",
            flush=True,
        )


if __name__ == "__main__":
    main()
