"""Faces: found and made upright in pictures and videos of every kind, chosen by box, and read to frames."""

import io
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from matplotlib.cbook import get_sample_data
from numpy.typing import NDArray
from PIL import Image

from thymos.adapters.face.align import grey
from thymos.adapters.face.encoder import FaceEncoder
from thymos.adapters.face.picture import MAX_PIXELS, read_picture
from thymos.adapters.sample import Face
from thymos.prompts.errors import RowError

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    """Rear Admiral Grace Hopper, a photograph in the public domain that comes with matplotlib."""
    sample: Any = get_sample_data("grace_hopper.jpg")
    with sample as file:
        return Image.open(file).convert("RGB").copy()


@pytest.fixture(scope="module")
def encoder() -> FaceEncoder:
    return FaceEncoder()


def saved(picture: Image.Image, path: Path, **options: Any) -> Face:
    picture.save(path, **options)
    return Face(path=path)


def pair(portrait: Image.Image) -> tuple[Image.Image, int]:
    """Two of the portrait side by side, the second smaller; and where it begins."""
    width, height = portrait.size
    canvas = Image.new("RGB", (2 * width, height), (200, 200, 200))
    canvas.paste(portrait, (0, 0))
    canvas.paste(portrait.resize((2 * width // 3, 2 * height // 3)), (width + width // 6, height // 6))
    return canvas, width


def test_a_portrait_becomes_ten_frames_and_cues(portrait: Image.Image, encoder: FaceEncoder) -> None:
    signal = encoder.read(Face(pixels=np.asarray(portrait)))
    assert signal.people == 1 and not signal.video
    frames = encoder.encode(signal)
    assert frames.shape == (10, encoder.dim) and frames.dtype == np.float32 and np.isfinite(frames).all()
    assert np.array_equal(frames, encoder.encode(signal))
    observed = encoder.observe(signal)
    assert any("to the face network" in cue.words for cue in observed.cues)
    assert encoder.shares(signal).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_camera_changes_little(
    orientation: int, portrait: Image.Image, encoder: FaceEncoder, tmp_path: Path
) -> None:
    turned = portrait.transpose(
        {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    face = saved(turned, tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_picture(face).pixels, np.asarray(portrait))
    assert np.allclose(
        encoder.encode(encoder.read(face)), encoder.encode(encoder.read(Face(pixels=np.asarray(portrait))))
    )


@pytest.mark.parametrize(
    ("mode", "ending", "options"),
    [
        ("CMYK", "jpg", {"quality": 95}),
        ("L", "png", {}),
        ("RGBA", "webp", {"lossless": True}),
        ("P", "gif", {}),
        ("RGB", "tiff", {}),
    ],
)
def test_pictures_of_every_kind_show_the_same_face(
    mode: str, ending: str, options: dict[str, Any], portrait: Image.Image, encoder: FaceEncoder, tmp_path: Path
) -> None:
    signal = encoder.read(saved(portrait.convert(mode), tmp_path / f"a.{ending}", **options))
    assert signal.people == 1
    plain = encoder.read(Face(pixels=np.asarray(portrait)))
    assert (
        np.abs(signal.faces.mean(-1) - plain.faces.mean(-1)).mean() < 20
    )  # of 255: a grey picture weighs colours otherwise
    assert signal.sides[0] == pytest.approx(plain.sides[0], rel=0.1)


def test_the_box_says_who_is_meant(portrait: Image.Image, encoder: FaceEncoder, tmp_path: Path) -> None:
    canvas, begin = pair(portrait)
    path = tmp_path / "two.png"
    canvas.save(path)
    largest = encoder.read(Face(path=path))
    assert largest.people == 2 and any("2 faces" in flag for flag in largest.flags)
    other = encoder.read(Face(path=path, box=(begin, 0, begin, canvas.size[1])))
    assert other.sides[0] == pytest.approx(2 / 3 * largest.sides[0], rel=0.1)
    with pytest.raises(RowError, match=r"box must hold a face, got \(0, 0, 5, 5\); faces in two.png are at xywh="):
        encoder.read(Face(path=path, box=(0, 0, 5, 5)))


def test_an_animated_picture_says_that_only_its_first_is_used(portrait: Image.Image, tmp_path: Path) -> None:
    face = saved(portrait, tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", portrait.size)])
    assert any("animated" in flag for flag in read_picture(face).flags)


def test_a_small_square_is_a_face_that_was_cut_out(portrait: Image.Image, encoder: FaceEncoder) -> None:
    small = portrait.crop((100, 50, 400, 350)).resize((48, 48))
    signal = encoder.read(Face(pixels=np.asarray(small)))
    assert signal.people is None and any("cut out before" in flag for flag in signal.flags)


def video(path: Path, frames: list[Pixels]) -> Face:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=4)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(stream.encode())
    return Face(path=path)


def test_a_video_gives_a_frame_for_each_picture_in_which_the_person_is(
    portrait: Image.Image, encoder: FaceEncoder, tmp_path: Path
) -> None:
    seen = np.asarray(portrait.resize((256, 300)))
    gone = np.full_like(seen, 128)
    signal = encoder.read(video(tmp_path / "a.mp4", [seen] * 8 + [gone] * 8))
    assert signal.video and any("not seen in" in flag for flag in signal.flags)
    assert encoder.encode(signal).shape == (len(signal.faces), encoder.dim)
    assert max(signal.times) < 2.3  # s; eight pictures at four a second
    with pytest.raises(RowError, match="video must show a face, got none"):
        encoder.read(video(tmp_path / "b.mp4", [gone] * 8))


def test_faces_that_are_read_at_once_are_read_as_each_alone(portrait: Image.Image, encoder: FaceEncoder) -> None:
    turned = [np.asarray(portrait.resize((48, 48)).rotate(angle), np.uint8) for angle in range(35)]
    pictures = [encoder.read(Face(pixels=pixels)) for pixels in turned]  # more than go together
    moving = replace(pictures[0], faces=np.concatenate([each.faces for each in pictures[11:14]]), video=True)
    signals = [*pictures[:20], moving, *pictures[20:]]
    every = encoder.encode_many(signals)
    assert [len(frames) for frames in every] == [10] * 20 + [3] + [10] * 15
    for signal, frames in zip(signals, every, strict=True):
        alone = encoder.encode(signal)
        assert (frames - alone).std() < 0.02 * alone.std()  # but for rounding
    assert (every[0] - every[19]).std() > 0.2 * every[0].std()


def test_cells_are_those_of_the_face_as_it_is(portrait: Image.Image, encoder: FaceEncoder) -> None:
    signal = encoder.read(Face(pixels=np.asarray(portrait, np.uint8)))
    frames = encoder.encode(signal)
    mirrored = encoder.encode(replace(signal, faces=signal.faces[:, :, ::-1]))
    assert frames[0] == pytest.approx(mirrored[0], abs=0.05)  # the mean of both
    cells, others = (each[1:].reshape(3, 3, -1) for each in (frames, mirrored))
    network = encoder._network
    with torch.inference_mode():
        own = network.map(torch.from_numpy(grey(signal.faces)).float()[:, None] / 255)[0].permute(1, 2, 0).numpy()
    assert (cells - own).std() < 0.02 * own.std()
    assert (cells - others).std() > 0.1 * own.std()


def test_bf16_changes_frames_little(
    portrait: Image.Image, encoder: FaceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for fast in (False, True):
        monkeypatch.setattr("thymos.adapters.precision._multiplies_bf16", lambda told=fast: told)
        found.append(encoder.encode(encoder.read(Face(pixels=np.asarray(portrait, np.uint8)))))
    exact, quick = found
    assert 0 < (quick - exact).std() < 0.02 * exact.std()


def test_what_shows_no_face_is_said_to_show_none(encoder: FaceEncoder) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (400, 600, 3), dtype=np.uint8)
    with pytest.raises(RowError, match="picture must show a face, got none found in the pixels given of 600 x 400"):
        encoder.read(Face(pixels=noise))
    with pytest.raises(RowError, match="at least 16 x 16 pixels, got 1 x 1"):
        encoder.read(Face(pixels=noise[:1, :1]))


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(encoder: FaceEncoder, tmp_path: Path) -> None:
    side = int(MAX_PIXELS**0.5) + 100
    face = saved(Image.new("1", (side, side)), tmp_path / "bomb.png")
    assert face.path is not None and face.path.stat().st_size < 100_000
    with pytest.raises(RowError, match="at most 80,000,000 pixels"):
        encoder.read(face)


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 not a picture at all", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 ", b"x"]
)
def test_what_is_no_picture_is_refused(content: bytes, encoder: FaceEncoder, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(RowError, match="must be"):
        encoder.read(Face(path=tmp_path / "a.jpg"))


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """A file with some bytes changed, or cut, or with a piece twice."""
    data = bytearray(whole)
    for _ in range(chance.randint(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if chance.random() < 0.3:
        del data[chance.randrange(len(data)) :]
    if chance.random() < 0.2:
        at = chance.randrange(len(data) + 1)
        data[at:at] = data[: chance.randrange(200)]
    return bytes(data)


def survive(count: int, portrait: Image.Image, encoder: FaceEncoder, folder: Path) -> int:
    chance = random.Random(20261125)
    small = portrait.resize((128, 150))
    wholes = []
    for form in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        buffer = io.BytesIO()
        small.save(buffer, form)
        wholes.append(buffer.getvalue())
    read = 0
    for number in range(count):
        path = folder / "mutated.jpg"
        path.write_bytes(mutated(wholes[number % len(wholes)], chance))
        try:
            encoder.encode(encoder.read(Face(path=path)))
            read += 1
        except RowError:
            pass
    return read


def test_mutated_pictures_are_read_or_refused(portrait: Image.Image, encoder: FaceEncoder, tmp_path: Path) -> None:
    assert 0 < survive(100, portrait, encoder, tmp_path) < 100


@pytest.mark.slow
def test_two_thousand_mutated_pictures(portrait: Image.Image, encoder: FaceEncoder, tmp_path: Path) -> None:
    assert 0 < survive(2000, portrait, encoder, tmp_path) < 2000


def test_the_shipped_network_knows_expressions_that_people_agree_on(shared: Path, encoder: FaceEncoder) -> None:
    from thymos.adapters.readers import open_corpus
    from thymos.adapters.sample import Sample

    table = shared / "data" / "face" / "fer2013_ferplus" / "labels.csv"
    if not table.is_file():
        pytest.skip("needs the development pictures")
    rows = list(open_corpus(table, format="ferplus", where=["split=valid", "votes_happiness=10"]))[:40]
    faces = [row.face for row in rows if isinstance(row, Sample) and row.face is not None]
    happy = [encoder.shares(encoder.read(face))[0].argmax() == 1 for face in faces]  # second of FERPLUS_LABELS
    assert sum(happy) >= 0.9 * len(faces) > 30
