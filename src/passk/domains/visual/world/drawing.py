"""Scenes as images of 112 x 112 pixels: items in drawn places, with a little disorder.

Drawn without antialiasing and with Pillow's built-in bitmap letters, so that equal scenes and seeds
give equal pixels wherever this version of Pillow runs.
"""

import math
import random
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from passk.domains.visual.world.scene import Item, Items, Scene

EDGE = 112
CELL = 28  # what a Qwen2.5-VL sees as one token: 2 x 2 patches of 14 pixels
_GROUND = {"white": (255, 255, 255), "grey": (198, 198, 198)}
_COLOUR = {"r": (214, 39, 40), "b": (31, 99, 200), "g": (30, 150, 60), "y": (240, 190, 0)}
_INK = (0, 0, 0)
_MARK = 7
_BAR = 10  # pixels of height per unit of a bar
# Cells (column, row) of the tiles, the shapes and the labels of a triangle.
_TILES = ((1, 1), (2, 1), (1, 2), (2, 2))
_SHAPES = ((0, 1), (1, 2), (2, 1), (3, 2))
_LABELS = ((0, 1), (3, 1), (1, 3), (2, 2))


def draw(scene: Scene, seed: int) -> Image.Image:
    """A scene as an RGB image; the seed says where each item stands, within a pixel or two."""
    generator = random.Random(seed)
    items = tuple(generator.sample(scene.items, len(scene.items)))
    image = Image.new("RGB", (EDGE, EDGE), _GROUND[scene.ground])
    pen = ImageDraw.Draw(image)
    left = 3 if scene.corner == "left" else EDGE - 4 - _MARK
    pen.rectangle((left, 3, left + _MARK, 3 + _MARK), fill=_INK)
    {"grid": _grid, "chart": _chart, "shapes": _shapes, "triangle": _triangle}[scene.kind](
        image, pen, items, generator
    )
    return image


@cache
def _digit(value: int) -> Image.Image:
    """A digit as a mask of 12 x 22 pixels."""
    small = Image.new("1", (6, 11))
    ImageDraw.Draw(small).text((0, 0), str(value), fill=1, font=ImageFont.load_default_imagefont())
    return small.resize((12, 22), Image.Resampling.NEAREST)


def _write(image: Image.Image, cell: tuple[int, int], value: int, generator: random.Random) -> None:
    """Write a digit into a cell."""
    left = cell[0] * CELL + 8 + generator.randint(-1, 1)
    top = cell[1] * CELL + 3 + generator.randint(-1, 1)
    image.paste(_INK, (left, top), _digit(value))


def _grid(
    image: Image.Image, pen: ImageDraw.ImageDraw, items: Items, generator: random.Random
) -> None:
    for item, cell in zip(items, _TILES, strict=True):
        left, top = cell[0] * CELL, cell[1] * CELL
        box = (left + 1, top + 1, left + CELL - 2, top + CELL - 2)
        pen.rectangle(box, fill=_COLOUR[item.colour], outline=_INK)
        _write(image, cell, item.value, generator)


def _chart(
    image: Image.Image, pen: ImageDraw.ImageDraw, items: Items, generator: random.Random
) -> None:
    del image
    base = EDGE - 6
    for column, item in enumerate(items):
        left = column * CELL + 5 + generator.randint(-1, 1)
        box = (left, base - _BAR * item.value, left + 16, base)
        pen.rectangle(box, fill=_COLOUR[item.colour], outline=_INK)
    pen.line((2, base, EDGE - 3, base), fill=_INK, width=2)


def _shapes(
    image: Image.Image, pen: ImageDraw.ImageDraw, items: Items, generator: random.Random
) -> None:
    del image
    for item, cell in zip(items, _SHAPES, strict=True):
        centre = [axis * CELL + CELL / 2 + generator.randint(-1, 1) for axis in cell]
        turn = -math.pi / 2
        corners = [
            (
                round(centre[0] + 12 * math.cos(turn + 2 * math.pi * i / item.value)),
                round(centre[1] + 12 * math.sin(turn + 2 * math.pi * i / item.value)),
            )
            for i in range(item.value)
        ]
        pen.polygon(corners, fill=_COLOUR[item.colour], outline=_INK)


def _triangle(
    image: Image.Image, pen: ImageDraw.ImageDraw, items: Items, generator: random.Random
) -> None:
    apex = (EDGE // 2 + generator.randint(-4, 4), 16 + generator.randint(-1, 1))
    low, high = (14, 82), (EDGE - 15, 82)
    foot = (apex[0], 82)
    lines: tuple[tuple[Item, tuple[int, int], tuple[int, int]], ...] = tuple(
        (item, *ends)
        for item, ends in zip(
            items, ((low, apex), (apex, high), (low, high), (apex, foot)), strict=True
        )
    )
    for (item, begin, end), cell in zip(lines, _LABELS, strict=True):
        pen.line((*begin, *end), fill=_COLOUR[item.colour], width=4)
        left, top = cell[0] * CELL + 2, cell[1] * CELL + 2
        # A label stands on its line's colour, so that both are seen in one place.
        pen.rectangle((left + 3, top, left + 20, top + 23), fill=_COLOUR[item.colour])
        _write(image, cell, item.value, generator)
