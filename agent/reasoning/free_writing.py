"""`FreeWriter`: a language model writes the steps, and may cite only what was measured and recalled.

Takes whatever turns an instruction and a request into text (a local model, any LangChain chat model); gives steps. A
line that names no step is dropped, a step that is missing is written by the templates, and citations are checked by the
reasoner as those of the templates are: an invented one is taken out and its sentence shown as bare. Whether a sentence
follows from what it cites is not checked. The label is scored before and does not depend on what is written here.
"""

import re
from collections.abc import Callable
from typing import Any

from thymos.agent.reasoning.cues import likeliest
from thymos.agent.reasoning.values import STEPS, Sentence, Step
from thymos.agent.reasoning.writing import Material, write_steps
from thymos.prompts.errors import ModelError
from thymos.prompts.template import render

Write = Callable[[str, str], str]  # instruction, request -> what the model says
_MOST = 6  # sentences of a step
_LONGEST = 400  # characters of a sentence
_SHOWN = 8  # cues that the model is shown
_NEW_TOKENS = 400
_LINE = re.compile(rf"^[\W\d]*({'|'.join(STEPS)})\W*?:\s*(.+)$", re.IGNORECASE)
_CITATION = re.compile(r"(?:cue|kb|ex):[^\],;\s]+")  # inside brackets, several of which may share a pair
_ORPHAN = re.compile(r"\s+(?=[.,;:!?])|[,;]\s*(?=[.!?])")  # what brackets leave behind
_BETWEEN = re.compile(r"(?<=[.!?\]])\s+(?=[A-Z\"])")  # sentences; citations belong to the one before them


class FreeWriter:
    """Writes the steps of an explanation with a language model."""

    def __init__(self, write: Write) -> None:
        """Keep what writes.

        Args:
            write: takes an instruction and a request, gives text.
        """
        self._write = write

    def __call__(self, material: Material) -> tuple[Step, ...]:
        """Write the five steps."""
        request = render(
            "explain/request",
            text=material.text,
            likeliest=sorted(material.after.items(), key=lambda item: -item[1])[:4],
            top=likeliest(material.before),
            before=material.before[likeliest(material.before)],
            cues=material.cues[:_SHOWN],
            evidence=material.evidence,
            examples=material.examples,
            causes=material.causes,
        )
        said = read_steps(self._write(render("explain/system", steps=STEPS), request))
        return tuple(said.get(step.name, step) for step in write_steps(material))


def read_steps(text: str) -> dict[str, Step]:
    """Read what a model wrote; of two lines for a step the first counts."""
    found: dict[str, Step] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or match[1].lower() in found:
            continue
        sentences = tuple(filter(None, map(_sentence, _BETWEEN.split(match[2]))))[:_MOST]
        name: Any = match[1].lower()
        if sentences:
            found[name] = Step(name=name, sentences=sentences)
    return found


def local_model(name: str, *, device: str | None = None) -> Write:
    """Return what writes with a local model, always the likeliest word (so the same text gives the same explanation).

    Args:
        name: as in `load_language_model`.
        device: torch device; a GPU if there is one when None.

    Raises:
        ModelError: the model can't be used here, or has no chat template.
    """
    import torch

    from thymos.adapters.llm.load import load_language_model

    loaded = load_language_model(name, device=device)
    if not getattr(loaded.tokenizer, "chat_template", None):
        raise ModelError(f"writer must be instruction-tuned, got {name!r} without a chat template; choose another")

    def write(system: str, request: str) -> str:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": request}]
        tokens: Any = loaded.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        ).to(loaded.device)
        with torch.inference_mode():
            out = loaded.model.generate(**tokens, max_new_tokens=_NEW_TOKENS, do_sample=False)
        said: str = loaded.tokenizer.decode(out[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True)
        return said

    return write


def _sentence(text: str) -> Sentence | None:
    brackets = " ".join(re.findall(r"\[[^\]]*\]", text))
    citations = tuple(dict.fromkeys(_CITATION.findall(brackets)))
    words = _ORPHAN.sub("", " ".join(re.sub(r"\[[^\]]*\]", "", text).split())).strip(" ,;*_")
    if not re.search(r"\w", words):
        return None
    return Sentence(text=words[:_LONGEST], citations=citations)
