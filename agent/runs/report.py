"""`RunReport`: what a run left. Also tells an output that is already this run's from somebody else's.

Takes a destination and a fingerprint; reads the output's provenance. Writes nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from thymos.agent.runs.destination import Destination
from thymos.agent.runs.identity import Fingerprint
from thymos.agent.runs.provenance import Provenance, others_beside, read_provenance
from thymos.prompts.errors import RunError


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run left.

    Attributes:
        out: the output file.
        errors: the file of bad rows, or None when there are none.
        provenance: fingerprint and counts, as the output carries them.
        resumed: input rows that an earlier session had labelled.
        already_done: True when the output was there and nothing had to be done.
    """

    out: Path
    errors: Path | None
    provenance: Provenance
    resumed: int = 0
    already_done: bool = False

    @classmethod
    def of(
        cls, place: Destination, provenance: Provenance, *, resumed: int = 0, already_done: bool = False
    ) -> "RunReport":
        """Build the report of a finished output."""
        errors = place.errors if provenance.bad_rows else None
        return cls(place.out, errors, provenance, resumed, already_done)


def finished_earlier(place: Destination, fingerprint: Fingerprint) -> RunReport | None:
    """Return the report of an output that this very run wrote, None when there is no output.

    Raises:
        RunError: the output is somebody else's.
    """
    if not place.out.exists():
        return None
    earlier = refuse_foreign(place)
    different = Fingerprint(earlier.identity).differences(fingerprint)
    if different:
        raise RunError(
            f"output must not hold another run's rows, got {place.out.name}: {'; '.join(different)}; choose "
            "another name with -o or pass --overwrite"
        )
    return RunReport.of(place, earlier, already_done=True)


def refuse_beside(place: Destination) -> None:
    """Refuse what stands beside an output that is not there, and is another's: it would be replaced.

    Raises:
        RunError: there is something.
    """
    other = None if place.run_folder.exists() else others_beside(place)
    if other is not None:
        raise RunError(
            f"{other.name} must be of this output, got one of another; choose another name with -o, move it, or pass "
            "--overwrite"
        )


def refuse_foreign(place: Destination) -> Provenance:
    """Return where an existing output comes from.

    Raises:
        RunError: no run wrote it, or it was changed since.
    """
    provenance = read_provenance(place)
    if provenance is None:
        raise RunError(
            f"output must be new or from this run, got {place.out.name}, which no run wrote or which was "
            "changed since; choose another name with -o or pass --overwrite"
        )
    return provenance
