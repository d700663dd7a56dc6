"""Quality of simple text classifiers on the splits of a recipe: what a tuned LLM must beat to be worth its cost.

TF-IDF (words and pairs of words) or MiniLM sentence embeddings under logistic regression, of the utterance and, where
the recipe shows any, of the turns before it. Trained on the recipe's training rows, leaks dropped as for tuning;
strength of regularisation and thresholds from dev; test read once, through the same `evaluate` as `thymos eval`.
MiniLM computes in bf16 where the processor has it; `--train-rows` learns from some of the rows, drawn by seed 0.

    python benchmarks/text_baselines.py goemotions --data corpora
    python benchmarks/text_baselines.py dailydialog --data corpora --ignore "no emotion" \
        --exclude corpora/dailydialog/also_in_train.tsv
"""

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from _splits import add_options, splits
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from thymos.adapters.precision import native_precision
from thymos.adapters.sample import Sample
from thymos.adapters.weights import locate
from thymos.finetune.recipe import load_recipe
from thymos.prompts.taxonomy import Kind

STRENGTHS = (0.3, 1.0, 3.0, 10.0)  # C of scikit-learn
Features = Callable[[Sequence[Sample]], Any]


def said(sample: Sample) -> tuple[str, str]:
    """Return an utterance, and the last three turns before it as one text."""
    return sample.text or "", " ".join(turn.text for turn in sample.context[-3:])


def tfidf(train: Sequence[Sample], context: bool) -> Features:
    parts = [TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True) for _ in range(1 + context)]
    for part, texts in zip(parts, zip(*map(said, train), strict=True), strict=False):
        part.fit(texts)

    def features(samples: Sequence[Sample]) -> Any:
        texts = zip(*map(said, samples), strict=True)
        return hstack([part.transform(each) for part, each in zip(parts, texts, strict=False)]).tocsr()

    return features


def minilm(train: Sequence[Sample], context: bool) -> Features:
    from transformers import AutoModel, AutoTokenizer

    folder = locate("minilm").parent
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    @torch.inference_mode()
    def embed(texts: Sequence[str]) -> Any:
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        vectors = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
        for start in range(0, len(order), 64):
            places = order[start : start + 64]
            tokens = tokenizer([texts[place] for place in places], padding=True, truncation=True, return_tensors="pt")
            with native_precision():
                hidden, mask = model(**tokens).last_hidden_state.float(), tokens["attention_mask"][..., None]
            vectors[places] = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1)).numpy()
        return vectors

    def features(samples: Sequence[Sample]) -> Any:
        texts = list(zip(*map(said, samples), strict=True))
        return np.hstack([embed(each) for each in texts[: 1 + context]])

    return features


def fit(x: Any, gold: Any, kind: Kind, strength: float) -> Callable[[Any], Any]:
    """Return a function from features to probabilities, (rows, labels)."""
    plain = LogisticRegression(C=strength, max_iter=1000)
    if kind is Kind.MULTI:
        many = OneVsRestClassifier(LogisticRegression(C=strength, solver="liblinear"), n_jobs=1).fit(x, gold)
        return many.predict_proba
    plain.fit(x, gold.argmax(1))

    def probabilities(rows: Any) -> Any:
        found = np.zeros((rows.shape[0], gold.shape[1]))
        found[:, plain.classes_] = plain.predict_proba(rows)
        return found

    return probabilities


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--features", choices=("tfidf", "minilm"), nargs="+", default=["tfidf", "minilm"])
    parser.add_argument("--train-rows", type=int, help="learn from so many rows; all unless given")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    recipe = load_recipe(options.recipe)
    rows = splits(recipe, options)
    if options.train_rows:
        drawn = np.random.default_rng(0).permutation(len(rows.corpus.train))[: options.train_rows]
        corpus = replace(rows.corpus, train=tuple(rows.corpus.train[place] for place in drawn))
        rows = replace(rows, corpus=corpus, train_gold=rows.train_gold[drawn])
    taxonomy, context = rows.corpus.taxonomy, recipe.corpora[0].context_turns > 0
    for name in options.features:
        start = time.perf_counter()
        features = {"tfidf": tfidf, "minilm": minilm}[name](rows.corpus.train, context)
        train, dev, asked = (features(each) for each in (rows.corpus.train, rows.corpus.dev, rows.test))
        best: Any = None
        for strength in STRENGTHS:
            model = fit(train, rows.train_gold, taxonomy.kind, strength)
            seen = model(dev)
            figure = rows.dev_figure(seen)
            if best is None or figure > best[0]:
                best = (figure, strength, model, seen)
        _, strength, model, seen = best
        lines, took = rows.lines(seen, model(asked)), time.perf_counter() - start
        print(f"{rows.corpus.name} {name}: C {strength:g}, {took:.0f} s\n{lines}", flush=True)


if __name__ == "__main__":
    main()
