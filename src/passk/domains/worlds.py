"""The generated worlds by name."""

from passk.domains.code.world.world import ProgramsWorld
from passk.domains.math.world.digits import DigitsWorld
from passk.domains.visual.world.world import ScenesWorld
from passk.domains.world import World

_WORLDS: dict[str, World] = {
    "digits": DigitsWorld(),
    "programs": ProgramsWorld(),
    "scenes": ScenesWorld(),
}


def world(name: str) -> World:
    """The world of a name.

    Raises:
        ValueError: there is no such world; the message lists those there are.
    """
    if name not in _WORLDS:
        raise ValueError(f"world {name!r}: unknown; legal: {', '.join(sorted(_WORLDS))}")
    return _WORLDS[name]
