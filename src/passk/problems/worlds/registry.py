"""The generated worlds by name."""

from passk.problems.worlds.digits import DigitsWorld
from passk.problems.worlds.programs.world import ProgramsWorld
from passk.problems.worlds.protocol import World
from passk.problems.worlds.scenes.world import ScenesWorld

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
