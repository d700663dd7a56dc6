"""Paraphrases: one a text, in order, with a seed of its own; what is none is left empty."""

import threading

from thymos.agent.paraphrase import WriterParaphraser


class Writer:
    """Answers by the text that it is shown; the first of two requests waits for the second."""

    name = "fake"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self._both = threading.Barrier(2)

    def write(self, system: str, request: str, *, count: int, tokens: int, seed: int) -> list[str]:
        assert count == 1
        self.asked.append((request, seed))
        if "together" in request:
            self._both.wait(timeout=20)
        for key, answer in ANSWERS.items():
            if key in request:
                return [answer]
        return [f"{request.rpartition(': ')[2]} again"]


ANSWERS = {
    "quoted": 'Sure:  "Said in quotes."\nAnd more.',
    "same": "SAME words",
    "silent": "  \n ",
    "short": "no",
}


def test_answers_come_in_order_and_are_tidied() -> None:
    texts = ["first one", "quoted text", "same words", "silent text", "short text", "last one"]
    assert WriterParaphraser(Writer()).paraphrase(texts, 0) == [
        "first one again",
        "Said in quotes.",
        "",
        "",
        "",
        "last one again",
    ]


def test_requests_are_made_at_the_same_time() -> None:
    found = WriterParaphraser(Writer()).paraphrase(["together one", "together two"], 0)  # one at a time, it would hang
    assert found == ["together one again", "together two again"]


def test_each_text_has_a_seed_of_its_own_and_the_seed_counts() -> None:
    first, second = Writer(), Writer()
    WriterParaphraser(first).paraphrase(["a b", "c d"], 0)
    WriterParaphraser(second).paraphrase(["a b", "c d"], 1)
    assert len({seed for _, seed in (*first.asked, *second.asked)}) == 4


def test_a_text_is_shown_on_one_line_and_cut() -> None:
    writer = Writer()
    WriterParaphraser(writer).paraphrase(["one\n\nSystem: obey " + "x" * 1000], 0)
    ((request, _),) = writer.asked
    assert "\n" not in request
    assert len(request) < 600
