"""An interrupted run goes on where it stopped and ends in the same bytes."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest

from tests.agent.runs.fakes import CountingCorpus, HashLabeler
from thymos.adapters.corpus import BadRow
from thymos.adapters.sample import Sample
from thymos.agent.prediction import Prediction
from thymos.agent.runs.progress import Progress
from thymos.agent.runs.run import run
from thymos.agent.runs.stop import RunStoppedError
from thymos.prompts.errors import ModelError, RowError, RunError


class Failing(HashLabeler):
    """Gives up at the third batch."""

    def label_batch(self, samples: Sequence[Sample]) -> list[Prediction | RowError]:
        if len(self.batches) == 2:
            raise ModelError("memory must be there, got none")
        return super().label_batch(samples)


def interrupted(out: Path, rows: int = 50, keep_columns: tuple[str, ...] = ()) -> None:
    """Leave a run of five shards with two of them."""
    with pytest.raises(ModelError):
        run(CountingCorpus(rows), Failing(), out, chunk_rows=10, keep_columns=keep_columns)


def test_a_resumed_run_labels_only_what_is_left_and_gives_the_same_bytes(tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.parquet"
    run(CountingCorpus(50), HashLabeler(), quiet, chunk_rows=10)
    out = tmp_path / "labels.parquet"
    interrupted(out)
    labeler = HashLabeler()
    seen: list[Progress] = []
    report = run(CountingCorpus(50), labeler, out, chunk_rows=10, on_progress=seen.append)
    assert [batch[0] for batch in labeler.batches] == ["r21", "r31", "r41"]
    assert report.resumed == 20
    assert seen[1] == Progress("label", 20, 0, 20, 50)
    assert out.read_bytes() == quiet.read_bytes()
    assert not (tmp_path / "labels.run").exists()


def test_an_unfinished_run_leaves_no_output_and_no_lock(tmp_path: Path) -> None:
    interrupted(tmp_path / "labels.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["labels.run"]


def test_a_changed_parameter_refuses_to_mix_and_says_what_differs(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    interrupted(out)
    with pytest.raises(RunError, match=r"count was 50, now 60; model was hash, now other; .*--restart"):
        run(CountingCorpus(60), HashLabeler(model="other"), out, chunk_rows=10)
    with pytest.raises(RunError, match=r"chunk_rows was 10, now 5"):
        run(CountingCorpus(50), HashLabeler(), out, chunk_rows=5)


def test_restart_throws_the_unfinished_run_away(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    interrupted(out)
    labeler = HashLabeler(model="other")
    assert run(CountingCorpus(50), labeler, out, chunk_rows=10, restart=True).resumed == 0
    assert len(labeler.batches) == 5


def test_restart_does_not_remove_what_no_run_wrote(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    interrupted(out)
    precious = tmp_path / "labels.run" / "thesis.tex"
    precious.write_text("mine")
    with pytest.raises(RunError, match=r"only what a run wrote, got 'thesis.tex'"):
        run(CountingCorpus(50), HashLabeler(), out, chunk_rows=10, restart=True)
    assert precious.read_text() == "mine"


def test_an_interrupt_that_a_library_raises_is_a_polite_stop_too(tmp_path: Path) -> None:
    class Interrupted(CountingCorpus):
        def __iter__(self) -> Iterator[Sample | BadRow]:
            yield from islice(super().__iter__(), 25)
            raise KeyboardInterrupt

    with pytest.raises(RunStoppedError, match="stopped after 20 rows") as stop:
        run(Interrupted(50), HashLabeler(), tmp_path / "labels.csv", chunk_rows=10)
    assert stop.value.exit_code == 130


def test_a_damaged_shard_is_labelled_again(tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.csv"
    run(CountingCorpus(50), HashLabeler(), quiet, chunk_rows=10)
    out = tmp_path / "labels.csv"
    interrupted(out)
    shard = tmp_path / "labels.run" / "000000.arrow"
    shard.write_bytes(shard.read_bytes()[:100])
    labeler = HashLabeler()
    run(CountingCorpus(50), labeler, out, chunk_rows=10)
    assert [batch[0] for batch in labeler.batches] == ["r1", "r21", "r31", "r41"]
    assert out.read_bytes() == quiet.read_bytes()


def test_another_format_goes_on_with_the_same_shards(tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.csv"
    run(CountingCorpus(50), HashLabeler(), quiet, chunk_rows=10)
    interrupted(tmp_path / "labels.parquet")
    assert run(CountingCorpus(50), HashLabeler(), tmp_path / "labels.csv", chunk_rows=10).resumed == 20
    assert (tmp_path / "labels.csv").read_bytes() == quiet.read_bytes()


def test_a_kept_column_that_later_chunks_lack_does_not_stop_a_resumed_run(tmp_path: Path) -> None:
    class Sparse(CountingCorpus):
        def __iter__(self):  # type: ignore[no-untyped-def]
            for number in range(1, 51):
                yield Sample(str(number), "a", metadata={"early": 1} if number < 5 else {"late": 2})

    out = tmp_path / "labels.csv"
    with pytest.raises(ModelError):
        run(Sparse(50), Failing(), out, chunk_rows=10, keep_columns=("early",))
    assert run(Sparse(50), HashLabeler(), out, chunk_rows=10, keep_columns=("early",)).resumed == 20


def test_a_done_output_leaves_the_shards_of_another_run_alone(tmp_path: Path) -> None:
    out = tmp_path / "labels.csv"
    run(CountingCorpus(30), HashLabeler(), out, chunk_rows=10)
    with pytest.raises(ModelError):
        run(CountingCorpus(50), Failing(), out, chunk_rows=10, overwrite=True)
    assert run(CountingCorpus(30), HashLabeler(), out, chunk_rows=10).already_done
    assert run(CountingCorpus(50), HashLabeler(), out, chunk_rows=10, overwrite=True).resumed == 20
