"""All gates by name, in the order in which they judge, and how each is made of what a run has.

A gate whose material is not there (no test sets, no training data) is left out, and the report says so.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from thymos.agent.synth.gates.contamination import ContaminationGate
from thymos.agent.synth.gates.diversity import DiversityGate
from thymos.agent.synth.gates.duplicates import DuplicatesGate
from thymos.agent.synth.gates.gate import Gate, SetGate
from thymos.agent.synth.gates.language import LanguageGate
from thymos.agent.synth.gates.leakage import CAP, LeakageGate
from thymos.agent.synth.gates.memorisation import MemorisationGate
from thymos.agent.synth.gates.personal import PersonalGate
from thymos.agent.synth.gates.relabel import Agree, Readings, RelabelGate, TurnsGate
from thymos.agent.synth.gates.slurs import SlursGate
from thymos.agent.synth.plan import Plan
from thymos.agent.synth.vectors import Vectors
from thymos.prompts.errors import InputError
from thymos.retrieval.heard import Heard

# `format` is no choice: what has not the form can't be judged by the others.
BY_THEMSELVES = ("language", "personal", "slurs", "relabel", "turns")
BY_THE_SET = ("leakage", "contamination", "memorisation", "duplicates", "diversity")
SWITCHABLE = (*BY_THEMSELVES, *BY_THE_SET)


@dataclass(frozen=True)
class Material:
    """What gates are made of.

    Attributes:
        tests: name -> texts of test sets.
        sources: texts that the writer learnt from, and examples that it is shown.
        vectors: of texts; None looks at words and letters alone.
        agree: what counts as agreement of the blind labeler.
        sure: least probability of the asked label.
        leak_cap: share of a label's kept rows that may name it.
        slurs: words of a user's own.
        heard: what the writer learnt from, as hashes.
    """

    tests: Mapping[str, Sequence[str]]
    sources: Sequence[str] = ()
    vectors: Vectors | None = None
    agree: Agree = "top"
    sure: float = 0.0
    leak_cap: float = CAP
    slurs: Collection[str] = ()
    heard: Heard | None = None


@dataclass(frozen=True)
class Gates:
    """What judges.

    Attributes:
        alone: by themselves, a batch at a time.
        among: by what was kept before.
        off: name -> why it does not judge.
    """

    alone: tuple[Gate, ...]
    among: tuple[SetGate, ...]
    off: Mapping[str, str]


def build_gates(plan: Plan, readings: Readings, material: Material, without: Collection[str] = ()) -> Gates:
    """Make the gates of a run.

    Args:
        plan: rows to come.
        readings: of the blind labeler.
        material: what gates are made of.
        without: names of gates that shall not judge.

    Raises:
        InputError: a name is no gate's, or the language can't be told.
    """
    check_names(without)
    off = dict.fromkeys(without, "switched off")
    if plan.wish.turns[1] == 1:
        off.setdefault("turns", "there are no conversations")
    if not material.tests:
        off.setdefault("contamination", "no test set was named")
    if not material.sources and material.heard is None:
        off.setdefault("memorisation", "no training data of the writer were named")
    counts, vectors, agree = plan.wish.counts, material.vectors, material.agree
    alone: dict[str, Callable[[], Gate]] = {
        "language": lambda: LanguageGate(plan.wish.language),
        "personal": PersonalGate,
        "slurs": lambda: SlursGate(material.slurs),
        "relabel": lambda: RelabelGate(readings, agree, material.sure),
        "turns": lambda: TurnsGate(readings, agree),
    }
    among: dict[str, Callable[[], SetGate]] = {
        "leakage": lambda: LeakageGate(plan.taxonomy, counts, material.leak_cap),
        "contamination": lambda: ContaminationGate(material.tests, vectors),
        "memorisation": lambda: MemorisationGate(material.sources, vectors, heard=material.heard),
        "duplicates": lambda: DuplicatesGate(vectors),
        "diversity": lambda: DiversityGate(counts),
    }
    return Gates(
        alone=tuple(alone[name]() for name in BY_THEMSELVES if name not in off),
        among=tuple(among[name]() for name in BY_THE_SET if name not in off),
        off={name: off[name] for name in SWITCHABLE if name in off},
    )


def check_names(names: Collection[str]) -> None:
    """Refuse names that are no gate's.

    Raises:
        InputError: one is none of `SWITCHABLE`.
    """
    for name in names:
        if name not in SWITCHABLE:
            raise InputError(f"gate must be one of {', '.join(SWITCHABLE)}, got {name!r}; correct --without")
