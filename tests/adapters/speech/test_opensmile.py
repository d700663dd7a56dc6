"""openSMILE's tables: both forms of CSV as frames, and what is no such table."""

from pathlib import Path

import numpy as np
import pytest

from thymos.adapters.encoders import load_encoder
from thymos.adapters.modality import Observed
from thymos.adapters.sample import Speech
from thymos.adapters.speech.opensmile import MAX_ROWS, SETS, OpenSmileEncoder
from thymos.prompts.errors import ModelError, RowError

NAMES = [f"feature{place}" for place in range(88)]
VALUES = [place / 7 for place in range(88)]


def commanded(path: Path, *rows: list[float]) -> Speech:
    """Write what `SMILExtract -csvoutput` does."""
    lines = [";".join(["name", "frameTime", *NAMES])]
    lines += [";".join(["'unknown'", "0.000000", *map(str, row)]) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return Speech(path=path)


def packaged(path: Path, *rows: list[float]) -> Speech:
    """Write what `opensmile.Smile.process_file(...).to_csv()` does."""
    lines = [",".join(["file", "start", "end", *NAMES])]
    lines += [",".join(['"a, b.wav"', "0 days", "0 days 00:00:02.5", *map(str, row)]) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return Speech(path=path)


@pytest.mark.parametrize("write", [commanded, packaged])
def test_each_row_is_a_frame(tmp_path: Path, write: object) -> None:
    encoder = load_encoder("opensmile")
    signal = encoder.read(write(tmp_path / "a.csv", VALUES, VALUES[::-1]))  # type: ignore[operator]
    frames = encoder.encode(signal)
    assert (encoder.modality, encoder.dim, encoder.layers) == ("speech", 88, 1)
    assert frames.dtype == np.float32
    assert frames == pytest.approx(np.array([VALUES, VALUES[::-1]]), rel=1e-6)
    assert encoder.observe(signal) == Observed()


def test_a_feature_set_is_named_and_known_by_its_size(tmp_path: Path) -> None:
    sets = [load_encoder(f"opensmile:{name}") for name in SETS]
    assert [each.dim for each in sets] == list(SETS.values())
    assert len({each.fingerprint for each in sets}) == len(SETS)
    assert load_encoder("opensmile").fingerprint == load_encoder("opensmile:egemaps").fingerprint
    with pytest.raises(RowError, match=r"a\.csv must have the 384 functionals of opensmile:is09, got 88 columns"):
        load_encoder("opensmile:is09").read(commanded(tmp_path / "a.csv", VALUES))
    with pytest.raises(
        ModelError, match="feature set of openSMILE must be one of egemaps, gemaps, is09, is10, got 'x'"
    ):
        load_encoder("opensmile:x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "must not be empty"),
        (";".join(NAMES) + "\n", "must have a row of functionals, got none"),
        (";".join(NAMES) + "\n" + ";".join(["1"] * 87) + "\n", "a number in each column, got none in line 2"),
        (";".join(NAMES) + "\n" + ";".join(["1"] * 87 + ["x"]) + "\n", "a number in each column, got none in line 2"),
        (";".join(NAMES) + "\n" + ";".join(["1"] * 87 + ["nan"]) + "\n", "must have finite numbers"),
        (";".join(NAMES) + "\n" + ";".join(["1"] * 87 + ["1e300"]) + "\n", "must have finite numbers"),
        (";".join(NAMES) + "\n" + (";".join(["1"] * 88) + "\n") * (MAX_ROWS + 1), "at most 3,000 rows, got more"),
        (";".join(NAMES) + "\n" + "1" * 3_000_000, "table of openSMILE's|a number in each column, got none in line 2"),
        ("RIFF\0\0\0\0WAVEfmt \0" * 200, "must have the 88 functionals"),
        ("1" * 3_000_000, "table of openSMILE's|must have the 88"),  # csv's limit is raised where corpora are read
        ('"' + "1" * 300_000, "table of openSMILE's|must have the 88"),
    ],
)
def test_what_is_no_such_table_is_told(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(RowError, match=said):
        OpenSmileEncoder().read(Speech(path=path))


def test_what_has_no_table_is_told(tmp_path: Path) -> None:
    encoder, known = OpenSmileEncoder(), commanded(tmp_path / "a.csv", VALUES)
    with pytest.raises(RowError, match="must be named without #t="):
        encoder.read(Speech(path=known.path, end=2.0))
    with pytest.raises(RowError, match="must be a table of openSMILE for opensmile:egemaps, got samples"):
        encoder.read(Speech(samples=np.zeros(16, np.float32), rate=16_000))
    with pytest.raises(RowError):
        encoder.read(Speech(path=tmp_path / "none.csv"))
