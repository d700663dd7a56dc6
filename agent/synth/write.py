"""`Maker`: plan rows in, kept rows out. Several texts are written for each, judged, and the best or newest is kept.

Takes a writer, gates and a labeler that ranks, through their protocols; gives a `Batch` per chunk of rows. A row for
which nothing passes is tried again a bounded number of times, and then counted. Knows nothing of files.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from thymos.agent.synth.gates.gate import Gate, SetGate
from thymos.agent.synth.gates.relabel import Readings, likeliest
from thymos.agent.synth.novelty import Novelty
from thymos.agent.synth.plan import PlanRow
from thymos.agent.synth.reading import NAME as FORMAT
from thymos.agent.synth.reading import read_text
from thymos.agent.synth.records import Record, malformed, record
from thymos.agent.synth.request import Requests, prompt_sha256
from thymos.agent.synth.seeds import Seeds
from thymos.agent.synth.values import Ask, Candidate, Verdict, Writer
from thymos.prompts.errors import RowError, RunError

CANDIDATES = 4
ROUNDS = 2


@dataclass
class Tally:
    """What became of the texts of some rows.

    Attributes:
        rows: of the plan.
        kept: of these, rows with a text.
        written: texts.
        well_formed: of these.
        spare: texts that passed what judged them, where another was better.
        malformed: reason -> texts.
        dropped: gate -> texts, each counted at the first gate that dropped it.
        read: asked label -> label read without knowing it -> well-formed texts, before any gate.
    """

    rows: int = 0
    kept: int = 0
    written: int = 0
    well_formed: int = 0
    spare: int = 0
    malformed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    read: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, told: Mapping[str, Any]) -> None:
        """Add another's counts, as `told` gave them."""
        for name in ("rows", "kept", "written", "well_formed", "spare"):
            setattr(self, name, getattr(self, name) + told[name])
        self.malformed.update(told["malformed"])
        self.dropped.update(told["dropped"])
        for asked, counts in told["read"].items():
            self.read[asked].update(counts)

    def told(self) -> dict[str, Any]:
        """Return the counts as JSON values, in an order of their own."""
        return {
            "rows": self.rows,
            "kept": self.kept,
            "written": self.written,
            "well_formed": self.well_formed,
            "spare": self.spare,
            "malformed": dict(sorted(self.malformed.items())),
            "dropped": dict(self.dropped),
            "read": {asked: dict(sorted(counts.items())) for asked, counts in sorted(self.read.items())},
        }


@dataclass
class Batch:
    """What became of a chunk of plan rows: kept and dropped rows, and counts."""

    kept: list[Record] = field(default_factory=list)
    dropped: list[Record] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


class Maker:
    """Writes, judges and chooses."""

    def __init__(
        self,
        writer: Writer,
        requests: Requests,
        gates: Sequence[Gate],
        set_gates: Sequence[SetGate],
        judge: Readings,
        *,
        guide: Readings | None = None,
        seeds: Seeds | None = None,
        candidates: int = CANDIDATES,
        rounds: int = ROUNDS,
        novelty: Novelty | None = None,
    ) -> None:
        """Keep what works.

        Args:
            writer: writes.
            requests: makes asks of rows.
            gates: judge texts by themselves, in this order.
            set_gates: judge what passed those, by what was kept before.
            judge: a labeler's readings, for the counts.
            guide: readings by which texts of one row are ranked; the judge's unless given.
            seeds: a user's examples.
            candidates: texts that are written for a row at a time.
            rounds: times that a row is tried.
            novelty: of the texts that will do, the newest by it is kept; None keeps the one that reads best as asked.
        """
        self._writer = writer
        self._told = dict(writer.identity())
        self._requests = requests
        self._gates = gates
        self._set_gates = set_gates
        self._judge = judge
        self._guide = guide or judge
        self._seeds = seeds
        self._candidates = candidates
        self._rounds = rounds
        self._novelty = novelty

    def identity(self) -> dict[str, object]:
        """Return what makes the rows of a plan these rows, as JSON values."""
        return {
            "writer": self._told,
            "prompt": self._requests.identity(),
            "guide": dict(self._guide.identity()),
            "gates": {gate.name: dict(gate.identity()) for gate in (*self._gates, *self._set_gates)},
            "seeds": self._seeds.sha256 if self._seeds else None,
            "candidates": self._candidates,
            "rounds": self._rounds,
            **({"novelty": dict(self._novelty.identity())} if self._novelty else {}),
        }

    def make(self, rows: Sequence[PlanRow]) -> Batch:
        """Write the texts of some rows."""
        batch = Batch()
        batch.tally.rows = len(rows)
        kept: dict[str, Record] = {}
        for number in range(self._rounds):
            waiting = [row for row in rows if row.id not in kept]
            if not waiting:
                break
            told = self._written(waiting, number, batch)
            for row in waiting:
                found = self._chosen(told[row.id], batch)
                if found is not None:
                    kept[row.id] = found
        batch.kept = [kept[row.id] for row in rows if row.id in kept]
        batch.tally.kept = len(batch.kept)
        return batch

    def recall(self, kept: Candidate) -> None:
        """Take note of a row that an earlier session kept."""
        for gate in self._set_gates:
            gate.remember(kept)
        if self._novelty:
            self._novelty.remember(kept.text)

    def ask(self, row: PlanRow, number: int) -> Ask:
        """Return what the writer is asked for a row's candidate."""
        examples = self._seeds.near(row, self._requests.scenario(row)) if self._seeds else ()
        return self._requests.ask(row, number, examples)

    def _written(self, rows: Sequence[PlanRow], turn: int, batch: Batch) -> dict[str, list[tuple[Candidate, Any]]]:
        """Write; return row id -> candidates with their verdicts, the best first."""
        numbers = range(turn * self._candidates, (turn + 1) * self._candidates)
        # Not row by row: a local decoder then finds the prompt of a row's second text where its first one was written.
        wishes = [(row, number, self.ask(row, number)) for number in numbers for row in rows]
        texts = self._writer.write([ask for _, _, ask in wishes])
        if len(texts) != len(wishes):
            raise RunError(
                f"writer must give one text per request, got {len(texts)} for {len(wishes)}; mend "
                f"{type(self._writer).__name__}.write"
            )
        formed: list[Candidate] = []
        for (row, number, ask), raw in zip(wishes, texts, strict=True):
            batch.tally.written += 1
            turns = read_text(row, raw)
            prompt = prompt_sha256(ask)
            if isinstance(turns, str):
                batch.tally.malformed[turns] += 1
                batch.tally.dropped[FORMAT] += 1
                batch.dropped.append(
                    malformed(
                        row,
                        self._told,
                        raw,
                        turns,
                        situation=self._requests.scenario(row),
                        number=number,
                        seed=ask.seed,
                        prompt=prompt,
                    )
                )
            else:
                formed.append(Candidate(row, turns, number, ask.seed, prompt))
        return self._judged(rows, formed, batch)

    def _judged(
        self, rows: Sequence[PlanRow], formed: Sequence[Candidate], batch: Batch
    ) -> dict[str, list[tuple[Candidate, Any]]]:
        """Judge candidates by themselves, and put the best of each row first."""
        found: dict[str, list[tuple[Candidate, Any]]] = {row.id: [] for row in rows}
        if not formed:
            return found
        batch.tally.well_formed += len(formed)
        for candidate, reading in zip(formed, self._judge.read(formed), strict=True):
            answer = reading[candidate.target]
            read = "unreadable" if isinstance(answer, RowError) else likeliest(answer)
            batch.tally.read[candidate.row.label][read] += 1
        verdicts: list[dict[str, Verdict]] = [{FORMAT: Verdict(True)} for _ in formed]
        for gate in self._gates:
            for each, verdict in zip(verdicts, gate.check(formed), strict=True):
                each[gate.name] = verdict
        ranks = self._guide.asked(formed)
        order = sorted(range(len(formed)), key=lambda place: (-ranks[place], formed[place].number))
        for place in order:
            found[formed[place].row.id].append((formed[place], verdicts[place]))
        return found

    def _chosen(self, candidates: Sequence[tuple[Candidate, dict[str, Verdict]]], batch: Batch) -> Record | None:
        """Return the best candidate, or the newest, that every gate lets pass; put the dropped ones aside."""
        chosen: Record | None = None
        for candidate, verdicts in sorted(candidates, key=self._newness):
            failed = next((name for name, verdict in verdicts.items() if not verdict.kept), "")
            if not failed and chosen is not None:
                batch.tally.spare += 1
                continue
            if not failed:
                failed = self._among_kept(candidate, verdicts)
            if failed:
                batch.tally.dropped[failed] += 1
                batch.dropped.append(self._record(candidate, verdicts, failed))
                continue
            self.recall(candidate)
            chosen = self._record(candidate, verdicts)
        return chosen

    def _newness(self, judged: tuple[Candidate, Mapping[str, Verdict]]) -> float:
        """Return what candidates are sorted by, least first: the same for all where the order is to stay."""
        candidate, verdicts = judged
        if self._novelty is None or not all(verdict.kept for verdict in verdicts.values()):
            return 0.0
        return -self._novelty.of(candidate.text)

    def _record(self, candidate: Candidate, verdicts: Mapping[str, Verdict], dropped_by: str = "") -> Record:
        return record(candidate, self._told, verdicts, self._requests.scenario(candidate.row), dropped_by)

    def _among_kept(self, candidate: Candidate, verdicts: dict[str, Verdict]) -> str:
        """Judge a candidate by what was kept before; return the gate that drops it, or ""."""
        for gate in self._set_gates:
            (verdicts[gate.name],) = gate.check([candidate])
            if not verdicts[gate.name].kept:
                return gate.name
        return ""
