"""Where a run writes: what is refused before anything is opened, and the names beside the output."""

import os
from pathlib import Path

import pytest

from tests.agent.runs.fakes import HashLabeler, ListCorpus, samples
from thymos.agent.runs.destination import Destination
from thymos.agent.runs.run import check_before, run
from thymos.prompts.errors import RunError


def test_what_a_run_keeps_stands_beside_the_output(tmp_path: Path) -> None:
    place = Destination.checked(tmp_path / "my.labels.parquet", "in.csv")
    names = [place.errors.name, place.meta.name, place.run_folder.name, place.lock.name]
    assert names == ["my.labels.errors.jsonl", "my.labels.meta.json", "my.labels.run", "my.labels.run.lock"]
    assert place.out.parent == place.run_folder.parent == tmp_path.resolve()


@pytest.mark.parametrize("name", ["labels", "labels.xlsx", "labels.json", ".parquet", "-"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match=r"output must end in \.parquet, \.jsonl, \.csv, got"):
        Destination.checked(tmp_path / name, "in.csv")


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"output folder must exist, got .*nowhere"):
        Destination.checked(tmp_path / "nowhere" / "labels.csv", "in.csv")


def test_a_folder_in_the_place_of_the_output_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").mkdir()
    with pytest.raises(RunError, match="output must be a file, got the folder"):
        Destination.checked(tmp_path / "labels.csv", "in.csv")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="output folder must be writable"):
        Destination.checked(tmp_path / "labels.csv", "in.csv")


def test_the_input_is_never_overwritten_under_any_of_its_names(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("text\n")
    (tmp_path / "b.csv").symlink_to(source)
    errors = tmp_path / "c.errors.jsonl"
    errors.write_text("{}\n")
    for out, given in [("a.csv", source), ("b.csv", source), ("c.parquet", errors)]:
        with pytest.raises(RunError, match="output must not overwrite the input"):
            Destination.checked(tmp_path / out, given)


def test_a_hub_id_as_input_collides_with_nothing(tmp_path: Path) -> None:
    assert Destination.checked(tmp_path / "labels.csv", "owner/corpus").format == ".csv"


def test_what_stands_beside_another_output_is_not_replaced(tmp_path: Path) -> None:
    rows = ListCorpus(samples("one", "refuse"))
    run(rows, HashLabeler(), tmp_path / "x.csv")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"x.csv", "x.errors.jsonl", "x.meta.json"}
    for name in ("x.jsonl", "x.parquet"):
        with pytest.raises(RunError, match=r"x\.errors\.jsonl must be of this output"):
            run(rows, HashLabeler(), tmp_path / name)
        with pytest.raises(RunError, match=r"x\.errors\.jsonl must be of this output"):
            check_before(rows, tmp_path / name)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert run(rows, HashLabeler(), tmp_path / "x.csv").already_done
    (tmp_path / "x.csv").unlink()  # what lies beside it is its own still
    assert not run(rows, HashLabeler(), tmp_path / "x.csv").already_done
    run(rows, HashLabeler(), tmp_path / "x.jsonl", overwrite=True)
    for name in ("y.parquet", "z.jsonl"):
        for _ in range(2):  # somebody took the first one away
            assert not run(rows, HashLabeler(), tmp_path / name).already_done
            (tmp_path / name).unlink()
    for name in ("w.csv", "w.parquet"):  # neither has anything that the other would replace
        run(ListCorpus(samples("one")), HashLabeler(), tmp_path / name)
    (tmp_path / "mine.meta.json").write_text("{}")
    with pytest.raises(RunError, match=r"mine\.meta\.json must be of this output"):
        run(rows, HashLabeler(), tmp_path / "mine.csv")
