"""`thymos encoders`: the encoders of voice, face and body: which there are, and training those that are ours.

Takes the arguments of the command line; lists, or trains and tells. The work is done in `thymos.finetune.encoders`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from rich.console import Console

command = App(name="encoders")


@command.command(name="list")
def list_() -> None:
    """List the encoders that come along, with what they give.

    thymos encoders list
    """
    from rich.console import Console
    from rich.table import Table

    from thymos.adapters.encoders import encoder_names, load_encoder

    table = Table("encoder", "modality", "numbers a frame", "layers", "fingerprint", box=None, padding=(0, 2, 0, 0))
    for name in encoder_names():
        encoder = load_encoder(name)
        table.add_row(name, encoder.modality, str(encoder.dim), str(encoder.layers), encoder.fingerprint[:12])
    Console().print(table)


@command.command
def train(
    what: Literal["face", "physiology"],
    /,
    *,
    data: Path,
    output: Annotated[Path, Parameter(alias="-o")],
    epochs: float | None = None,
    seed: int = 0,
    quiet: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """Train an encoder; the same command goes on with a run that was interrupted.

        thymos encoders train face --data corpora/face/fer2013_ferplus -o runs/face
        thymos encoders train physiology --data corpora/physio/stress_predict -o runs/body

    The test split of FER2013 is read once, after the last step.

    Args:
        what: Which encoder.
        data: Folder of its corpus: FER2013 with FER+ votes, or Stress-Predict.
        output: Folder to write.
        epochs: Views of each face; for `face` alone.
        seed: Of weights, order and augmentation.
        quiet: Say nothing on the way.
    """
    from rich.console import Console

    from thymos.prompts.errors import InputError

    console = Console(stderr=True, markup=False, highlight=False)
    if what == "face":
        _train_face(data, output, epochs, seed, console, quiet)
        return
    if epochs is not None:
        raise InputError(f"epochs must be left out for physiology, got {epochs}; its plan is fixed")
    from thymos.finetune.encoders.physiology import train_physiology_encoder

    train_physiology_encoder(data, output, seed=seed, on_progress=None if quiet else console.print)
    console.print(f"wrote {output}; a recipe listens to it as `physiology:{output}`")


def _train_face(data: Path, output: Path, epochs: float | None, seed: int, console: "Console", quiet: bool) -> None:
    from rich.progress import Progress

    from thymos.finetune.encoders.face import train_face_encoder
    from thymos.finetune.encoders.face_recipe import EPOCHS

    with Progress(console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("training")

        def tell(step: int, steps: int, loss: float) -> None:
            bar.update(task, completed=step, total=steps, description=f"loss {loss:.3f}")
            if bar.disable and not quiet:
                console.print(f"step {step:,} of {steps:,}, loss {loss:.3f}")

        figures = train_face_encoder(data, output, epochs=epochs or EPOCHS, seed=seed, on_progress=tell)
    for score in filter(None, (figures.valid, figures.test)):
        console.print(f"{score.split}: FER2013 {score.fer2013:.3f}, FER+ {score.ferplus:.3f}")
    if figures.folder is not None:
        console.print(f"wrote {figures.folder}; a recipe sees by it as `face:{figures.folder}`")
