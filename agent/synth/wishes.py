"""From the words of the command line to a `Wish`; and what it will take.

Takes text; gives checked values. Knows nothing of models.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from thymos.agent.synth.plan import LENGTHS, Plan
from thymos.prompts.errors import InputError
from thymos.prompts.taxonomy import Taxonomy
from thymos.prompts.wish import INTENSITIES, WORDS

ASK_FROM = 5_000  # rows of which a run is agreed to first
MOST = 10_000_000  # rows that one run may have
_TOKENS_PER_WORD = 1.4
_TOKENS_A_SECOND = 130  # of the embedded model on two cores, roughly; a server's may be anything


def counts_of(told: Collection[str], taxonomy: Taxonomy) -> dict[str, int]:
    """Return label -> rows, from `joy=20` and `20`.

    Raises:
        InputError: a count is none, below 1 or far too large, or a label is unknown.
    """
    counts: dict[str, int] = {}
    for each in told:
        name, separator, number = each.rpartition("=")
        if not number.strip().isdecimal() or (separator and not name.strip()):
            raise InputError(f"count must be LABEL=NUMBER or a number, got {each!r}; for example --count joy=20")
        if separator and name.strip() not in taxonomy.names:
            raise InputError(f"label must be one of {', '.join(taxonomy.names)}, got {name.strip()!r}; correct --count")
        count = int(number)
        if count < 1:
            raise InputError(f"count must be at least 1, got {each!r}; leave the label out")
        for label in (name.strip(),) if separator else taxonomy.names:
            counts[label] = count
    if sum(counts.values()) > MOST:
        raise InputError(f"rows must be at most {MOST:,}, got {sum(counts.values()):,}; ask for fewer")
    return {name: counts[name] for name in taxonomy.names if name in counts}


def turns_of(told: str) -> tuple[int, int]:
    """Return fewest and most turns, from `6` or `4-8`.

    Raises:
        InputError: it is neither.
    """
    low, dash, high = told.partition("-")
    if not low.strip().isdecimal() or (dash and not high.strip().isdecimal()):
        raise InputError(f"turns must be a number or two with a dash between, got {told!r}; for example --turns 4-8")
    return int(low), int(high) if dash else int(low)


def choice_of(told: str, among: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return names with commas between, in their own order.

    Raises:
        InputError: a name is none of these, or there is none.
    """
    wanted = {each.strip() for each in told.split(",") if each.strip()}
    if not wanted or wanted - set(among):
        raise InputError(f"{what} must be of {', '.join(among)}, got {told!r}; correct --{what}")
    return tuple(each for each in among if each in wanted)


def intensities_of(told: str) -> tuple[str, ...]:
    """Return the wished intensities."""
    return choice_of(told, INTENSITIES, "intensity")


def lengths_of(told: str) -> tuple[str, ...]:
    """Return the wished lengths."""
    return choice_of(told, LENGTHS, "length")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take, roughly.

    Attributes:
        rows: of the plan.
        texts: that are written if every row succeeds at once.
        tokens: of these.
        seconds: with the embedded model on two cores.
    """

    rows: int
    texts: int
    tokens: int
    seconds: float

    def told(self) -> str:
        """Return it in a phrase."""
        hours = self.seconds / 3600
        minutes = max(1, round(self.seconds / 60))
        time = f"{hours:,.0f} hours" if hours >= 2 else f"{minutes:,} minute{'' if minutes == 1 else 's'}"
        return (
            f"{self.rows:,} rows, {self.texts:,} texts, about {self.tokens:,} tokens: about {time} with the embedded "
            "model on two cores"
        )


def estimate(plan: Plan, candidates: int, tries: int = 1, guidance: float = 1.0) -> Estimate:
    """Return what a plan will take.

    Args:
        plan: rows to come.
        candidates: texts for each.
        tries: times that each of these is written, or each turn of it with a label: here as if all had one.
        guidance: above 1, each text is computed after two prompts.
    """
    wish = plan.wish
    spread: Mapping[str, tuple[int, int]] = {name: WORDS[name] for name in wish.lengths}
    words = sum(low + high for low, high in spread.values()) / (2 * len(spread))
    texts = plan.rows * candidates * tries
    tokens = int(texts * words * _TOKENS_PER_WORD * sum(wish.turns) / 2)
    return Estimate(plan.rows, texts, tokens, tokens * (1 if guidance == 1 else 2) / _TOKENS_A_SECOND)
