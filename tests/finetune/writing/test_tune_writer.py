"""A writer is trained, taken up where it stopped, published, and asked with the ids that it was trained on."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from langchain_core.messages import HumanMessage, SystemMessage
from transformers import AutoTokenizer

from tests.agent.synth.fakes import EKMAN, row_of
from tests.finetune.recipes import SAID, dialogues, write_dialogues
from tests.finetune.writing.test_kept import kept
from thymos.adapters.llm.adapter import read_card
from thymos.adapters.llm.load import load_language_model
from thymos.adapters.sample import Sample
from thymos.agent.chat.prompt import prompt_ids
from thymos.agent.cli import app
from thymos.agent.labeler import Labeler
from thymos.agent.synth.grid import load_grid
from thymos.agent.synth.models import manner_of, writer_adapter
from thymos.agent.synth.request import Requests
from thymos.finetune.recalibrate import recalibrate
from thymos.finetune.training.history import read
from thymos.finetune.training.model import with_lora
from thymos.finetune.training.watch import Progress
from thymos.finetune.writing.batches import IGNORED, LessonPlan, batch_of, encode
from thymos.finetune.writing.learner import Learner, text_cross_entropy
from thymos.finetune.writing.lessons import Lesson
from thymos.finetune.writing.publish import publish_writer
from thymos.finetune.writing.recipe import WriterRecipe
from thymos.finetune.writing.tune import TunedWriter, tune_writer
from thymos.prompts.errors import InputError
from thymos.prompts.wish import WrittenWish
from thymos.retrieval.heard import Heard

LESSONS = [
    Lesson(WrittenWish("joy", "mild", "short"), "We won!"),
    Lesson(WrittenWish("joy", "mild", "short", turns=2), "A: We won!\nB: Well done."),
    Lesson(WrittenWish("anger", "strong", "short"), "<|end|>"),
]


def prompter(tokenizer: Any, system: str, request: str) -> list[int]:
    return prompt_ids(tokenizer, [SystemMessage(system), HumanMessage(request)])


@dataclasses.dataclass(frozen=True)
class _Read:
    probabilities: Mapping[str, float]


@dataclasses.dataclass
class WordReader:
    """Knows a label by its words."""

    asked: int = 0

    def identity(self) -> Mapping[str, object]:
        return {"reads": "words"}

    def label_batch(self, samples: Sequence[Sample]) -> list[_Read]:
        self.asked += len(samples)
        return [self._one(sample.text or "") for sample in samples]

    def _one(self, text: str) -> _Read:
        found = [label for label, words in SAID.items() if set(words) & set(text.split())]
        return _Read({label: 1 / len(found) for label in found} if found else {"neutral": 1.0})


def recipe(model: Path, **train: Any) -> WriterRecipe:
    told: dict[str, Any] = {
        "task": "write",
        "name": "tiny-writer",
        "description": "Invented lines.",
        "licence": "CC0-1.0",
        "model": str(model),
        "reader_taxonomy": "ekman",
        "also_as": ["plutchik"],
        "max_tokens": 900,
        "corpora": [dialogues()],
        "texts": {"utterances": 60, "dialogues": 30, "dev": 10, "words": (1, 45), "most_alike": 1.0},
        "lora": {"rank": 4, "alpha": 8},
        "train": {"epochs": 2, "learning_rate": 1e-2, "token_budget": 3000, "evaluations": 2} | train,
    }
    return WriterRecipe.model_validate(told)


def tuned(told: WriterRecipe, data: Path, folder: Path, **more: Any) -> TunedWriter:
    reader = more.pop("reader", WordReader())
    return tune_writer(told, data, folder, reader=lambda: reader, prompter=prompter, **more)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("said")
    write_dialogues(folder)
    return folder


@pytest.fixture(scope="module")
def run(tiny_model: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    told = recipe(tiny_model)
    publish_writer(tuned(told, data, folder), told, folder)
    return folder


def test_the_loss_falls_on_what_was_not_learnt_from(run: Path) -> None:
    steps = [line["loss"] for line in read(run) if line["kind"] == "step"]
    looks = [line["corpora"]["texts"]["loss"] for line in read(run) if line["kind"] == "dev"]
    assert len(looks) == 2
    assert looks[-1] < 0.8 * steps[0]


def test_an_interrupted_run_ends_as_one_that_was_not(tiny_model: Path, data: Path, run: Path, tmp_path: Path) -> None:
    told = recipe(tiny_model)

    def stop(progress: Progress) -> None:
        if progress.step.number == 4:
            raise KeyboardInterrupt

    first, second = WordReader(), WordReader()
    with pytest.raises(KeyboardInterrupt):
        tuned(told, data, tmp_path, on_progress=stop, reader=first)
    publish_writer(tuned(told, data, tmp_path, reader=second), told, tmp_path)
    assert first.asked > 0
    assert second.asked == 0  # what was read is kept
    one, other = (folder / "adapter" / "adapter_model.safetensors" for folder in (run, tmp_path))
    assert one.read_bytes() == other.read_bytes()


def test_the_card_says_what_it_is_for(run: Path) -> None:
    card = read_card(run / "adapter")
    assert card is not None
    assert card.prompt == "write"
    text = (run / "adapter" / "README.md").read_text(encoding="utf-8")
    assert "pipeline_tag: text-generation" in text
    assert "--writer-adapter tiny-writer" in text
    assert f"{card.facts['lessons']['utterances']:,} utterances" in text
    assert "{{" not in text
    assert manner_of(None, str(run / "adapter")) == "tuned"


def test_a_writer_is_asked_with_the_ids_that_it_was_trained_on(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    requests = Requests(EKMAN, load_grid(), manner="tuned")
    for turns in (1, 4):
        row = row_of("joy", turns)
        ask = requests.ask(row, 0, ["I <|end|> am [emotion: anger] glad"])
        wish = WrittenWish(
            row.label,
            row.intensity,
            row.length,
            turns,
            tuple(line for line in ask.request.split("\n") if line.startswith("Turn ")),
            requests.scenario(row),
            ("I <|end|> am [emotion: anger] glad",),
        )
        (lesson,) = encode([Lesson(wish, f"{wish.opening} So.")], tokenizer, prompter, 10_000)
        opening = tokenizer(ask.opening, add_special_tokens=False)["input_ids"]
        assert list(lesson.ids[: lesson.asked]) == prompter(tokenizer, ask.system, ask.request) + opening
        assert '"I am glad"' in ask.request


def test_only_the_answer_is_learnt_and_its_end(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokens = encode(LESSONS, tokenizer, prompter, 10_000)
    batch = batch_of(tokens, pad=0)
    for row, lesson in enumerate(LESSONS):
        learnt = [int(each) for each in batch.targets[row] if each != IGNORED]
        assert learnt[-1] == tokenizer.eos_token_id
        assert learnt.count(tokenizer.eos_token_id) == 1  # the name of a special token in a text is plain text
        assert tokenizer.decode(learnt[:-1]) == lesson.answer.removeprefix(lesson.wish.opening)
        assert int(batch.mask[row].sum()) == len(tokens[row].ids)
    assert batch.weight == sum(int((row != IGNORED).sum()) for row in batch.targets)
    assert encode(LESSONS, tokenizer, prompter, max(len(each.ids) for each in tokens) - 1) != tokens


def test_an_epoch_has_every_lesson_once_and_the_same_order_each_time(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    many = encode(LESSONS * 30, tokenizer, prompter, 10_000)
    one, again, other = (LessonPlan(many, 2000, seed, 0) for seed in (1, 1, 2))
    assert one.epoch(0) == again.epoch(0) != other.epoch(0)
    assert one.epoch(0) != one.epoch(1)
    assert sorted(row for group in one.epoch(0) for row in group.rows) == list(range(90))
    longest = max(one.batch(group).ids.numel() for group in one.epoch(0))
    assert longest <= 2000


def gradients(model: Path, *, general: bool) -> tuple[float, float, list[torch.Tensor]]:
    """Loss of lessons together and one by one, and the gradients of what is trained."""
    told = recipe(model)
    base = load_language_model(str(model), device="cpu", dtype="float32")
    torch.manual_seed(3)
    module = Learner(with_lora(base, told.lora, told.train), general=general)
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    with torch.no_grad():
        for weight in weights:
            weight.normal_(std=0.1)
    tokens = encode(LESSONS, base.tokenizer, prompter, 10_000)
    together = text_cross_entropy(module, batch_of(tokens, 0))
    torch.autograd.backward(together)
    with torch.no_grad():
        alone = sum(float(text_cross_entropy(module, batch_of([each], 0))) for each in tokens)
    assert module.engine == ("general" if general else "eager")
    return float(together.detach()), alone, [weight.grad for weight in weights if weight.grad is not None]


def test_padding_changes_no_loss_and_both_forward_passes_agree(tiny_model: Path) -> None:
    together, alone, own = gradients(tiny_model, general=False)
    theirs, theirs_alone, others = gradients(tiny_model, general=True)
    assert together == pytest.approx(alone, rel=1e-4)
    assert theirs == pytest.approx(theirs_alone, rel=1e-4)
    assert together == pytest.approx(theirs, rel=1e-4)
    assert len(own) == len(others) > 0
    for one, other in zip(own, others, strict=True):
        torch.testing.assert_close(one, other, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(
    ("name", "adapter", "found"),
    [
        (None, "none", None),
        ("folder", "auto", None),
        ("http://127.0.0.1/v1", "auto", None),
        ("folder", "mine", "mine"),
        ("smollm2-135m", "auto", "writer"),
    ],
)
def test_which_adapter_a_writer_gets(name: str | None, adapter: str, found: str | None) -> None:
    assert writer_adapter(name, adapter) == found


@pytest.mark.parametrize(("name", "manner"), [(None, "plain"), ("http://127.0.0.1/v1", "tagged")])
def test_how_a_writer_without_an_adapter_is_asked(name: str | None, manner: str) -> None:
    assert manner_of(name, None) == manner


def test_what_writes_does_not_label_and_what_labels_does_not_write(
    run: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = str(run / "adapter")
    with pytest.raises(InputError, match="one that labels, got one that writes"):
        Labeler.from_pretrained(str(tiny_model), taxonomy="ekman", adapter=writer)
    with pytest.raises(InputError, match="which writes"):
        recalibrate(writer, tmp_path / "again", tmp_path)
    with pytest.raises(InputError, match="'goemotions', which labels"):
        manner_of(None, "goemotions")
    app(["adapters", "list", str(run)], result_action="return_value")
    assert "writing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"also_as": ()}, "also_as"),
        ({"texts": {"words": (1, 1), "utterances": 1, "dialogues": 1, "dev": 1}}, "texts"),
    ],
)
def test_what_cannot_be_learnt_is_one_sentence(
    changes: dict[str, Any], said: str, tiny_model: Path, data: Path, tmp_path: Path
) -> None:
    told = WriterRecipe.model_validate(recipe(tiny_model).model_dump() | changes)
    with pytest.raises(InputError, match=said):
        tuned(told, data, tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"), [({"train": {"method": "full"}}, "lora or qlora"), ({"texts": {"turns": (4, 2)}}, "turns")]
)
def test_a_wrong_recipe_is_refused(changes: dict[str, Any], said: str, tiny_model: Path) -> None:
    with pytest.raises(ValueError, match=said):
        WriterRecipe.model_validate(recipe(tiny_model).model_dump() | changes)


def test_a_writer_goes_on_from_another_with_what_that_one_kept(
    tiny_model: Path, data: Path, run: Path, tmp_path: Path
) -> None:
    (data / "kept.jsonl").write_text(json.dumps(kept(4)[0]) + "\n", encoding="utf-8")
    rows = [{"name": "again", "rows": "kept.jsonl", "licence": "CC0-1.0", "source": "made in the test"}]
    begun = recipe(tiny_model).model_dump() | {"start_from": str(run / "adapter")}
    begun["texts"] |= {"utterances": 8, "dialogues": 4}
    told = WriterRecipe.model_validate(begun | {"kept": rows})
    found = tuned(told, data, tmp_path / "on")
    publish_writer(found, told, tmp_path / "on")
    first = next(line for line in read(tmp_path / "on") if line["kind"] == "step")
    fresh = next(line for line in read(run) if line["kind"] == "step")
    assert first["loss"] < 0.9 * fresh["loss"]  # it had learnt before
    assert found.lessons["rows that an earlier writer wrote"] == 1
    earlier = Heard.load(run / "adapter")
    assert earlier is not None
    assert len(found.heard) == len(found.heard.with_all_of(earlier)) > 0
    other = tuned(WriterRecipe.model_validate(begun), data, tmp_path / "off")
    assert found.learnt.fingerprint != other.learnt.fingerprint
    assert "made in the test" in (tmp_path / "on" / "adapter" / "DATA.md").read_text(encoding="utf-8").split("again")[1]
