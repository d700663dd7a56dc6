"""Faces of one person over the pictures of a video, and which person is meant.

Takes the faces found in each picture, in order; gives one track. Greedy links by overlap and distance (Bochinski et al.
2017, AVSS, "without image information"): pictures half a second apart still show a head near its place. No pixels here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.face.detect import FoundFace, overlap

LINK = 0.1  # least overlap of a face with the one before
NEAR = 0.8  # or most distance of their centres, of their mean side, at like sizes
LIKE = 1.6  # most ratio of such sizes
GAP = 4  # pictures that a track may miss before it ends

Box = tuple[float, float, float, float]


@dataclass(slots=True, eq=False)
class Track:
    """Faces taken for one person's.

    Attributes:
        places: index of the picture of each face, rising.
        faces: the faces.
    """

    places: list[int] = field(default_factory=list)
    faces: list[FoundFace] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How much is seen of the person: sides times scores, over the pictures."""
        return sum(face.side * face.score for face in self.faces)


def link_faces(found: Sequence[Sequence[FoundFace]]) -> list[Track]:
    """Link the faces of the pictures of a video into tracks, the most seen person first."""
    tracks: list[Track] = []
    for place, faces in enumerate(found):
        open_tracks = [track for track in tracks if place - track.places[-1] <= GAP]
        pairs = [
            (closeness(track.faces[-1], face), number, index)
            for number, track in enumerate(open_tracks)
            for index, face in enumerate(faces)
        ]
        used_tracks, used_faces = set[int](), set[int]()
        for near, number, index in sorted(pairs, key=lambda pair: -pair[0]):
            if near > 0 and number not in used_tracks and index not in used_faces:
                used_tracks.add(number)
                used_faces.add(index)
                open_tracks[number].places.append(place)
                open_tracks[number].faces.append(faces[index])
        tracks += [Track([place], [face]) for index, face in enumerate(faces) if index not in used_faces]
    return sorted(tracks, key=lambda track: -track.weight)


def closeness(before: FoundFace, after: FoundFace) -> float:
    """Return how well two faces go together: 1 + overlap, or up to 1 for near ones of like size, or 0 for strangers."""
    common = float(overlap(before.box, np.array([after.box]))[0])
    if common >= LINK:
        return 1 + common
    sides = sorted((before.side, after.side))
    apart = float(np.hypot(*(_centre(before.box) - _centre(after.box)))) / (sum(sides) / 2)
    return 1 - apart if apart < NEAR and sides[1] / sides[0] < LIKE else 0.0


def choose(boxes: Sequence[Box], wanted: Box) -> int | None:
    """Return which box is the one that is meant, or None when all lie elsewhere.

    The one that overlaps most counts if it does by a fifth; else the first whose centre lies in the wanted part, and
    the first that holds that part's centre: users draw around a head, or a whole person.
    """
    if not boxes:
        return None
    every = np.array(boxes)
    shared = overlap(wanted, every)
    if shared.max() >= 0.2:
        return int(shared.argmax())
    inside = [_holds(wanted, _centre(box)) or _holds(box, _centre(wanted)) for box in boxes]
    return inside.index(True) if any(inside) else None


def _centre(box: Box) -> NDArray[np.float64]:
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])


def _holds(box: Box, point: NDArray[np.float64]) -> bool:
    return bool(box[0] <= point[0] <= box[0] + box[2] and box[1] <= point[1] <= box[1] + box[3])
