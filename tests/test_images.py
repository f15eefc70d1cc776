"""Image files in normal form: lossless, without metadata; damaged and strange ones are refused."""

import base64
import io
import random
import struct
import zlib
from contextlib import suppress

import pytest
from PIL import Image, PngImagePlugin

from passk.core.images import (
    FORMATS,
    LONGEST,
    MOST_PIXELS,
    ImageError,
    decode,
    embedded,
    encode,
    normalize,
)

NOISE = Image.effect_noise((24, 16), 60).convert("RGB")
LOSSLESS = ("PNG", "BMP", "TIFF", "PPM")


def encode_file(image, kind="PNG", **more):
    stream = io.BytesIO()
    image.save(stream, kind, **more)
    return stream.getvalue()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_what_is_shown_names_an_image_whatever_its_file(kind):
    assert normalize(encode_file(NOISE, kind), "here") == encode(NOISE)


def test_nothing_but_pixels_is_kept():
    about = PngImagePlugin.PngInfo()
    about.add_text("answer", "42")
    exif = Image.Exif()
    exif[0x010E] = "the answer is 42"  # ImageDescription
    files = [
        encode_file(NOISE, pnginfo=about),
        encode_file(NOISE, exif=exif),
        encode_file(NOISE, "TIFF", exif=exif),
    ]
    assert all(b"42" in file for file in files)
    assert {normalize(file, "here") for file in files} == {encode(NOISE)}
    assert decode(encode(NOISE).png).info == {}


def test_every_mode_becomes_rgb_and_what_is_transparent_white():
    half = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    half.putpixel((1, 0), (0, 0, 0, 0))
    image = decode(normalize(encode_file(half), "here").png)
    assert [image.getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0), (255, 255, 255)]
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        assert decode(normalize(encode_file(NOISE.convert(mode)), "here").png).mode == "RGB", mode
    assert decode(normalize(encode_file(NOISE.convert("CMYK"), "JPEG"), "here").png).mode == "RGB"


@pytest.mark.filterwarnings("ignore")  # Pillow's, of damaged headers
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_short_is_refused_or_shows_the_same(kind):
    whole = encode_file(NOISE, kind)
    whole_digest = normalize(whole, "here").digest
    refused = 0
    for size in range(0, len(whole), 7):
        try:
            assert normalize(whole[:size], "problem '7'").digest == whole_digest, size
        except ImageError as error:
            assert str(error).startswith("problem '7': ")  # noqa: PT017 - not every cut is refused
            refused += 1
    assert refused > 0.9 * len(whole) / 7


@pytest.mark.filterwarnings("ignore")  # Pillow's, of damaged headers
@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_raise_nothing_else(kind):
    draw = random.Random(kind)
    whole = encode_file(NOISE, kind)
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 3])):
            data[draw.randrange(min(len(data), draw.choice([40, len(data)])))] = draw.randrange(256)
        with suppress(ImageError):
            assert decode(normalize(bytes(data), "here").png).mode == "RGB"


def claim_size(width, height):
    """A small PNG file that says it is a large image."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 9) + b"IDAT" + b"\0" * 13


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b"<svg/>", f"no image of a known format ({', '.join(FORMATS)})"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n", "no image of a known"),
        (encode_file(NOISE.resize((16, 16)), "ICO"), "no image of a known format"),
        (encode_file(Image.new("I;16", (2, 2))), "mode 'I;16'; legal are"),
        (claim_size(1 << 15, (1 << 10) + 1), f"32768 x 1025 pixels; at most {MOST_PIXELS} in all"),
    ],
)
def test_what_cannot_be_used_says_why_and_names_the_problem(data, fault):
    with pytest.raises(ImageError, match=r"^problem '7': ") as caught:
        normalize(data, "problem '7'")
    assert fault in str(caught.value)
    assert "0x" not in str(caught.value)


# --- what a viewer shows -----------------------------------------------------------------------


def half(mode, *colours):
    """Two pixels beside each other, of a colour each."""
    image = Image.new(mode, (2, 1), colours[0])
    image.putpixel((1, 0), colours[1])
    return image


@pytest.mark.parametrize(
    ("image", "transparent"),
    [
        (half("RGB", (255, 0, 0), (0, 255, 0)), (0, 255, 0)),
        (half("L", 0, 128), 128),
        (half("1", 0, 1), 1),
        (half("RGB", (255, 0, 0), (0, 255, 0)).quantize(2), bytes([255, 0])),
    ],
    ids=["RGB", "grey", "black and white", "palette"],
)
def test_a_colour_that_a_file_names_transparent_is_white(image, transparent):
    file = encode_file(image, transparency=transparent)
    assert b"tRNS" in file
    shown = decode(normalize(file, "here").png)
    whole = decode(normalize(encode_file(image), "here").png)
    see_through = [x for x in (0, 1) if shown.getpixel((x, 0)) != whole.getpixel((x, 0))]
    assert [shown.getpixel((x, 0)) for x in see_through] in ([(255, 255, 255)], [])
    assert (255, 255, 255) in [shown.getpixel((x, 0)) for x in (0, 1)]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
@pytest.mark.parametrize(
    ("note", "turn"),
    [(1, None), (2, "FLIP_LEFT_RIGHT"), (3, "ROTATE_180"), (6, "ROTATE_270"), (8, "ROTATE_90")],
)
def test_an_image_is_turned_as_its_file_notes(kind, note, turn):
    exif = Image.Exif()
    exif[0x0112] = note
    more = {"lossless": True} if kind == "WEBP" else {}
    shown = decode(normalize(encode_file(NOISE, kind, exif=exif, **more), "here").png)
    lying = decode(normalize(encode_file(NOISE, kind, **more), "here").png)
    upright = lying if turn is None else lying.transpose(Image.Transpose[turn])
    assert shown.size == upright.size
    assert encode(shown) == encode(upright)


def test_notes_that_cannot_be_read_turn_nothing():
    exif = b"Exif\0\0II*\0" + b"\xff" * 40
    assert normalize(encode_file(NOISE, exif=exif), "here") == encode(NOISE)


def test_an_image_much_longer_than_wide_is_refused_by_its_header():
    legal = Image.new("RGB", (LONGEST, 1))
    assert normalize(encode_file(legal), "here") == encode(legal)
    with pytest.raises(ImageError, match="crop or pad"):
        normalize(encode_file(Image.new("RGB", (LONGEST + 1, 1))), "here")


def test_images_within_texts_are_read():
    png = encode_file(NOISE)
    code = base64.b64encode(png).decode()
    assert embedded(f"data:image/png;base64,{code}") == png
    assert embedded(f"data:image/png;charset=utf-8;base64,{code[:40]}\n{code[40:]}") == png
    assert embedded(code) == png
    assert embedded("/9j/2.jpg") is None
    for text in ("data:image/png;base64,?", "data:text/plain,x", f"{code[:-3]}?"):
        with pytest.raises(ValueError, match=r"base64|data URL"):
            embedded(text)
