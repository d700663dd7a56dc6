"""`HeldWriter`: a small model that was tuned to explain writes the steps, each within a grammar of what is known.

Takes an adapter; gives steps. What quotes a passage stays as it stands; what was measured the model puts into words;
and it names the words that brought the feeling about, which no template can. A step that does not come to its end, or
that says of a cue what was not measured of it, is written by the templates. Causes are cited by where their words
stand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Self

from thymos.adapters.generation.held import Held, HeldDecoder
from thymos.adapters.llm.load import LanguageModel, load_language_model
from thymos.adapters.llm.tokens import tokenized
from thymos.adapters.weights import DEFAULT
from thymos.agent.reasoning.cues import likeliest
from thymos.agent.reasoning.spans import phrases
from thymos.agent.reasoning.step_requests import cause_grammar, model_written, sentences_of, step_requests
from thymos.agent.reasoning.support import supported
from thymos.agent.reasoning.values import Cue, Sentence, Step
from thymos.agent.reasoning.writing import Material, brought_about, write_steps
from thymos.prompts.errors import InputError
from thymos.prompts.steps import StepWish, cause_spans, cause_wish
from thymos.prompts.template import EXPLAINING
from thymos.prompts.wish import tame

Turns = Sequence[tuple[str, str]]  # speaker and words, oldest first
_MOST = 200  # tokens of a step


class HeldWriter:
    """Writes the steps of explanations.

    Attributes:
        written: steps that the model wrote.
        replaced: steps that the templates wrote in its place.
    """

    def __init__(self, loaded: LanguageModel) -> None:
        """Keep the model.

        Args:
            loaded: with an adapter that was tuned to explain.
        """
        self._loaded = loaded
        self._decoder = HeldDecoder(loaded)
        self.written = self.replaced = 0

    @classmethod
    def from_pretrained(cls, adapter: str, model: str = DEFAULT, *, device: str | None = None) -> Self:
        """Load an adapter that was tuned with the recipe `explain`.

        Args:
            adapter: folder or hub id.
            model: base model.
            device: torch device; a GPU if there is one when None.

        Raises:
            ModelError: model or adapter can't be used here.
            InputError: the adapter was tuned for something else.
        """
        loaded = load_language_model(model, adapter=adapter, device=device)
        if loaded.card is None or loaded.card.prompt != EXPLAINING:
            raise InputError(
                f"writer must be an adapter that was tuned to explain, got {adapter!r}; make one with `thymos finetune "
                "explain`"
            )
        return cls(loaded)

    def __call__(self, material: Material) -> tuple[Step, ...]:
        """Write the five steps."""
        return self.write_many([material])[0]

    def write_many(
        self, materials: Sequence[Material], on_written: Callable[[int], None] = lambda done: None
    ) -> list[tuple[Step, ...]]:
        """Write the five steps of each; all their texts together."""
        plain = [write_steps(replace(each, causes=())) for each in materials]
        requests = [step_requests(each, steps) for each, steps in zip(materials, plain, strict=True)]
        texts = iter(self.texts([(one.wish, one.grammar) for found in requests for one in found], on_written))
        causes = self.causes([(likeliest(each.after), _turns(each)) for each in materials if not each.causes])
        told = iter(causes)
        written = []
        for each, steps, asked in zip(materials, plain, requests, strict=True):
            said = {one.wish.step: next(texts) for one in asked}
            own = brought_about(each.causes, each.cues) if each.causes else _caused(next(told), each)
            written.append(tuple(self._checked(step, said, own, each) for step in steps))
        return written

    def causes(
        self, asked: Sequence[tuple[str, Turns]], among: Sequence[int | None] | None = None
    ) -> list[tuple[str, ...]]:
        """Name the words that brought feelings about.

        Args:
            asked: feeling, and the turns up to the one that shows it.
            among: for each, a turn in which the words stand, where that is known.

        Returns:
            Words of the turns, oldest first; none where the cause is not in them.
        """
        places = among or [None] * len(asked)
        held = [
            (cause_wish(feeling, turns), cause_grammar(turns, place))
            for (feeling, turns), place in zip(asked, places, strict=True)
        ]
        return [cause_spans(text or "") for text in self.texts(held)]

    def _checked(
        self, step: Step, said: Mapping[str, str | None], causes: Sequence[Sentence], material: Material
    ) -> Step:
        """Put what the model wrote in the place of what was measured; causes come before what they mean."""
        sentences = list(step.sentences)
        if step.name in said:
            new = sentences_of(said[step.name] or "")
            fits = bool(new) and all(supported(each, material) for each in new)
            self.written += fits
            self.replaced += not fits
            if fits:
                own = model_written(step)
                place = sentences.index(own[0])
                sentences[place : place + 1] = new
                sentences = [each for each in sentences if each not in own or each in new]
        if step.name == "appraise":
            sentences = [*causes, *sentences]
        return step.model_copy(update={"sentences": tuple(sentences)})

    def texts(
        self, asked: Sequence[tuple[StepWish, str]], on_written: Callable[[int], None] = lambda done: None
    ) -> list[str | None]:
        """Write what wishes ask for, each within its grammar; None for a text that does not come to its end."""
        held = [Held(self._prompt(wish), grammar) for wish, grammar in asked]
        return self._decoder.write(held, most=_MOST, on_written=on_written)

    def _prompt(self, wish: StepWish) -> tuple[int, ...]:
        from langchain_core.messages import HumanMessage, SystemMessage

        from thymos.agent.chat.prompt import prompt_ids

        tokenizer = self._loaded.tokenizer
        ids = prompt_ids(tokenizer, [SystemMessage(wish.system), HumanMessage(wish.request)])
        opening = tokenized(tokenizer, wish.opening, data=True)["input_ids"] if wish.opening else ()
        return (*ids, *opening)


def _turns(material: Material) -> Turns:
    before = [(turn.speaker or "", turn.text) for turn in material.context]
    return [*before, (material.speaker or "", material.text)]


def _caused(spans: Sequence[str], material: Material) -> list[Sentence]:
    """Say what brought the feeling about, with the cues in which the words stand."""
    found = []
    for span in spans:
        turn = next((at for at, (_, text) in reversed(list(enumerate(_turns(material)))) if span in tame(text)), None)
        cues = [cue for cue in material.cues if turn is not None and _holds(cue, span, turn, material)]
        names = tuple(f"cue:{cue.number}" for cue in cues[:3])
        found.append(Sentence(text=f'What brought it about: "{span}".', citations=names))
    return found


def _holds(cue: Cue, span: str, turn: int, material: Material) -> bool:
    """Say whether a cue is the turn in which words stand, or of a phrase that they overlap with."""
    if turn < len(material.context):
        return cue.kind == "turn" and cue.turn == turn
    start = material.text.replace('"', "'").find(span)  # as the turn was shown
    if cue.kind != "phrase" or start < 0 or cue.start is None or cue.end is None:
        return False
    cut = [each for each in phrases(material.text) if each[0] < cue.end and cue.start < each[1]]
    return any(each[0] < start + len(span) and start < each[1] for each in cut)
