"""Images of problems: read once, checked, and kept without loss or metadata.

An image is named by the digest of what it shows (size and RGB values), not of a file: encoding
it anew changes nothing. What is kept is a PNG of these values alone, so that no text, date or
place of the original file can tell a model anything.

Covered: truncated files, unknown formats, unusual modes, images too large to decode or too long
for a model's processor (judged by the header, before memory is taken), several frames (the first
is taken), transparency of every kind (white becomes visible), orientation as a camera notes it
beside the pixels (the image is turned as a viewer shows it), data URLs. Not covered: formats that
hold programs, or images of other sizes than their header says (EPS, ICO and the like), which are
refused.

Example:
    >>> from PIL import Image
    >>> stored = encode(Image.new("RGB", (2, 1), "red"))
    >>> decode(stored.png).getpixel((1, 0)), normalize(stored.png, "here") == stored
    ((255, 0, 0), True)
"""

import base64
import binascii
import hashlib
import io
import re
import struct
import zlib
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

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


_DATA_URL = re.compile(r"data:image/[\w.+-]{1,40}(?:;[\w=.+-]{1,80}){0,4};base64,", re.IGNORECASE)
# How the base64 of a PNG, JPEG, GIF or WebP begins, where no `data:` names it.
_BARE_BASE64 = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
_SHORTEST_BASE64 = 100  # characters; a path is shorter, and `/9j/` may begin one
_ORIENTATION = 0x0112  # EXIF


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
    if image.mode != "RGB" or "transparency" in image.info:
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
            return encode(_upright(image))
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
    if max(width, height) > LONGEST * min(width, height):
        raise ImageError(
            f"{place}: {width} x {height} pixels, more than {LONGEST} times as long as wide, which "
            "models' processors refuse: crop or pad the image"
        )
    if image.mode not in _MODES:
        raise ImageError(
            f"{place}: mode {image.mode!r}; legal are {', '.join(_MODES)}: convert the image to RGB"
        )


def embedded(text: str) -> bytes | None:
    """The bytes of an image that a text holds, as a data URL or as base64; None: it holds none.

    Raises:
        ValueError: a data URL whose base64 cannot be read.

    Example:
        >>> embedded("data:image/png;base64,iVBORw0KGgo=")[1:4], embedded("images/1.png")
        (b'PNG', None)
    """
    if match := _DATA_URL.match(text):
        text = text[match.end() :]
    elif text[:5].lower() == "data:":
        raise ValueError("a data URL of another kind than base64 of an image")
    elif len(text) < _SHORTEST_BASE64 or not text.startswith(_BARE_BASE64):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"base64 of an image that cannot be read ({error})") from error


def data_url(png: bytes) -> str:
    """A PNG as a data URL.

    Example:
        >>> data_url(b"png")
        'data:image/png;base64,cG5n'
    """
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _upright(image: Image.Image) -> Image.Image:
    """An image as viewers show it; one whose notes cannot be read stays as it lies."""
    try:
        turned = image.getexif().get(_ORIENTATION, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    except _DAMAGED:
        return image


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
