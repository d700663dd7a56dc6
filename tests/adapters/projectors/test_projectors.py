"""Projectors: padding changes nothing, sizes and norms are what the LLM expects, files are whole or refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from thymos.adapters.projectors.projector import KINDS, Kind, Projector
from thymos.adapters.projectors.store import PROJECTORS, Projectors, load_projectors, save_projectors
from thymos.adapters.projectors.streams import Frames, Stream, gather, soft_ids
from thymos.prompts.errors import ModelError


def stream(
    modality: str = "speech", *, kind: Kind = "attention", tokens: int = 3, dim: int = 5, layers: int = 2
) -> Stream:
    return Stream(modality, f"test-{modality}", "f" * 64, dim, layers, kind, tokens, 8)


def frames(count: int, width: int = 10, seed: int = 0) -> Frames:
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float16)


def projectors(*streams: Stream, norm: float = 0.1) -> Projectors:
    torch.manual_seed(0)
    return Projectors(streams, size=16, norm=norm).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_a_signal_gives_the_same_tokens_alone_and_padded(kind: Kind) -> None:
    made = projectors(stream(kind=kind))
    short, long = frames(2, seed=1), frames(40, seed=2)
    together = made(gather([[short], [long]], made.streams)).unflatten(0, (2, 3))
    alone = [made(gather([[each]], made.streams)) for each in (short, long)]
    assert torch.allclose(together, torch.stack(alone), atol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_one_frame_is_enough(kind: Kind) -> None:
    made = projectors(stream(kind=kind))
    assert made(gather([[frames(1)]], made.streams)).isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_soft_tokens_are_as_long_as_the_words_of_the_model(kind: Kind) -> None:
    made = projectors(stream(kind=kind), norm=0.03)
    soft = made(gather([[frames(20)]], made.streams))
    assert soft.shape == (3, 16)
    assert torch.allclose(soft.square().mean(-1).sqrt(), torch.full((3,), 0.03), rtol=1e-3)


def test_linear_averages_equal_stretches_of_time() -> None:
    made = Projector(kind="linear", dim=1, layers=1, tokens=2, width=1, size=1, norm=1.0)
    pool = made.pool(torch.tensor([[[1.0], [3.0], [5.0], [9.0], [77.0]]]), torch.tensor([[True] * 4 + [False]]))
    assert pool.flatten().tolist() == [2.0, 7.0]  # (1 + 3) / 2 and (5 + 9) / 2; the padding is not heard


def test_attention_gives_the_mean_and_the_deviation_where_all_frames_weigh_the_same() -> None:
    made = Projector(kind="attention", dim=1, layers=1, tokens=1, width=1, size=1, norm=1.0)
    for parameter in made.pool.parameters():
        torch.nn.init.zeros_(parameter)
    pool = made.pool(torch.tensor([[[1.0], [3.0], [77.0]]]), torch.tensor([[True, True, False]]))
    assert torch.allclose(pool, torch.tensor([[[2.0, 1.0]]]))  # of 1 and 3


def test_layers_are_mixed_by_learned_shares() -> None:
    torch.manual_seed(0)
    made = Projector(kind="linear", dim=1, layers=2, tokens=1, width=8, size=4, norm=1.0)
    one, other = torch.tensor([[[2.0, -1.0]]]), torch.tensor([[[-1.0, 2.0]]])
    length = torch.tensor([1])
    assert torch.allclose(made(one, length), made(other, length))  # equal shares to begin with
    with torch.no_grad():
        made.mix.copy_(torch.tensor([50.0, 0.0]))
    alone = torch.tensor([[[2.0, 9.0]]])
    assert torch.allclose(made(one, length), made(alone, length))
    assert not torch.allclose(made(one, length), made(other, length), atol=1e-3)


def test_ids_point_at_the_rows_of_the_table() -> None:
    streams = (stream("speech", tokens=2), stream("face", tokens=1), stream("speech", tokens=1))
    made = projectors(*streams)
    rows: list[list[Frames | None]] = [[frames(4, seed=1), None, frames(4, seed=2)], [None, frames(3, seed=3), None]]
    assert soft_ids(rows, streams) == [{"speech": [-1, -2, -4]}, {"face": [-3]}]
    table = made.table(rows)
    assert table is not None and len(table) == 4
    assert torch.allclose(table[2], made.parts[1](torch.from_numpy(frames(3, seed=3)).float()[None], torch.tensor([3])))


def test_a_large_table_is_the_table_of_its_parts() -> None:
    made = projectors(stream("speech"), stream("face"))
    rows: list[list[Frames | None]] = [
        [frames(1 + n % 7, seed=n), frames(2, seed=n) if n % 3 else None] for n in range(150)
    ]
    table, whole = made.table(rows), made(gather(rows, made.streams))
    assert table is not None and torch.allclose(table, whole, atol=1e-5)


def test_nothing_brought_is_nothing_projected() -> None:
    made = projectors(stream("speech"))
    assert made(gather([[None], [None]], made.streams)) is None
    assert made.table([[None]]) is None
    assert soft_ids([[None]], made.streams) == [{}]


def test_frames_are_standardised_by_those_of_training() -> None:
    made = projectors(stream("speech", dim=1, layers=1))
    made.standardise([[np.array([[1.0], [3.0]], np.float16)], [None], [np.array([[5.0]], np.float16)]])
    assert float(made.state_dict()["parts.0.mean"]) == pytest.approx(3.0)
    assert float(made.state_dict()["parts.0.deviation"]) == pytest.approx((8 / 3) ** 0.5)  # (4 + 0 + 4) / 3


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    made = projectors(stream("speech"), stream("face", kind="qformer"), stream("physiology", kind="linear"))
    made.standardise([[frames(9, seed=1), frames(9, seed=2), frames(9, seed=3) * 100]])
    for parameter in made.parameters():
        parameter.data = parameter.data.half().float()
    save_projectors(tmp_path, made)
    loaded = load_projectors(tmp_path)
    assert loaded is not None and loaded.streams == made.streams
    rows = [[frames(5, seed=4), frames(5, seed=5), frames(5, seed=6)]]
    first, second = made.table(rows), loaded.table(rows)
    assert first is not None and second is not None and torch.equal(first, second)
    assert load_projectors(tmp_path / "elsewhere") is None


@pytest.mark.parametrize("damage", ["cut", "no notes", "another kind", "a later version"])
def test_a_damaged_file_is_refused_with_a_sentence(damage: str, tmp_path: Path) -> None:
    save_projectors(tmp_path, projectors(stream("speech")))
    path = tmp_path / PROJECTORS
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "no notes": whole.replace(b'"thymos"', b'"thymot"'),
            "another kind": whole.replace(b"attention", b"attentian"),
            "a later version": whole.replace(b'version\\": 1', b'version\\": 7'),
        }[damage]
    )
    assert damage == "cut" or path.read_bytes() != whole
    with pytest.raises(ModelError, match="must be"):
        load_projectors(tmp_path)
