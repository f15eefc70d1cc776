"""The domains by name: those of this package, and those of installed ones (`passk.domains`)."""

from passk.core.registry import Registry
from passk.domains.domain import Domain

DOMAINS: Registry[Domain] = Registry(
    "domain",
    "passk.domains",
    {
        "math": "passk.domains.math.domain:MATH",
        "code": "passk.domains.code.domain:CODE",
        "visual": "passk.domains.visual.domain:VISUAL",
    },
)
