"""The generated worlds by name: those of this package, and of installed ones (`passk.worlds`)."""

from passk.core.registry import Registry
from passk.domains.world import World

WORLDS: Registry[World] = Registry(
    "world",
    "passk.worlds",
    {
        "digits": "passk.domains.math.world.digits:DIGITS",
        "programs": "passk.domains.code.world.world:PROGRAMS",
        "scenes": "passk.domains.visual.world.world:SCENES",
    },
)
