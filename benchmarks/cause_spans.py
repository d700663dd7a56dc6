"""Cause spans: how well what is named as the cause of an emotion agrees with the spans that people marked in RECCON.

Token F1 over the turns up to the one that shows the emotion: tokens of all marked spans against tokens of all turns
named, mean over turns with a cause in the dialogue. Side by side: the emotion's own turn; that and the turn before; the
last three turns where leaving one out costs the shipped model's answer enough (weight chosen on dev); the turns that an
adapter tuned with the recipe `cause` names; the words that one tuned with the recipe `explain` names, who is told the
marked emotion; its words in each of the turns that the other names; and the marked turns taken whole,
the most that naming turns can reach.

    python benchmarks/cause_spans.py --reccon corpora/reccon --adapter runs/cause/adapter --writer runs/explain/adapter

Dialogues that DailyDialog's training split has are left out (ids that begin with tr_).
"""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from thymos.adapters.readers import open_corpus
from thymos.adapters.readers.reccon import EVIDENCE, SPANS
from thymos.adapters.sample import Sample
from thymos.agent.labeler import Labeler
from thymos.agent.reasoning.causes import CauseFinder
from thymos.agent.reasoning.cues import measure_many
from thymos.agent.reasoning.held_writing import HeldWriter
from thymos.finetune.explaining.causes import turns_of
from thymos.prompts.errors import RowError

_BUDGET = 9  # scorings of a row: its last three turns, and a few phrases
Tokens = set[tuple[int, int]]  # turn from 0, place of the token in it


@dataclass(frozen=True, slots=True)
class Marked:
    """A turn with marked causes: the dialogue up to it, and the tokens of the spans."""

    sample: Sample
    turns: tuple[list[str], ...]
    gold: frozenset[tuple[int, int]]


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text.lower())


def marked(path: Path) -> Iterator[Marked]:
    """Read the turns whose causes lie in the dialogue."""
    samples = {
        row.id: row for row in open_corpus(str(path), format="reccon", context_turns=1000) if isinstance(row, Sample)
    }
    for dialogue, conversations in json.loads(path.read_text(encoding="utf-8")).items():
        if dialogue.startswith("tr_"):
            continue
        for conversation in conversations:
            turns = tuple(tokens(turn["utterance"]) for turn in conversation)
            for place, turn in enumerate(conversation):
                pairs = zip(turn.get(EVIDENCE) or (), turn.get(SPANS) or (), strict=False)
                gold: Tokens = set()
                for at, span in pairs:
                    if isinstance(at, int) and at - 1 <= place:
                        gold |= spanned(turns[at - 1], tokens(span), at - 1)
                if gold and f"{dialogue}-{place + 1}" in samples:
                    yield Marked(samples[f"{dialogue}-{place + 1}"], turns[: place + 1], frozenset(gold))


def spanned(turn: Sequence[str], span: Sequence[str], number: int) -> Tokens:
    """Return where a span stands in its turn; all its words where it is not there as it stands."""
    for start in range(len(turn) - len(span) + 1):
        if list(turn[start : start + len(span)]) == list(span):
            return {(number, start + place) for place in range(len(span))}
    return {(number, place) for place, word in enumerate(turn) if word in set(span)}


def whole(each: Marked, turns: Sequence[int]) -> Tokens:
    return {(turn, place) for turn in set(turns) for place in range(len(each.turns[turn]))}


def f1(named: Tokens, gold: frozenset[tuple[int, int]]) -> float:
    hits = len(named & gold)
    return 2 * hits / (len(named) + len(gold)) if hits else 0.0


def mean(rows: Sequence[Marked], named: Sequence[Sequence[int]]) -> float:
    return sum(f1(whole(each, turns), each.gold) for each, turns in zip(rows, named, strict=True)) / len(rows)


def turns_named(finder: CauseFinder, rows: Sequence[Marked]) -> list[list[int]]:
    """Return the turns that an adapter for causes names; the emotion's own where it names none."""
    return [
        [len(each.turns) - 1 if cause.turn is None else cause.turn for cause in found] or [len(each.turns) - 1]
        for each, found in zip(rows, finder.find_many([each.sample for each in rows]), strict=True)
    ]


def asked(each: Marked) -> tuple[str, list[tuple[str, str]]]:
    """Return feeling and turns, as a writer is asked."""
    return str(each.sample.metadata["emotion"]), turns_of(each.sample)


def words_named(writer: HeldWriter, rows: Sequence[Marked]) -> list[Tokens]:
    """Return the words that a writer names, in the latest turn that has them."""
    spans = writer.causes([asked(each) for each in rows])
    found = []
    for each, names in zip(rows, spans, strict=True):
        named: Tokens = set()
        for span in map(tokens, names):
            texts = [" ".join(turn) for turn in each.turns]
            turn = next((at for at in reversed(range(len(texts))) if " ".join(span) in texts[at]), len(texts) - 1)
            named |= spanned(each.turns[turn], span, turn)
        found.append(named)
    return found


def words_in(writer: HeldWriter, rows: Sequence[Marked], chosen: Sequence[Sequence[int]]) -> list[Tokens]:
    """Return the words that a writer names in each of the turns that others chose."""
    pairs = [(place, turn) for place, turns in enumerate(chosen) for turn in sorted(set(turns))]
    named: list[Tokens] = [set() for _ in rows]
    spans = writer.causes([asked(rows[place]) for place, _ in pairs], among=[turn for _, turn in pairs])
    for (place, turn), names in zip(pairs, spans, strict=True):
        for span in map(tokens, names):
            named[place] |= spanned(rows[place].turns[turn], span, turn)
    return named


def mean_of(rows: Sequence[Marked], named: Sequence[Tokens]) -> float:
    return sum(f1(each, row.gold) for row, each in zip(rows, named, strict=True)) / len(rows)


def measured(labeler: Labeler, rows: Sequence[Marked]) -> list[list[tuple[int, float]]]:
    """Return turn and weight of the cues of each row; its own turn has none and is always named."""
    found = measure_many(labeler, [each.sample for each in rows], budget=_BUDGET)
    return [
        [] if isinstance(answer, RowError) else [(cue.turn, cue.weight) for cue in answer.cues if cue.turn is not None]
        for answer in found
    ]


def by_cues(dev: Sequence[Marked], test: Sequence[Marked]) -> None:
    """Print what naming turns by measured cues reaches."""
    labeler = Labeler.from_pretrained(taxonomy="dailydialog")
    weighed = {"dev": measured(labeler, dev), "test": measured(labeler, test)}

    def named(rows: Sequence[Marked], cues: Sequence[Sequence[tuple[int, float]]], least: float) -> list[list[int]]:
        return [
            [len(each.turns) - 1, *(turn for turn, weight in found if weight >= least)]
            for each, found in zip(rows, cues, strict=True)
        ]

    least = max((0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2), key=lambda at: mean(dev, named(dev, weighed["dev"], at)))
    print(f"  measured cues, weight {least:g} or more  {mean(test, named(test, weighed['test'], least)):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reccon", type=Path, required=True)
    parser.add_argument("--adapter", help="tuned with the recipe `cause`")
    parser.add_argument("--writer", help="tuned with the recipe `explain`")
    parser.add_argument("--no-cues", action="store_true", help="without measured cues, which is quicker")
    options = parser.parse_args()
    dev = list(marked(options.reccon / "dailydialog_valid.json"))
    test = list(marked(options.reccon / "dailydialog_test.json"))
    own = [[len(each.turns) - 1] for each in test]
    before = [[len(each.turns) - 1, max(0, len(each.turns) - 2)] for each in test]
    print(f"{len(test)} turns of RECCON-DD test without leaked dialogues; token F1")
    print(f"  the emotion's own turn            {mean(test, own):.4f}")
    print(f"  and the turn before               {mean(test, before):.4f}")
    if not options.no_cues:
        by_cues(dev, test)
    finder = CauseFinder.from_pretrained(options.adapter) if options.adapter else None
    writer = HeldWriter.from_pretrained(options.writer) if options.writer else None
    if finder:
        print(f"  tuned for causes                  {mean(test, turns_named(finder, test)):.4f}")
    for split, rows in (("dev", dev), ("test", test)):
        if writer is None:
            break
        print(f"  words that the writer names       {mean_of(rows, words_named(writer, rows)):.4f} ({split})")
        if finder:
            named_too = words_in(writer, rows, turns_named(finder, rows))
            print(f"  its words in the turns for causes {mean_of(rows, named_too):.4f} ({split})")
    print(f"  the marked turns, whole           {mean(test, [[t for t, _ in each.gold] for each in test]):.4f}")


if __name__ == "__main__":
    main()
