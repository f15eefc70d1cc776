"""Images of problems: read once, checked, and kept without loss or metadata.

An image is named by the digest of what it shows (size and RGB values), not of a file: encoding
it anew changes nothing. What is kept is a PNG of these values alone, so that no text, date or
place of the original file can tell a model anything.

Covered: truncated files, unknown formats, unusual modes, images too large to decode (judged by
the header, before memory is taken), several frames (the first is taken). Not covered: formats that
hold programs, or images of other sizes than their header says (EPS, ICO and the like), which are
refused; orientation as a camera notes it beside the pixels, which are taken as they lie.

Example:
    >>> from PIL import Image
    >>> stored = encode(Image.new("RGB", (2, 1), "red"))
    >>> decode(stored.png).getpixel((1, 0)), normalize(stored.png, "here") == stored
    ((255, 0, 0), True)
"""

import hashlib
import io
import struct
import zlib
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 1 << 25  # 33 million: 100 MB of RGB values, and twice that while decoding
MOST_BYTES = 1 << 26  # of a file
LONGEST = 200  # times as long as wide: more is refused by the processor of Qwen2-VL
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "La", "RGBa")
# What readers of damaged files may raise; in Pillow it differs by format.
_DAMAGED = (
    OSError, ValueError, SyntaxError, RuntimeError, ArithmeticError, LookupError, TypeError,
    EOFError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class ImageError(ValueError):
    """An image cannot be used; the message names it, what is wrong, and the remedy."""


class StoredImage(NamedTuple):
    """An image in normal form.

    Attributes:
        digest: 64 hex digits, of size and RGB values.
        png: the image as PNG, RGB, without metadata.
    """

    digest: str
    png: bytes


def encode(image: Image.Image) -> StoredImage:
    """An image's normal form; transparent parts become white."""
    if image.mode != "RGB":
        image = _on_white(image)
    stream = io.BytesIO()
    bare = Image.frombytes("RGB", image.size, image.tobytes())  # nothing but the values
    bare.save(stream, "PNG", compress_level=6)
    return StoredImage(digest_pixels(image), stream.getvalue())


def digest_pixels(image: Image.Image) -> str:
    """Digest of what an RGB image shows: size and values."""
    state = hashlib.sha256(struct.pack("<II", *image.size))
    state.update(image.tobytes())
    return state.hexdigest()


def normalize(data: bytes, place: str) -> StoredImage:
    """The normal form of an image file's bytes.

    Args:
        data: of a file in one of FORMATS.
        place: how messages name it, with the problem's id.

    Raises:
        ImageError: the file is too large, truncated, of another kind, or of an unusual mode.
    """
    if not data:
        raise ImageError(f"{place}: the image is empty; get the file again")
    if len(data) > MOST_BYTES:
        raise ImageError(f"{place}: {len(data)} bytes; at most {MOST_BYTES}: shrink the image")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:  # reads the header alone
            _check(image, place)
            image.load()
            return encode(image)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{place}: no image of a known format ({', '.join(FORMATS)}); get the file again, or "
            "convert it"
        ) from error
    except _DAMAGED as error:
        raise ImageError(
            f"{place}: not a readable image, or cut short ({error}); get the file again"
        ) from error


def _check(image: Image.Image, place: str) -> None:
    """What a header tells: size and mode."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise ImageError(
            f"{place}: {width} x {height} pixels; at most {MOST_PIXELS} in all: shrink the image"
        )
    if image.mode not in _MODES:
        raise ImageError(
            f"{place}: mode {image.mode!r}; legal are {', '.join(_MODES)}: convert the image to RGB"
        )


def decode(png: bytes) -> Image.Image:
    """An image in normal form as an RGB image."""
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")
