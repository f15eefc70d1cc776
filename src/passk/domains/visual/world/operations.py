"""Operations on the items of a scene, by the word that a chain of thought names them with.

`front`, `back` and `without` take a colour, which a chain names behind the word (`front r`).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from passk.domains.visual.world.scene import Item, Items


def _pairs(items: Items) -> Items:
    swapped = list(items)
    for i in range(0, len(swapped) - 1, 2):
        swapped[i], swapped[i + 1] = swapped[i + 1], swapped[i]
    return tuple(swapped)


def _change(step: Callable[[int], int]) -> Callable[[Items], Items]:
    return lambda items: tuple(Item(item.colour, step(item.value) % 10) for item in items)


PLAIN: Mapping[str, Callable[[Items], Items]] = MappingProxyType(
    {
        "reverse": lambda items: items[::-1],
        "rotate": lambda items: items[1:] + items[:1],  # the first becomes the last
        "ends": lambda items: (items[-1], *items[1:-1], items[0]) if len(items) > 1 else items,
        "up": _change(lambda value: value + 1),
        "pairs": _pairs,
        "wrap": lambda items: items[-1:] + items[:-1],  # the last becomes the first
        "nines": _change(lambda value: 9 - value),
    }
)


def _rest(items: Items, colour: str) -> Items:
    return tuple(item for item in items if item.colour != colour)


def _own(items: Items, colour: str) -> Items:
    return tuple(item for item in items if item.colour == colour)


COLOURED: Mapping[str, Callable[[Items, str], Items]] = MappingProxyType(
    {
        "front": lambda items, colour: _own(items, colour) + _rest(items, colour),
        "back": lambda items, colour: _rest(items, colour) + _own(items, colour),
        "without": lambda items, colour: _rest(items, colour) or items,
    }
)

OPERATIONS = (*PLAIN, *COLOURED)


def apply(operation: str, items: Items) -> Items | None:
    """The items behind an operation, named with its colour; None: there is no such operation.

    Example:
        >>> from passk.domains.visual.world.scene import read, text
        >>> text(apply("front g", read("r3 b7 g2")))
        'g2 r3 b7'
    """
    word, _, colour = operation.partition(" ")
    if word in COLOURED and colour in tuple("rbgy"):
        return COLOURED[word](items, colour)
    return PLAIN[word](items) if word in PLAIN and not colour else None
