"""Which generated world a problem is of, by what its table says of its source."""

import re

_GENERATED = re.compile(r"(?:generated world |world:)([^,]+)")


def world_of(source: str) -> str | None:
    """The generated world that the column `source` names, as `problems@NAME` writes it.

    Example:
        >>> world_of("generated world digits, split train"), world_of("MATH500: test/1")
        ('digits', None)
    """
    match = _GENERATED.match(source)
    return match[1] if match else None
