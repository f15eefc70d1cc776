"""What an image shows: four items, each of another colour and value, and two marks.

    grid      tiles with digits                     (values 1 to 9)
    chart     bars                                  (their heights, 1 to 9)
    shapes    polygons                              (their numbers of sides, 3 to 8)
    triangle  three sides and a height, labelled    (values 1 to 9)

Items are read by colour, from blue to yellow, wherever they stand in the image: models as small
as these find a thing by what it looks like, and hardly by its place (docs/LOG.md, 2026-11-29).

Standard library only: verification reads scenes, and draws none.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

KINDS: tuple[str, ...] = ("grid", "chart", "shapes", "triangle")
# One letter each, so that an item is two tokens at most; in reading order, from A to Z.
COLOURS = {"b": "blue", "g": "green", "r": "red", "y": "yellow"}
VALUES = {
    "grid": range(1, 10), "chart": range(1, 10), "shapes": range(3, 9), "triangle": range(1, 10),
}  # fmt: skip
GROUNDS = ("white", "grey")
CORNERS = ("left", "right")
_ITEM = re.compile(r"([bgry])(\d)")


class Item(NamedTuple):
    """A colour's letter and a value of one digit."""

    colour: str
    value: int


Items = tuple[Item, ...]


@dataclass(frozen=True)
class Scene:
    """What an image shows.

    Attributes:
        kind: one of KINDS.
        items: one of each colour, in the order of COLOURS; no value occurs twice.
        ground: one of GROUNDS: how the image's ground looks.
        corner: one of CORNERS: the upper corner in which a black mark stands.
    """

    kind: str
    items: Items
    ground: str
    corner: str

    def dump(self) -> str:
        """As JSON; the inverse of `load`."""
        said = {"kind": self.kind, "items": text(self.items)}
        return json.dumps({**said, "ground": self.ground, "corner": self.corner})

    @staticmethod
    def load(dumped: str) -> "Scene":
        """Read what `dump` wrote. Raises ValueError where it is something else."""
        said = json.loads(dumped)
        if not isinstance(said, dict) or set(said) != {"kind", "items", "ground", "corner"}:
            raise ValueError(f"not a scene: {dumped[:80]!r}")
        return Scene(said["kind"], read(said["items"]), said["ground"], said["corner"])


def text(items: Sequence[Item]) -> str:
    """Items as a chain of thought writes them.

    Example:
        >>> text((Item("r", 3), Item("b", 7)))
        'r3 b7'
    """
    return " ".join(f"{item.colour}{item.value}" for item in items)


def read(written: str) -> Items:
    """The inverse of `text`; no item where it is not one.

    Example:
        >>> read("r3 b7")[1]
        Item(colour='b', value=7)
    """
    words = written.split(" ")
    found = [_ITEM.fullmatch(word) for word in words]
    return tuple(Item(one[1], int(one[2])) for one in found if one) if all(found) else ()


def number(items: Sequence[Item]) -> str:
    """The number that the values write.

    Example:
        >>> number(read("r3 b7 g2"))
        '372'
    """
    return "".join(str(item.value) for item in items)
