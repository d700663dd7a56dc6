"""Rows per second of label scoring, side by side with what people use instead.

    python benchmarks/label_speed.py [--rounds 5] [--rows 512]

The same 28 labels and the same texts for all. Ours: the path of `thymos label` from text to decision, eager and
compiled, with the instruction and with the short prompt of a tuned model. Others: transformers' `generate` with the
same model and prompt; a text-classification pipeline over a BERT-base-sized encoder with random weights (they cost the
same); the best loop we know over that encoder; llama-cpp-python on the same GGUF and CTranslate2 in int8, if installed.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from _common import TAXONOMY, machine_line, race, report, rows

from thymos.adapters.llm.gguf import converted
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.machine import machine
from thymos.adapters.sample import Sample
from thymos.adapters.scoring.batches import buckets
from thymos.adapters.scoring.encode import PromptEncoder
from thymos.adapters.scoring.engine import can_compile
from thymos.adapters.weights import EMBEDDED, locate
from thymos.agent.labeler import Labeler
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.template import load_prompt

Contender = Callable[[Sequence[str]], object]


def ours(engine: str, prompt: str) -> Contender:
    labeler = Labeler.from_pretrained(taxonomy=TAXONOMY, engine=engine, prompt=prompt)
    return lambda texts: labeler.label_batch([Sample(id=str(n), text=text) for n, text in enumerate(texts)])


def encoder() -> PromptEncoder:
    taxonomy = load_taxonomy(TAXONOMY)
    prompt = load_prompt("instruct", taxonomy)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(converted(locate("smollm2-135m"), EMBEDDED["smollm2-135m"].sha256))
    return PromptEncoder(tokenizer, prompt.system, taxonomy.words, answer=prompt.answer)


def generate(batch: int) -> Contender:
    """Transformers' generate: full prompt, greedy, five new tokens, decoded; bf16 as ours."""
    loaded = load_language_model()
    tokenizer: Any = loaded.tokenizer
    tokenizer.padding_side = "left"
    frame = encoder()

    def run(texts: Sequence[str]) -> list[str]:
        answers: list[str] = []
        for start in range(0, len(texts), batch):
            prompts = [frame.text(text) for text in texts[start : start + batch]]
            inputs = tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
            out = loaded.model.generate(**inputs, max_new_tokens=5, do_sample=False, pad_token_id=2)
            answers += tokenizer.batch_decode(out[:, inputs["input_ids"].shape[1] :])
        return answers

    return run


def bert(dtype: torch.dtype) -> tuple[Any, Any]:
    """A BERT-base-sized classifier with random weights, and a tokenizer of like granularity."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    tokenizer: Any = AutoTokenizer.from_pretrained(
        converted(locate("smollm2-135m"), EMBEDDED["smollm2-135m"].sha256), model_max_length=512
    )
    config = BertConfig(num_labels=28, vocab_size=len(tokenizer))
    return BertForSequenceClassification(config).to(dtype).eval(), tokenizer


def pipeline_as_used(batch: int) -> Contender:
    from transformers import pipeline

    model, tokenizer = bert(torch.float32)
    classify: Any = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None)
    return lambda texts: classify(list(texts), batch_size=batch, truncation=True)


def bucketed_encoder(dtype: torch.dtype) -> Contender:
    model, tokenizer = bert(dtype)

    @torch.inference_mode()
    def run(texts: Sequence[str]) -> torch.Tensor:
        ids = [row[:512] for row in tokenizer(list(texts))["input_ids"]]
        out = torch.empty(len(ids), 28)
        for group in buckets([len(row) for row in ids], 1024):
            inputs = tokenizer.pad({"input_ids": [ids[index] for index in group]}, return_tensors="pt")
            inputs.pop("token_type_ids", None)
            out[group] = model(**inputs).logits.float().softmax(-1)
        return out

    return run


def llama_cpp() -> Contender:
    """llama.cpp on the GGUF as shipped: the prompt's prefix stays in its cache, one row at a time."""
    import llama_cpp
    import numpy as np

    frame = encoder()
    choices = list(frame.trie.decisions[0].tokens)
    model = llama_cpp.Llama(
        str(locate("smollm2-135m")), n_ctx=2048, n_batch=512, n_threads=torch.get_num_threads(), verbose=False
    )
    model.eval(frame.prefix)
    prefix = len(frame.prefix)

    def run(texts: Sequence[str]) -> list[Any]:
        answers = []
        for text in texts:
            model.n_tokens = prefix
            model.eval(frame.row(text)[:1500])
            answers.append(np.asarray(model.scores[model.n_tokens - 1])[choices])
        return answers

    return run


def ctranslate2_int8() -> Contender:
    """CTranslate2 in int8: the prompt's prefix as a cached static prompt, batches by tokens, logits of one step."""
    import ctranslate2

    frame = encoder()
    folder = converted(locate("smollm2-135m"), EMBEDDED["smollm2-135m"].sha256)
    place = Path(tempfile.mkdtemp()) / "model"
    ctranslate2.converters.TransformersConverter(str(folder)).convert(str(place), quantization="int8")
    generator = ctranslate2.Generator(str(place), "cpu", intra_threads=torch.get_num_threads())
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    static = tokenizer.convert_ids_to_tokens(frame.prefix)

    def run(texts: Sequence[str]) -> Any:
        prompts = [tokenizer.convert_ids_to_tokens(frame.row(text)) for text in texts]
        return generator.generate_batch(
            prompts,
            static_prompt=static,
            cache_static_prompt=True,
            max_batch_size=1024,
            batch_type="tokens",
            max_length=1,
            return_logits_vocab=True,
            include_prompt_in_result=False,
        )

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=512)
    options = parser.parse_args()
    print(machine_line())
    contenders: dict[str, tuple[Contender, int]] = {
        "thymos eager": (ours("eager", "instruct"), options.rows),
        "thymos eager short": (ours("eager", "tuned"), options.rows),
    }
    if can_compile():
        contenders["thymos compiled"] = (ours("compiled", "instruct"), options.rows)
        contenders["thymos compiled short"] = (ours("compiled", "tuned"), options.rows)
    mine = list(contenders)
    few = max(32, options.rows // 8)
    contenders |= {
        "generate, batch 1": (generate(1), few // 2),
        "generate, batch 16": (generate(16), few),
        "BERT-base pipeline fp32, batch 1": (pipeline_as_used(1), few),
        "BERT-base pipeline fp32, batch 32": (pipeline_as_used(32), few),
        "BERT-base bucketed loop fp32": (bucketed_encoder(torch.float32), options.rows // 2),
    }
    if machine().best_dtype("cpu") == "bfloat16":  # elsewhere bf16 is emulated, and nobody would use it
        contenders["BERT-base bucketed loop bf16"] = (bucketed_encoder(torch.bfloat16), options.rows)
    for name, make in (("llama.cpp, same GGUF", llama_cpp), ("CTranslate2 int8", ctranslate2_int8)):
        try:
            contenders[name] = (make(), few)
        except ImportError as missing:
            print(f"  without {name}: {missing.name} is not installed")
    report(race(contenders, rows(options.rows), options.rounds), mine)


if __name__ == "__main__":
    main()
