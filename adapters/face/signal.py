"""`read_faces`: from a picture or video to aligned faces of the person who is meant.

Takes a `Face`, a detector and a side; gives a `FaceSignal`. A small, nearly square picture is a face that was cut
out before, with a flag that says so; a larger one without a face is refused. Knows no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.face.align import align_face, fit_face
from thymos.adapters.face.detect import FaceDetector, FoundFace
from thymos.adapters.face.picture import Picture, decode_picture, read_picture
from thymos.adapters.face.track import Box, choose, link_faces
from thymos.adapters.face.video import container_of, read_video
from thymos.adapters.media import open_media
from thymos.adapters.sample import Face
from thymos.prompts.errors import RowError

LEAST = 16  # pixels; there is no expression in a smaller picture
CROPPED = 96  # pixels; a nearly square picture up to this side is a face that was cut out, as corpora have them
MAYBE_CROPPED = 256  # pixels; up to this side it is one if no face was found in it
SQUARE = 1.4  # most ratio of the sides of such a picture
FOLLOWED = 12  # faces of each picture of a video that are followed, the largest
CUT_OUT = "taken as a face that was cut out before: none was searched for"
CUT_OUT_UNSEEN = "taken as a face that was cut out before: none was found in the picture"


@dataclass(frozen=True, slots=True, eq=False)
class FaceSignal:
    """Faces of one person.

    Attributes:
        faces: RGB, shape (pictures, side, side, 3), uint8.
        times: of the pictures, s; shape (pictures,); zero for a picture that is no video.
        sides: of the face in the file, pixels; shape (pictures,).
        tilts: of the head, degrees, above zero clockwise as seen; shape (pictures,); NaN where unknown.
        people: faces found in the picture, or the most at once in a video; None where none was searched for.
        video: whether it is one.
        flags: sentences about the recording.
    """

    faces: NDArray[np.uint8]
    times: NDArray[np.float32]
    sides: NDArray[np.float32]
    tilts: NDArray[np.float32]
    people: int | None
    video: bool
    flags: tuple[str, ...]


def read_faces(face: Face, detector: FaceDetector, side: int) -> FaceSignal:
    """Read the face that is meant.

    Args:
        face: a picture or a video, with the box of the person if there are several.
        detector: finds faces.
        side: of an aligned face, pixels.

    Raises:
        RowError: there is no face in it, none in the box, or the file is unusable.
    """
    if face.path is None:
        return _from_picture(read_picture(face), "the pixels given", face.box, detector, side)
    with open_media(face.path) as file:
        name = face.path.name
        container = container_of(file)
        if container is None:
            return _from_picture(decode_picture(file, name), name, face.box, detector, side)
        found: list[tuple[FoundFace, ...]] = []
        crops: list[list[NDArray[np.uint8]]] = []
        times, scale = [], 1.0
        for frame in read_video(file, container, name, face.start, face.end):
            here = detector.find(frame.pixels)[:FOLLOWED]
            found.append(here)
            crops.append([align_face(frame.pixels, each, side) for each in here])  # the picture itself may go
            times.append(frame.time)
            scale = frame.scale
    return _from_video(found, crops, times, scale, name, face.box)


def _from_picture(
    picture: Picture, name: str, box: tuple[int, int, int, int] | None, detector: FaceDetector, side: int
) -> FaceSignal:
    """Find, choose and align the face of a picture."""
    height, width = picture.pixels.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    if shorter < LEAST:
        raise RowError(f"picture must have at least {LEAST} x {LEAST} pixels, got {width} x {height} in {name}")
    squarish = longer <= SQUARE * shorter and box is None
    if squarish and longer <= CROPPED:
        return _cut_out(picture, side, CUT_OUT)
    found = detector.find(picture.pixels)
    if not found:
        if squarish and longer <= MAYBE_CROPPED:
            return _cut_out(picture, side, CUT_OUT_UNSEEN)
        raise RowError(f"picture must show a face, got none found in {name} of {width} x {height} pixels")
    chosen = 0 if box is None else choose([each.box for each in found], _scaled(box, picture.scale))
    if chosen is None:
        raise RowError(f"box must hold a face, got {box}; faces in {name} are at {_places(found, picture.scale)}")
    meant = found[chosen]
    return FaceSignal(
        faces=align_face(picture.pixels, meant, side)[None],
        times=np.zeros(1, np.float32),
        sides=np.array([meant.side / picture.scale], np.float32),
        tilts=np.array([meant.tilt], np.float32),
        people=len(found),
        video=False,
        flags=picture.flags + _several(len(found), box is not None),
    )


def _cut_out(picture: Picture, side: int, flag: str) -> FaceSignal:
    unknown = np.full(1, np.nan, np.float32)
    size = np.array([min(picture.pixels.shape[:2]) / picture.scale], np.float32)
    faces = fit_face(picture.pixels, side)[None]
    return FaceSignal(faces, np.zeros(1, np.float32), size, unknown, None, False, (*picture.flags, flag))


def _from_video(
    found: Sequence[Sequence[FoundFace]],
    crops: Sequence[Sequence[NDArray[np.uint8]]],
    times: Sequence[float],
    scale: float,
    name: str,
    box: tuple[int, int, int, int] | None,
) -> FaceSignal:
    """Choose the person of a video and gather the aligned faces."""
    tracks = link_faces(found)
    if not tracks:
        raise RowError(f"video must show a face, got none found in {len(times)} pictures of {name}")
    chosen = 0 if box is None else choose([track.faces[0].box for track in tracks], _scaled(box, scale))
    if chosen is None:
        firsts = [track.faces[0] for track in tracks]
        raise RowError(f"box must hold a face, got {box}; faces in {name} are first at {_places(firsts, scale)}")
    track = tracks[chosen]
    picked = [list(found[place]).index(face) for place, face in zip(track.places, track.faces, strict=True)]
    people = max(len(faces) for faces in found)
    missing = len(times) - len(track.places)
    unseen = (f"face not seen in {missing} of {len(times)} pictures of the video",) if missing else ()
    return FaceSignal(
        faces=np.stack([crops[place][index] for place, index in zip(track.places, picked, strict=True)]),
        times=np.array([times[place] for place in track.places], np.float32),
        sides=np.array([each.side / scale for each in track.faces], np.float32),
        tilts=np.array([each.tilt for each in track.faces], np.float32),
        people=people,
        video=True,
        flags=unseen + _several(people, box is not None),
    )


def _scaled(box: tuple[int, int, int, int], scale: float) -> Box:
    return (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)


def _several(people: int, told: bool) -> tuple[str, ...]:
    if people < 2:
        return ()
    return (f"{people} faces: {'the one in the box' if told else 'the clearest'} is used",)


def _places(found: Sequence[FoundFace], scale: float) -> str:
    """Return the first faces' boxes as users write them."""
    boxes = ["xywh=" + ",".join(str(max(0, round(value / scale))) for value in each.box) for each in found[:4]]
    return " and ".join(boxes) + (" and others" if len(found) > 4 else "")
