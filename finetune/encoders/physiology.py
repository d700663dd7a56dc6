"""`train_physiology_encoder`: a folder with an encoder of physiology, from Stress-Predict.

Takes the corpus' folder; writes settings, weights and card, whole or not at all. What it writes has seen every subject:
figures for people it has not seen come from `leave_one_subject_out`, which fits anew for each.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save

from thymos.adapters.physiology.encoder import SETTINGS, VERSION, WEIGHTS
from thymos.adapters.readers.files import sha256_file
from thymos.adapters.whole_file import whole_file, whole_folder
from thymos.finetune.encoders.physiology_data import CONDITIONS, TABLE, Windows, read_windows
from thymos.finetune.encoders.physiology_fit import FitPlan, Trainee, fit, probabilities
from thymos.finetune.surroundings import commit
from thymos.prompts.errors import InputError

NAME = "thymos-physiology-1"
_CARD = """\
---
license: apache-2.0
library_name: thymos
tags:
- physiology
- affective-computing
- thymos
datasets:
- stress-predict
---

# {name}

Frames of 15 s of what a body shows, for a language model to hear: {learnt} numbers that small convolutions learnt of
the pulse wave (32 Hz), skin conductance and skin temperature (4 Hz), {features} measured features, the same relative to
the person's own recording, and what is missing; {dim} numbers a frame.

| what | value |
|---|---|
| data | Stress-Predict, Iqbal et al. 2022, doi 10.3390/s22218135, MIT (c) 2022 Talha Iqbal |
| SHA-256 of `segments.csv` | `{table}` |
| people | {subjects}, all of them: nothing was held out for this file |
| rows | {rows} windows of 60 s, every 30 s; questionnaire left out |
| first | {hidden} epochs of guessing hidden stretches of the signal, without labels |
| then | {told} epochs of telling {conditions} apart, what was induced, not what was felt |
| seed | {seed} |
| parameters | {parameters:,}, of which {kept:,} are kept here |
| command | `train_physiology_encoder(Path("stress_predict"), Path("physiology"), seed={seed})` |
| commit | {commit} |

## How good it is

On people it has not seen, each left out in turn with an encoder fitted anew on the others:
`python benchmarks/physiology_baselines.py --data stress_predict --encoder` prints the figures. On the people above it
would flatter itself.

## Limits

One wristband (Empatica E4), healthy adults, one laboratory, one order of stressors. It tells effort and stress of the
body from rest, not which feeling is felt; skin and pulse say much about arousal and little about valence. Relative
features use the whole recording of the same person, without labels, what comes after a window too. The European
Union's AI Act (Regulation 2024/1689, Article 5) forbids inferring emotions from such signals in workplaces and
schools, with narrow exceptions for medical and safety reasons. It is no medical device.
"""


def train_physiology_encoder(
    data: Path,
    output: Path,
    *,
    seed: int = 0,
    plan: FitPlan | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> None:
    """Train an encoder on all subjects of Stress-Predict and write it.

    Stopped and called again with the same arguments, it goes on after the last whole epoch and ends with the same
    weights to the byte.

    Args:
        data: folder of the corpus, with `segments.csv`.
        output: folder to write; what was there before is replaced when the new one is whole.
        seed: of weights, order, dropout and masks.
        plan: how it is fitted.
        on_progress: called with a sentence after each subject and epoch.

    Raises:
        InputError: the corpus is not there or cannot be read, `output` holds something else than an encoder, or there
            are checkpoints of another run.
        OutputError: the disk is full or refuses.
    """
    plan = plan or FitPlan()
    _check_place(output)
    windows = read_windows(data, on_progress=on_progress)
    checkpoints = output.with_name(output.name + ".run")
    trainee = fit(
        windows,
        plan,
        seed=seed,
        checkpoints=checkpoints,
        on_epoch=lambda epoch, loss: (
            on_progress(f"epoch {epoch} of {plan.epochs}: loss {loss:.4f}") if on_progress else None
        ),
    )
    with whole_folder(output, replace=True) as stage:
        write_encoder(trainee, stage, card=_card(trainee, windows, plan, seed, sha256_file(data / TABLE)))
    shutil.rmtree(checkpoints, ignore_errors=True)


def _check_place(output: Path) -> None:
    """Refuse to replace what is no encoder of this kind."""
    own = output.is_dir() and all((output / name).is_file() for name in (WEIGHTS, SETTINGS))
    empty = not output.exists() or (output.is_dir() and not any(output.iterdir()))
    if not own and not empty:
        raise InputError(
            f"output must be a new folder, or one with an encoder of the body, got {str(output)!r}; choose another"
        )


def write_encoder(trainee: Trainee, folder: Path, *, name: str = NAME, card: str = "") -> None:
    """Write what `PhysiologyEncoder` loads into a folder that exists; the head and the guesser are left out.

    Raises:
        OutputError: the disk is full or refuses.
    """
    network = trainee.network
    settings = {"name": name, "version": VERSION, "dim": network.widths.dim, "widths": asdict(network.widths)}
    files = {
        WEIGHTS: save({key: value.contiguous() for key, value in network.state_dict().items()}),
        SETTINGS: (json.dumps(settings, indent=1) + "\n").encode(),
        **({"README.md": card.encode()} if card else {}),
    }
    for file, content in files.items():
        with whole_file(folder / file) as handle:
            handle.write(content)


def leave_one_subject_out(
    windows: Windows,
    plan: FitPlan | None = None,
    *,
    seed: int = 0,
    on_fold: Callable[[str, Trainee], None] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Fit an encoder and head for each subject on the others, and ask them for that subject.

    The held-out subject is in neither stage; what is read of it beside the window asked for is its own baseline, from
    its whole recording and without labels, under `relative`, and nothing under `alone`.

    Args:
        windows: of all subjects.
        plan: how each is fitted.
        seed: of every fit.
        on_fold: called with each subject and what was fitted without it.

    Returns:
        `relative` and `alone`: probabilities over `CONDITIONS`, shape (windows, 4), in the order of the windows.
    """
    found = {name: np.zeros((len(windows), len(CONDITIONS))) for name in ("relative", "alone")}
    for subject in np.unique(windows.subjects):
        out = windows.subjects == subject
        trainee = fit(windows.of(~out), plan or FitPlan(), seed=seed)
        for name in found:
            found[name][out] = probabilities(trainee, windows.of(out), relative=name == "relative")
        if on_fold:
            on_fold(str(subject), trainee)
    return found


def _card(trainee: Trainee, windows: Windows, plan: FitPlan, seed: int, table: str) -> str:
    network, told = trainee.network, commit()
    return _CARD.format(
        name=NAME,
        learnt=network.widths.learnt,
        features=windows.features.shape[-1],
        dim=network.widths.dim,
        table=table,
        subjects=len(np.unique(windows.subjects)),
        rows=f"{len(windows):,}",
        hidden=plan.hidden,
        told=plan.told,
        conditions=", ".join(CONDITIONS),
        seed=seed,
        parameters=sum(each.numel() for each in trainee.parameters()),
        kept=sum(each.numel() for each in network.parameters()),
        commit=told["hash"] if told else "unknown",
    )
