"""`thymos ask`: one text in, an answer with its reasons out, on the terminal, as JSON or as a page.

Takes words; asks the `Reasoner`. The work is done in `thymos.agent.reasoning`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from thymos.agent.cli.kb_bar import opened
from thymos.agent.cli.label_flags import ModelFlags
from thymos.prompts.errors import InputError

if TYPE_CHECKING:
    from thymos.adapters.sample import Turn

Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def ask(
    text: str = "",
    /,
    *,
    speech: str | None = None,
    face: str | None = None,
    physiology: str | None = None,
    context: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    speaker: str | None = None,
    taxonomy: str = "goemotions",
    no_retrieval: Flag = False,
    budget: Annotated[int, Parameter(validator=Number(gte=2))] = 48,
    kb: Annotated[Path | None, Parameter(name="--kb", show_default=False)] = None,
    causes: str | None = None,
    writer: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
    html: Path | None = None,
    model: ModelFlags = ModelFlags(),  # noqa: B008  (frozen)
) -> None:
    """Ask what a text expresses, and why.

        thymos ask "I miss her so much, the house is empty."
        thymos ask "Fine." --speaker Ann --context "Bob: I forgot your birthday." --taxonomy ekman
        thymos ask "Great, another delay." --json
        thymos ask "I can't believe we won!" --html why.html
        thymos ask --speech clip.wav --adapter runs/voice/adapter --taxonomy ravdess

    Each phrase and each earlier turn is left out in turn and the rest scored again: that is what a cue's weight is.
    Passages of the knowledge base say what the label means; they never change it. Labelled examples do where `thymos kb
    weigh` found that they help.

    Args:
        text: What somebody said or wrote; may be left out where there is a recording.
        speech: Recording of the voice, or a part of it: `clip.wav#t=3.5,8` in seconds.
        face: Picture or video of the face, or a person in it: `crowd.jpg#xywh=160,120,320,240` in pixels.
        physiology: Recording of the body, or a part of it: `wrist.csv#t=60,120` in seconds.
        context: An earlier turn, `Speaker: words` or only words; may be repeated, oldest first.
        speaker: Who says the text.
        taxonomy: Built-in label set, or your own YAML file.
        no_retrieval: Recall no passages.
        budget: Scorings at most; more measure finer parts of a long text.
        kb: Folder of the knowledge base.
        causes: Adapter tuned with the recipe `cause`, which finds the turns that brought the feeling about.
        writer: What writes the steps; templates unless given. An adapter of the recipe `explain`, which also names the
            words that brought the feeling about; or an instruction-tuned model, in its own words: its citations are
            checked, what it makes of them is not, and good sentences take some billions of parameters.
        as_json: Print the whole result as JSON.
        html: Write a page with highlighted cues and sources that open.
        model: see the group Model.
    """
    from rich.console import Console

    from thymos.adapters.readers.media import media_sample
    from thymos.adapters.scoring.shared import SharedModel
    from thymos.adapters.whole_file import whole_file
    from thymos.agent.cli.ask_text import terminal
    from thymos.agent.examples import are_weighed
    from thymos.agent.labeler import Labeler
    from thymos.agent.language import doubt
    from thymos.agent.reasoning.causes import CauseFinder
    from thymos.agent.reasoning.choice import writer_of
    from thymos.agent.reasoning.page import page
    from thymos.agent.reasoning.reasoner import Reasoner
    from thymos.agent.reasoning.writing import write_steps
    from thymos.prompts.catalogue import load_taxonomy
    from thymos.retrieval.builtin import default_folder

    media = {"speech": speech, "face": face, "physiology": physiology}
    if not text.strip() and not any(media.values()):
        raise InputError('text must say something, got nothing; write thymos ask "what was said"')
    sample = media_sample(text, speaker, tuple(map(_turn, context)), media)
    given: dict[str, Any] = {name: value for name, value in asdict(model).items() if value is not None}
    folder = kb or default_folder()
    weighed = folder if not no_retrieval and are_weighed(folder, load_taxonomy(taxonomy)) else None
    if causes is not None and not context:
        raise InputError("causes must be looked for among earlier turns, got none; give them with --context")
    if causes is not None and model.load_in is not None:
        raise InputError(f"--causes must go without --load-in, got {model.load_in}: quantised weights are not shared")
    finder = None
    if causes is not None:  # two adapters on one model in memory
        shared = SharedModel.load(model.model, device=model.device, engine=model.engine)
        finder = CauseFinder.from_pretrained(causes, shared)
        given = {"model": shared} | {name: given[name] for name in given if name not in ("model", "device", "engine")}
    try:
        labeler = Labeler.from_pretrained(taxonomy=taxonomy, kb=weighed, **given)
    except InputError as error:
        if weighed is None:
            raise
        Console(stderr=True, markup=False, highlight=False).print(f"examples do not vote: {error}")
        labeler = Labeler.from_pretrained(taxonomy=taxonomy, **given)
    steps = write_steps if writer is None else writer_of(writer, model.model, model.device)
    base = None if no_retrieval else opened(kb)
    if unread := [name for name in sample.modalities if name not in ("text", *labeler.modalities)]:
        message = f"{' and '.join(unread)} will not be read: the adapter has no projector for it; name one that has"
        Console(stderr=True, markup=False, highlight=False).print(message, soft_wrap=True)
    if doubted := doubt([text], model.model):
        Console(stderr=True, markup=False, highlight=False).print(f"{doubted}; name another --model", soft_wrap=True)
    reasoner = Reasoner(
        labeler,
        labeler.taxonomy.name,
        base,
        budget=budget,
        causes=finder,
        writer=steps,
        observe=labeler.observe,
    )
    reasoning = reasoner.reason(sample)
    if html is not None:
        with whole_file(html) as file:
            file.write(page(reasoning).encode())
    console = Console()
    if as_json:
        console.print(reasoning.model_dump_json(indent=1), markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(terminal(reasoning))
    if html is not None:
        Console(stderr=True).print(f"wrote {html}", markup=False, highlight=False)


def _turn(said: str) -> "Turn":
    """Read `Speaker: words`."""
    from thymos.adapters.sample import Turn

    speaker, colon, words = said.partition(":")
    if colon and words.strip() and len(speaker.split()) <= 3:
        return Turn(words.strip(), speaker.strip())
    return Turn(said.strip())
