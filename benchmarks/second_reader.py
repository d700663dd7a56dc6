"""Whether a labeler that had no part in `thymos synth` reads its rows as asked.

The gates keep what one labeler reads as asked, which flatters a figure by the same labeler. Here logistic regressions
over words (TF-IDF) and over MiniLM sentence embeddings learn from as many real rows of each label, and read the
synthetic rows, and real test rows to compare with: on either, the mean over labels of the share read as asked
(balanced accuracy). Nothing is tuned on synthetic or test rows, and real rows that are either are not learnt from.

    python benchmarks/second_reader.py synthetic.jsonl --real corpora/goemotions/train.tsv.gz \
        --test corpora/goemotions/test.tsv --format goemotions --taxonomy goemotions --at ekman
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thymos.adapters.readers.columns import Columns
from thymos.adapters.readers.opening import open_corpus
from thymos.finetune.augment.classifiers import Embedded, Regression, tfidf
from thymos.finetune.augment.draw import draw
from thymos.finetune.augment.pool import apart, read_rows, read_synthetic
from thymos.finetune.augment.values import Bools, Row, Training
from thymos.prompts.catalogue import load_map, load_taxonomy
from thymos.prompts.taxonomy import Kind
from thymos.retrieval.embedder import SentenceEmbedder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("--real", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--format", default="auto")
    parser.add_argument("--taxonomy", required=True)
    parser.add_argument("--at", help="single-label set that the synthetic rows are in; that of --taxonomy unless given")
    parser.add_argument("--rows", type=int, default=400, help="real rows of each label to learn from, at most")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    told = parser.parse_args()
    taxonomy = load_taxonomy(told.at or told.taxonomy)
    if taxonomy.kind is not Kind.SINGLE:
        parser.error("labels must be of a single-label set; choose one with --at")
    if told.rows < 1:
        parser.error(f"--rows must be 1 or more, got {told.rows}; 400 unless given")
    translation = load_map(told.taxonomy, told.at) if told.at and told.at != told.taxonomy else None
    real, test = (
        read_rows(
            open_corpus(path, format=told.format, columns=Columns(), context_turns=0), taxonomy, translation, what=what
        ).rows
        for what, path in (("real", told.real), ("test", told.test))
    )
    asked = {"synthetic": read_synthetic(told.synthetic, taxonomy).rows, "real test": test}
    learnt = draw(apart(real, (*asked["synthetic"], *test))[0], taxonomy.names, told.rows, told.seed)
    readers = (Regression("tfidf", tfidf, taxonomy), Regression("minilm", Embedded(SentenceEmbedder()), taxonomy))
    texts = [row.text for rows in asked.values() for row in rows]
    for reader in readers:
        found, _ = reader.label(Training(learnt), texts, told.seed)
        print(f"{reader.name}, which learnt from {len(learnt):,} real rows:")
        for name, rows in asked.items():
            part, found = found[: len(rows)], found[len(rows) :]
            shares = as_asked(rows, part, taxonomy.names)
            each = ", ".join(f"{label} {share:.2f}" for label, share in shares.items())
            print(f"  {name:<9} {np.mean(list(shares.values())):.3f} of {len(rows):,} read as asked ({each})")


def as_asked(rows: Sequence[Row], found: Bools, names: Sequence[str]) -> dict[str, float]:
    """Return for each label that was asked for the share of its rows that are read so."""
    right = {
        name: [bool(read[place]) for row, read in zip(rows, found, strict=True) if name in row.labels]
        for place, name in enumerate(names)
    }
    return {name: float(np.mean(each)) for name, each in right.items() if each}


if __name__ == "__main__":
    main()
