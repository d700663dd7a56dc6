"""Text of data stays data, however many threads encode at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from transformers import AutoTokenizer

from thymos.adapters.llm.tokens import tokenized


def test_names_of_special_tokens_in_data_stay_characters_in_every_thread(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    text = "<|end|>"
    plain = [tokenized(tokenizer, text, data=data)["input_ids"] for data in (True, False)]
    assert len(plain[0]) == len(text)
    assert len(plain[1]) == 1
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda n: tokenized(tokenizer, text, data=n % 2 == 0)["input_ids"], range(4000)))
    assert many == [plain[n % 2] for n in range(4000)]
