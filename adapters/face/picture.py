"""`read_picture`: a picture of whatever kind as upright RGB of a workable size.

Takes a `Face`; gives a `Picture`. JPEG, PNG, WebP, GIF, TIFF and BMP, grey to CMYK, 1 to 32 bits, turned as EXIF says.
Nothing is decoded before its size is known to be sound. Knows nothing of faces.
"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from thymos.adapters.media import open_media
from thymos.adapters.sample import Face
from thymos.prompts.errors import RowError

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 80_000_000  # of a picture that is decoded; Pillow itself warns at 89 million
WORK_SIDE = 2048  # pixels; a longer side is reduced to it, which leaves the faces of a crowd large enough
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")  # none that calls another program
_BACKDROP = 128  # grey behind transparent pixels


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as seen.

    Attributes:
        pixels: upright RGB, shape (height, width, 3), uint8.
        scale: side of a pixel of the file, in these pixels; 1 unless it was reduced.
        flags: sentences about its quality.
    """

    pixels: NDArray[np.uint8]
    scale: float = 1.0
    flags: tuple[str, ...] = ()


def read_picture(face: Face) -> Picture:
    """Read a picture.

    Args:
        face: with a path or pixels.

    Raises:
        RowError: it is no picture, damaged, or too large to be decoded.
    """
    if face.pixels is not None:
        return _from_pixels(face.pixels)
    assert face.path is not None  # a Face has one of the two
    with open_media(face.path) as file:
        return decode_picture(file, face.path.name)


def decode_picture(file: BinaryIO, name: str) -> Picture:
    """Decode a picture from a file that is open.

    Args:
        file: readable and seekable.
        name: of the file, for the error.

    Raises:
        RowError: it is no picture, damaged, or too large to be decoded.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata, which does not matter here
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=FORMATS) as opened:
                _check_size(opened.size, name)
                flags = ("animated: only the first picture is used",) if _animated(opened) else ()
                width = opened.size[0]
                opened.draft(None, (WORK_SIDE, WORK_SIDE))  # a large JPEG is decoded at a part of its size
                picture = _rgb(opened)
                if max(picture.size) > WORK_SIDE:
                    picture.thumbnail((WORK_SIDE, WORK_SIDE), reducing_gap=2.0)
                scale = picture.size[0] / width
                picture = ImageOps.exif_transpose(_with_turn(picture, opened))
            return Picture(np.ascontiguousarray(picture), scale, flags)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise RowError(f"picture must have at most {MAX_PIXELS:,} pixels, got more in {name}") from error
        except UnidentifiedImageError as error:
            raise RowError(f"face must be a picture or a video of a known format, got {name}") from error
        except RowError:
            raise
        except MemoryError as error:
            raise RowError(f"picture must fit into memory, got {name}; reduce it first") from error
        except Exception as error:  # damaged files raise anything from SyntaxError to struct.error in Pillow
            raise RowError(f"picture must be whole, got {name}: {str(error)[:100] or type(error).__name__}") from error


def _from_pixels(pixels: NDArray[np.uint8]) -> Picture:
    """Return given pixels, reduced like those of a file."""
    if pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise RowError(f"face pixels must be uint8 and not empty, got {pixels.dtype} of shape {pixels.shape}")
    longest = max(pixels.shape[:2])
    if longest <= WORK_SIDE:
        return Picture(pixels)
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((WORK_SIDE, WORK_SIDE), reducing_gap=2.0)
    return Picture(np.asarray(picture), picture.size[0] / pixels.shape[1])


def _check_size(size: tuple[int, int], name: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise RowError(
            f"picture must have at most {MAX_PIXELS:,} pixels, got {size[0]} x {size[1]} in {name}; reduce it first"
        )


def _animated(picture: "Image") -> bool:
    return picture.format in ("GIF", "WEBP", "PNG") and bool(getattr(picture, "is_animated", False))


def _rgb(picture: "Image") -> "Image":
    """Return a copy in RGB: deep greys stretched to eight bits, transparency laid on grey."""
    from PIL import Image

    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
        if picture.mode == "F" or values.max(initial=0) > 65535 or values.min(initial=0) < 0:
            values = (values - values.min()) * (65535 / max(float(np.ptp(values)), 1e-9))
        return Image.fromarray((values / 257).astype(np.uint8)).convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (_BACKDROP, _BACKDROP, _BACKDROP, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")


def _with_turn(picture: "Image", opened: "Image") -> "Image":
    """Return the picture with the EXIF of the file, of which conversion may have lost the orientation."""
    orientation = opened.getexif().get(0x0112)
    if orientation in range(2, 9):
        picture.getexif()[0x0112] = orientation
    return picture
